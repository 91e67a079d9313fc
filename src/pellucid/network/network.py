"""Network: layers added one by one, then compile, train, predict; a thin face over Sequential and Trainer.

    net.add(layer)             the layers of a Sequential
    net.compile(...)           the arguments of a Trainer: loss and optimiser
    net.train(x, y, ...)       Trainer.fit, with images in either order of axes and checkpoints by a prefix
    net.predict(x)             Trainer.predict

What lies below is `net.model`, the Sequential, and `net.trainer`.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ..data import Dataset, Loader
from ..data.samples import class_labels
from ..nn import CrossEntropyLoss, Module
from ..optim import Optimizer, Schedule
from ..train import Callback, Evaluator, History, Trainer, fingerprint, restore
from .choices import OptimizerChoice, check_optimizer, make_loss, make_optimizer
from .epoch_checkpoints import EpochCheckpoints
from .layers import Layers

Samples: TypeAlias = tuple[npt.ArrayLike, npt.ArrayLike]


class Network(Layers):
    """Layers one after the other, with the verbs add, compile, train and predict.

    Parameters
    ----------
    layers : iterable of Module
        The first layers; `add` brings more.
    input_shape : tuple of int, optional
        Of one sample, images as (height, width, channels).  Without it the first data settle it.
    seed : int
        Settles start values, order of the samples and dropout.

    Images come as (N, H, W, C) or as (N, C, H, W), uint8 (0 to 255, divided by 255) or floats as they are; labels as
    whole numbers (N,), or one-hot or other probabilities (N, K).  One cannot be told from the other where both orders
    of axes fit and no `input_shape` was given: that is an error.

    A `Softmax` as last layer may stand or be left out: the cross-entropy contains it (its gradient is then predictions
    - targets, and no probability is rounded to 0), so the layer is not run, and `predict` gives probabilities in both
    cases.

    Attributes
    ----------
    model : Sequential
        The layers that run, made at the first use.
    trainer : Trainer
        Made by the first `train`.
    history : History
        One row for each epoch: loss, accuracy, and those of the validation images.

    Examples
    --------
    >>> from pellucid import Network
    >>> net = Network(input_shape=(4, 4, 1))
    >>> net.add(Conv2d(1, 4, 3, padding="same"))
    >>> net.add(ReLU())
    >>> net.add(Flatten())
    >>> net.add(Linear(64, 2))
    >>> net.add(Softmax())
    >>> net.compile(loss="categorical_crossentropy", optimizer="adam")
    >>> x = np.random.default_rng(0).random((32, 4, 4, 1), np.float32)
    >>> history = net.train(x, (x[:, :2].mean((1, 2, 3)) > x[:, 2:].mean((1, 2, 3))).astype(int), 30, 0.01)
    >>> history["accuracy"][-1] > 0.9, net.predict(x).shape
    (True, (32, 2))
    """

    def __init__(self, layers: Iterable[Module] = (), input_shape: Shape | None = None, *, seed: int = 0) -> None:
        super().__init__(layers, input_shape, seed)
        self._trainer: Trainer | None = None
        self._loss: CrossEntropyLoss | None = None
        self._optimizer: OptimizerChoice = "sgd"

    def compile(
        self,
        loss: str | CrossEntropyLoss = "categorical_crossentropy",
        optimizer: OptimizerChoice = "sgd",
    ) -> None:
        """Choose loss and optimiser, before `train`; what was learned before stays.

        Parameters
        ----------
        loss : str or CrossEntropyLoss
            "categorical_crossentropy", "sparse_categorical_crossentropy" or "cross_entropy": one loss, and each takes
            labels of either kind.
        optimizer : str, class, function or Optimizer
            "sgd" (momentum 0.9, as in recipes), "adam", "adamw"; a class of `pellucid.optim`; a function that makes one
            of ``model.parameters()``; or one that was made so, of ``net.model.parameters()``.
        """
        self._loss, self._optimizer = make_loss(loss), check_optimizer(optimizer)
        self._trainer = None

    @property
    def trainer(self) -> Trainer:
        """The trainer that `train` made, or would make."""
        if self._trainer is None:
            if self._loss is None:
                raise ConfigError("train: call compile(loss=..., optimizer=...) first")
            optimizer = make_optimizer(self._optimizer, self.model.parameters())
            self._trainer = Trainer(self.model, optimizer, self._loss, seed=self.seed, lint=False)
        return self._trainer

    @property
    def history(self) -> History:
        """What was measured after each epoch."""
        return History() if self._trainer is None else self._trainer.history

    def train(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        epochs: int = 1,
        learning_rate: float | None = None,
        checkpoint_prefix: str | os.PathLike[str] | None = None,
        resume_from_checkpoint: bool = False,
        *,
        batch_size: int = 32,
        validation_data: Samples | None = None,
        schedule: Callable[[Optimizer, int], Schedule] | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> History:
        """Train for `epochs` epochs more; return the history of all.

        Parameters
        ----------
        x, y : array
            Samples and labels, see the class.
        epochs : int
            With `resume_from_checkpoint` how many the network has behind it at the end, those of the checkpoint too.
        learning_rate : float, optional
            Else the optimiser keeps its own.
        checkpoint_prefix : path, optional
            After epoch N all that the run needs is written to ``PREFIX-epoch-N.safetensors``.
        resume_from_checkpoint : bool
            Go on from the last of these files, if there is one; the result is that of a run without a break, bit for
            bit, with the same data, batch size and learning rate.
        batch_size : int
        validation_data : (x, y), optional
            Measured after each epoch.
        schedule : function, optional
            (optimizer, steps) -> a schedule of `pellucid.optim` for all steps from the network's first to the last
            epoch of this call, such as ``lambda optimizer, steps: OneCycleLR(optimizer, 0.004, steps)``.
        callbacks : sequence of Callback
            Such as `pellucid.train.ProgressBar`.

        Raises
        ------
        FileError
            If a checkpoint would be overwritten, is damaged, or of another network or other data.
        """
        if resume_from_checkpoint and checkpoint_prefix is None:
            raise ConfigError("train: resume_from_checkpoint needs a checkpoint_prefix")
        if learning_rate is not None and not learning_rate > 0:
            raise ConfigError(f"train: learning_rate is {learning_rate}, a number above 0 is needed")
        if epochs < 0:
            raise ConfigError(f"train: epochs is {epochs}, a number from 0 is needed")
        data = self._dataset("train", x, y)
        held_out = None if validation_data is None else self._dataset("validation_data", *validation_data)
        loader, trainer = Loader(data, batch_size, seed=self.seed), self.trainer
        last = epochs if resume_from_checkpoint else trainer.epoch + epochs
        if learning_rate is not None:
            trainer.optimizer.lr = float(learning_rate)
        trainer.schedule = None if schedule is None else schedule(trainer.optimizer, last * len(loader))
        trainer.callbacks = tuple(callbacks)
        if checkpoint_prefix is not None:
            about = {"layers": repr(self.model), "data": fingerprint(data), "batch_size": batch_size}
            checkpoints = EpochCheckpoints(checkpoint_prefix, about)
            if resume_from_checkpoint and (found := checkpoints.newest(self.model)) is not None:
                restore(trainer, found[1], str(found[0]))
                if learning_rate is not None and schedule is None:
                    trainer.optimizer.lr = float(learning_rate)
            trainer.callbacks = (*callbacks, checkpoints)
        return trainer.fit(loader, max(last - trainer.epoch, 0), validation=held_out)

    def evaluate(self, x: npt.ArrayLike, y: npt.ArrayLike) -> dict[str, float]:
        """Return mean loss and accuracy."""
        data = self._dataset("evaluate", x, y)
        return Evaluator(self.model, self._loss).evaluate(data)

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return the probability of each class (N, K)."""
        samples = self._inputs("predict", x)
        return Evaluator(self.model).predict(samples)

    def predict_logits(self, x: npt.ArrayLike) -> Array:
        """Return the raw scores (N, K), those before the softmax."""
        samples = self._inputs("predict_logits", x)
        return Evaluator(self.model).predict_logits(samples)

    def _dataset(self, what: str, x: npt.ArrayLike, y: npt.ArrayLike) -> Dataset:
        samples = self._inputs(what, x)
        return Dataset(samples, class_labels(what, y, len(samples)))
