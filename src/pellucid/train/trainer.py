"""Trainer: the loop.  Loader -> forward -> loss -> backward -> one optimiser step, and what is measured on the way."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, TypeAlias

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError, PellucidError
from ..data import Dataset, Loader, Normalize
from ..nn import CrossEntropyLoss, Module
from ..ops import softmax_forward
from ..ops._memory import Arena, outside
from ..optim import Optimizer, Schedule
from .callbacks import Callback
from .history import History
from .metrics import Means, Metric, accuracy, measure

Data: TypeAlias = Loader | Dataset | tuple[Array, Array]


class Trainer:
    """Trains, evaluates and applies one model.

    Parameters
    ----------
    model : Module
        Built: ``model.build(input_shape, seed)``.
    optimizer : Optimizer
        Made for ``model.parameters()``.
    loss : CrossEntropyLoss, optional
    schedule : Schedule, optional
        Sets the learning rate of each step; without it the rate stays.
    metrics : mapping of name to function, optional
        (logits, targets) -> one value for each sample; accuracy by default.
    seed : int
        Dropout masks are functions of (seed, step); the order of the samples, where `fit` makes the batches,
        of (seed, epoch).
    callbacks : sequence of Callback

    Attributes
    ----------
    history : History
    epoch, step : int
        How many epochs and steps were done.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal((64, 2)).astype(np.float32)
    >>> model = Sequential(Linear(2, 2)).build((2,), seed=0)
    >>> trainer = Trainer(model, Adam(model.parameters(), lr=0.1))
    >>> history = trainer.fit((x, (x[:, 0] > 0).astype(int)), epochs=20)
    >>> history["accuracy"][-1] > 0.9
    True
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loss: CrossEntropyLoss | None = None,
        *,
        schedule: Schedule | None = None,
        metrics: Mapping[str, Metric] | None = None,
        seed: int = 0,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        if optimizer.parameters is not model.parameters():
            raise ConfigError(
                "Trainer: the optimiser was made for another model; pass it model.parameters() of this one"
            )
        self.model, self.optimizer, self.loss = model, optimizer, loss or CrossEntropyLoss()
        if schedule is not None and schedule.optimizer is not optimizer:
            raise ConfigError("Trainer: the schedule was made for another optimiser")
        self.schedule = schedule
        self.metrics = {"accuracy": accuracy} if metrics is None else dict(metrics)
        if taken := self.metrics.keys() & {"loss", "epoch", "lr"}:
            raise ConfigError(
                f"Trainer: {', '.join(sorted(taken))} cannot name a metric, the history has such a column"
            )
        self.seed, self.callbacks = seed, tuple(callbacks)
        self.history, self.epoch, self.step = History(), 0, 0
        self._dtype = model.parameters().data.dtype
        self._arena, self._normalize = Arena(), Normalize()

    # --- training --------------------------------------------------------------------------------------

    def fit(
        self,
        data: Data,
        epochs: int,
        *,
        validation: Data | None = None,
        batch_size: int = 64,
    ) -> History:
        """Train for `epochs` more epochs; return the history of all.

        Parameters
        ----------
        data : Loader, Dataset or (inputs, labels)
            Without a Loader, batches of `batch_size` are shuffled by the trainer's seed.
        epochs : int
        validation : Loader, Dataset or (inputs, labels), optional
            Measured after each epoch.
        batch_size : int

        Raises
        ------
        PellucidError
            If the loss is no longer a finite number; the model keeps the weights that it had before that step.
        """
        if isinstance(data, np.ndarray):
            raise ConfigError("fit: data is an array; inputs and labels go together: fit((inputs, labels), epochs)")
        if epochs < 0:
            raise ConfigError(f"fit: epochs is {epochs}, a number from 0 is needed")
        loader = self._loader(data, batch_size, shuffle=True)
        if self.schedule is not None and epochs:  # a schedule that ends too early says so before anything moves
            self.schedule.lr(self.step + epochs * len(loader) - 1)
        self._normalize = loader.dataset.normalize
        held_out = None if validation is None else self._loader(validation)
        with ExitStack() as ending:
            self.model.require_input_grad(False)
            ending.callback(self.model.require_input_grad, True)
            for callback in self.callbacks:
                callback.on_train_begin(self, epochs, len(loader))
                ending.callback(callback.on_train_end, self)
            for _ in range(epochs):
                self._train_epoch(loader, held_out)
        return self.history

    def train_step(self, x: Array, targets: Array) -> dict[str, Array]:
        """Take one optimiser step on one batch; return loss and metrics of each sample before it."""
        # Overflow is no warning here: it shows in the next loss, which is checked.
        with self._arena.step(), np.errstate(over="ignore", invalid="ignore"):
            if self.schedule is not None:
                self.schedule.apply(self.step)
            self.model.start_step(self.step, self.seed)
            self.optimizer.zero_grad()
            logits = self.model.forward(x)
            loss = self.loss.forward(logits, targets)
            if not math.isfinite(loss):
                raise PellucidError(
                    f"training: the loss is {loss} in step {self.step + 1}; "
                    f"a learning rate below {self.optimizer.lr:g} may help"
                )
            self.model.backward(self.loss.backward())
            self.optimizer.step()
            values = self._measure(outside(logits), targets)
        self.step += 1
        return values

    def _train_epoch(self, loader: Loader, held_out: Loader | None) -> None:
        for callback in self.callbacks:
            callback.on_epoch_begin(self, self.epoch + 1)
        self.model.train()
        means = Means()
        for x, targets in loader.batches(self.epoch, self._dtype):
            means.update(self.train_step(x, targets))
            for callback in self.callbacks:
                callback.on_step_end(self, means.result())
        self.epoch += 1
        row = {"epoch": self.epoch, "lr": self.optimizer.lr, **means.result()}
        if held_out is not None:
            row |= {f"val_{name}": value for name, value in self.evaluate(held_out).items()}
        self.history.append(row)
        for callback in self.callbacks:
            callback.on_epoch_end(self, row)

    # --- evaluation and prediction ---------------------------------------------------------------------

    def evaluate(self, data: Data) -> dict[str, float]:
        """Return the mean loss and metrics over `data`: Loader, Dataset or (inputs, labels)."""
        means = Means()
        for logits, targets in self._forward(self._loader(data)):
            self.loss.forward(logits, targets)
            means.update(self._measure(logits, targets))
        return means.result()

    def predict_logits(self, inputs: Dataset | Array) -> Array:
        """Return the raw scores (N, K) of a Dataset or an array; uint8 images are normalised as those of `fit` were."""
        if not isinstance(inputs, Dataset):
            inputs = self._dataset(inputs, np.zeros(len(inputs), np.int64))
        return np.concatenate([logits for logits, _ in self._forward(self._loader(inputs))])

    def predict(self, inputs: Dataset | Array) -> Array:
        """Return the probability of each class (N, K): the softmax of `predict_logits`."""
        probabilities, _ = softmax_forward(self.predict_logits(inputs))
        return probabilities

    def _forward(self, loader: Loader) -> Iterator[tuple[Array, Array]]:
        """Yield (logits, targets) of each batch in evaluation mode."""
        with self.model.inference():
            for x, targets in loader.batches(dtype=self._dtype):
                with self._arena.step():
                    logits = outside(self.model.forward(x))
                yield logits, targets

    def _measure(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"loss": self.loss.losses, **measure(self.metrics, logits, targets)}

    def _loader(self, data: Data, batch_size: int = 256, shuffle: bool = False) -> Loader:
        if isinstance(data, Loader):
            return data
        if not isinstance(data, Dataset):
            data = self._dataset(*data)
        return Loader(data, batch_size, shuffle, self.seed)

    def _dataset(self, inputs: Any, labels: Any) -> Dataset:
        return Dataset(inputs, labels, normalize=self._normalize)
