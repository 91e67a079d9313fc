"""WeightAverage: the mean of a network's weights over the steps of its training, often better than the last ones."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from .._core.arrays import Array
from .._core.errors import ShapeError
from ..nn import Module
from ..optim import MovingAverage


class WeightAverage:
    """Two sets of weights for one network: those that are trained, and their exponential moving average.

    The network holds the trained ones inside `training`, for the length of the steps, and the average everywhere else;
    so what is validated, tested, saved and predicted with is the average.  Where the network was given other weights
    meanwhile (``load_state_dict``), both sets begin anew with them.

    Buffers, such as the running statistics of batch-norm, are averaged as the parameters are: statistics of the last
    few steps would not be those of the mean of many.  Buffers of whole numbers, which count, are taken as they are.

    Parameters
    ----------
    model : Module
        Built.
    decay : float
        As of `MovingAverage`: 0.999 looks back some 1000 steps.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="zeros").build((1,))
    >>> average = WeightAverage(model, decay=0.5)
    >>> with average.training():
    ...     for value in (3.0, 6.0):
    ...         model.weight.data = [[value]]
    ...         average.update()
    ...     print(float(model.weight.data[0, 0]))
    6.0
    >>> float(model.weight.data[0, 0])
    5.0
    """

    def __init__(self, model: Module, decay: float) -> None:
        buffers = {f"buffers.{name}": buffer.data for name, buffer in model.named_buffers()}
        self._arrays = {"weights": model.parameters().data, **buffers}  # what the network holds
        self._floats = [array for array in self._arrays.values() if array.dtype.kind == "f"]
        self.decay = decay
        self._begin()

    def _begin(self) -> None:
        self._average = MovingAverage(self._floats, self.decay)
        self._trained = [array.copy() for array in self._arrays.values()]
        self._is_training = False

    @property
    def steps(self) -> int:
        """Over how many steps the average goes."""
        return self._average.steps

    def update(self) -> None:
        """Take what the network holds now, inside `training`, into the average."""
        self._average.update(self._floats)

    @contextmanager
    def training(self) -> Iterator[None]:
        """Let the network hold the weights that are trained, for the length of a ``with``."""
        if self._is_training:
            yield
            return
        self._show_trained()
        try:
            yield
        finally:
            self._show_average()

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the network hold the average, for the length of a ``with`` inside `training`; outside it does anyway."""
        if not self._is_training:
            yield
            return
        self._show_average()
        try:
            yield
        finally:
            self._show_trained()

    # --- for checkpoints, which are written while the network holds the average ----------------------------

    def state_dict(self) -> dict[str, Array]:
        """Return the weights that are trained; the average is the network's own state."""
        return {name: array.copy() for name, array in zip(self._arrays, self._trained, strict=True)}

    def check_state_dict(self, state: Mapping[str, Array]) -> None:
        """Refuse what `load_state_dict` cannot take."""
        own, given = ({name: a.shape for name, a in part.items()} for part in (self._arrays, state))
        if own != given:
            raise ShapeError(f"weights in training: are {given}, expected {own}")

    def load_state_dict(self, state: Mapping[str, Array], steps: int) -> None:
        """Take over the weights in training; the average, over `steps` steps, is what the network holds."""
        self.check_state_dict(state)
        self._begin()
        self._average.steps = steps
        for name, own in zip(self._arrays, self._trained, strict=True):
            own[...] = state[name]

    # --- the swap -------------------------------------------------------------------------------------------

    def _show_average(self) -> None:
        self._is_training = False
        for array, trained in zip(self._arrays.values(), self._trained, strict=True):
            trained[...] = array
        for array, mean in zip(self._floats, self._average.means, strict=True):
            array[...] = mean

    def _show_trained(self) -> None:
        means = zip(self._floats, self._average.means, strict=True)
        if not all(np.array_equal(array, mean, equal_nan=True) for array, mean in means):
            self._begin()  # somebody gave the network other weights
        self._is_training = True
        for array, trained in zip(self._arrays.values(), self._trained, strict=True):
            array[...] = trained
