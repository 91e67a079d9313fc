"""Parameter, Buffer, and the one flat vector in which all parameters of a network lie.

flat.data   | conv1.weight | conv1.bias | conv2.weight | ... |      an optimiser's step is one pass over it
flat.grad   | conv1.weight | conv1.bias | conv2.weight | ... |
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ..ops._memory import permanent
from .hooks import changed
from .init import Initializer, initializer

NO_VALUES = "it has no values yet; call build(input_shape, seed) on the network, of which it must be an attribute"


class Parameter:
    """An array that is learned: `data`, and `grad` of the same shape, both views into the flat vector.

    Its shape is known from the start; its numbers exist once the network is built.

    Parameters
    ----------
    shape : tuple of int
    init : str or function
        Start values, see `pellucid.nn.init`.
    """

    def __init__(self, shape: Shape, init: str | Initializer = "zeros") -> None:
        self.shape, self.init = tuple(shape), initializer(init)
        self._home: tuple[FlatParameters, slice] | None = None
        self._zeroed, self._frozen = False, False

    @property
    def frozen(self) -> bool:
        """Whether no optimiser moves it, and nobody needs its gradient."""
        return self._frozen

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self._frozen = bool(frozen)
        if self._home is not None:
            self._home[0].look_who_is_frozen()
        changed()

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    @property
    def data(self) -> Array:
        """The values; assigning copies into the flat vector."""
        flat, part = self._placed()
        return flat.data[part].reshape(self.shape)

    @data.setter
    def data(self, values: Array) -> None:
        _assign("parameter", self.data, values)

    @property
    def grad(self) -> Array:
        """The gradient that backward passes have added up since the last `zero_grad`."""
        self.write_zeros()
        return self._grad()

    @grad.setter
    def grad(self, values: Array) -> None:
        _assign("gradient", self.grad, values)

    @property
    def zeroed(self) -> bool:
        """Whether the gradient counts as zero, whatever lies in its memory."""
        return self._zeroed

    def free_grad(self) -> Array | None:
        """Return the gradient's memory for someone who writes all of it, if nothing was added since `zero_grad`.

        Whoever has written it says so by `grad_written`.
        """
        return self._grad() if self._zeroed and not self._frozen else None

    def grad_written(self) -> None:
        """Count what lies in the gradient's memory as the gradient."""
        self._zeroed = False

    def zero_grad(self) -> None:
        """Let the gradient count as zero; the zeros are written when somebody looks."""
        self._zeroed = True

    def write_zeros(self) -> None:
        """Write the zeros of a gradient that counts as zero."""
        if self._zeroed:
            self._grad()[...] = 0
            self._zeroed = False

    def _grad(self) -> Array:
        flat, part = self._placed()
        return flat.all_grad[part].reshape(self.shape)

    def _placed(self) -> "tuple[FlatParameters, slice]":
        if self._home is None:
            raise ConfigError(f"parameter: {NO_VALUES}")
        return self._home

    def __repr__(self) -> str:
        return f"Parameter(shape={self.shape})"


class Buffer:
    """State that is kept and saved but not learned, such as running statistics.

    Parameters
    ----------
    shape : tuple of int
    init : str or function
        Start values, see `pellucid.nn.init`.
    dtype : dtype, optional
        What its numbers are, such as int64 for a count; that of the parameters if none is said.
    """

    def __init__(self, shape: Shape, init: str | Initializer = "zeros", dtype: npt.DTypeLike | None = None) -> None:
        self.shape, self.init = tuple(shape), initializer(init)
        self.dtype: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
        self._data: Array | None = None

    @property
    def data(self) -> Array:
        """The values; assigning copies into them."""
        if self._data is None:
            raise ConfigError(f"buffer: {NO_VALUES}")
        return self._data

    @data.setter
    def data(self, values: Array) -> None:
        _assign("buffer", self.data, values)

    def place(self, values: Array, dtype: np.dtype[Any]) -> None:
        """Give it its start values, as `dtype` unless it has one of its own."""
        self._data = values.astype(dtype if self.dtype is None else self.dtype)


@dataclass(frozen=True)
class Segment:
    """Where one parameter lies in the flat vector."""

    name: str
    part: slice
    shape: Shape


class FlatParameters:
    """All parameters of a network, end to end in one vector: `data`, `grad`, and who lies where.

    `all_grad` is the memory of the gradients, of those too that count as zero without having been written.
    """

    def __init__(self, named: dict[str, Parameter], dtype: np.dtype[Any]) -> None:
        """Lay out `named` in order; an object that has two names (tied weights) gets one place."""
        self._parameters = list({id(p): p for p in named.values()}.values())
        names = {id(p): name for name, p in reversed(named.items())}  # the first name stays
        segments, end = [], 0
        for parameter in self._parameters:
            part = slice(end, end + parameter.size)
            segments.append(Segment(names[id(parameter)], part, parameter.shape))
            parameter._home, end = (self, part), part.stop
        self.segments = tuple(segments)
        self._data, self.all_grad = permanent((end,), dtype), permanent((end,), dtype)
        self.look_who_is_frozen()
        self.zero_grad()

    def look_who_is_frozen(self) -> None:
        """Settle `frozen`, for each segment, and `trainable`, the runs of the vector between them."""
        self.frozen = tuple(parameter.frozen for parameter in self)
        runs: list[slice] = []
        for segment, frozen in zip(self.segments, self.frozen, strict=True):
            if not frozen and runs and runs[-1].stop == segment.part.start:
                runs[-1] = slice(runs[-1].start, segment.part.stop)
            elif not frozen:
                runs.append(segment.part)
        self.trainable = tuple(runs)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    @property
    def data(self) -> Array:
        """All values, end to end; assigning copies into them."""
        return self._data

    @data.setter
    def data(self, values: Array) -> None:
        if values is not self._data:
            _assign("parameters", self._data, values)

    @property
    def grad(self) -> Array:
        """All gradients, end to end."""
        for parameter in self:
            parameter.write_zeros()
        return self.all_grad

    @grad.setter
    def grad(self, values: Array) -> None:
        if values is not self.all_grad:
            _assign("gradient", self.grad, values)

    def zero_grad(self) -> None:
        """Set every gradient to zero.

        The zeros are written when somebody looks: a backward pass that writes a whole gradient needs none.  A view
        that was taken before shows them no sooner, and what is written through it until then is lost: take a new one.
        """
        for parameter in self:
            parameter.zero_grad()


def start_values(states: dict[str, Parameter | Buffer], key: Callable[[str], int]) -> dict[str, Array]:
    """Return the start values of all `states`, drawn by their keys; nothing is placed before all are right."""
    values = {name: np.asarray(state.init(state.shape, key(name))) for name, state in states.items()}
    for name, state in states.items():
        if values[name].shape != state.shape:
            raise ShapeError(f"init of {name}: it gave shape {values[name].shape}, expected {state.shape}")
    return values


def _assign(what: str, target: Array, values: Array) -> None:
    if np.shape(values) != target.shape:
        raise ShapeError(f"{what}: has shape {target.shape}, got values of shape {np.shape(values)}")
    target[...] = values
