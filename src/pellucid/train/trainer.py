"""Trainer: the loop.  Loader -> forward -> loss -> backward -> one optimiser step, and what is measured on the way."""

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError, PellucidError
from ..data import Loader
from ..nn import Loss, Module
from ..ops._memory import outside
from ..optim import Optimizer, Schedule, clip_grad_norm
from .batches import Data, Given, as_batches, count
from .callbacks import Callback
from .evaluator import Evaluator
from .history import History
from .metrics import Means, Metric


class Trainer(Evaluator):
    """Trains, evaluates and applies one model.

    Parameters
    ----------
    model : Module
        Built: ``model.build(input_shape, seed)``.
    optimizer : Optimizer
        Made for ``model.parameters()``.
    loss : Loss, optional
        CrossEntropyLoss by default.
    schedule : Schedule, optional
        Sets the learning rate of each step; without it the rate stays.
    metrics : mapping of name to function, optional
        (logits, targets) -> one value for each sample; by default accuracy with a CrossEntropyLoss, else none.
    seed : int
        Dropout masks are functions of (seed, step); the order of the samples, where `fit` makes the batches,
        of (seed, epoch).
    clip_norm : float, optional
        Scale a gradient whose norm over all parameters is larger down to it.
    callbacks : sequence of Callback

    Attributes
    ----------
    history : History
    epoch, step : int
        How many epochs and steps were done.
    batch : int
        How many batches of the epoch under way were done; 0 between epochs.
    stopped : str or None
        Why the last `fit` ended before its time, as `stop` was told.

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
        loss: Loss | None = None,
        *,
        schedule: Schedule | None = None,
        metrics: Mapping[str, Metric] | None = None,
        seed: int = 0,
        clip_norm: float | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        super().__init__(model, loss, metrics=metrics)
        if optimizer.parameters is not model.parameters():
            raise ConfigError(
                "Trainer: the optimiser was made for another model; pass it model.parameters() of this one"
            )
        if schedule is not None and schedule.optimizer is not optimizer:
            raise ConfigError("Trainer: the schedule was made for another optimiser")
        if clip_norm is not None and not clip_norm > 0:
            raise ConfigError(f"Trainer: clip_norm is {clip_norm}, a number above 0 is needed")
        self.optimizer, self.schedule, self.clip_norm = optimizer, schedule, clip_norm
        self.seed, self.callbacks = seed, tuple(callbacks)
        self.history, self.epoch, self.step, self.batch = History(), 0, 0, 0
        self.means = Means()  # over the batches of the epoch under way
        self.stopped: str | None = None

    def fit(self, data: Data, epochs: int, *, validation: Data | None = None, batch_size: int = 64) -> History:
        """Train for `epochs` more epochs; return the history of all.

        An epoch that was stopped on its way goes on with its next batch, and counts as the first of `epochs`.

        Parameters
        ----------
        data : Loader, Dataset, (inputs, labels), or an iterable of batches
            Of a Dataset or a pair, batches of `batch_size` are shuffled by the trainer's seed.
            An iterable is walked over once an epoch.
        epochs : int
        validation : as data, optional
            Measured after each epoch.
        batch_size : int

        Raises
        ------
        PellucidError
            If the loss is no longer a finite number; the model keeps the weights that it had before that step.
        """
        self.stopped = None  # first of all: a signal may come at any moment
        if epochs < 0:
            raise ConfigError(f"fit: epochs is {epochs}, a number from 0 is needed")
        batches = as_batches(data, batch_size, shuffle=True, seed=self.seed, normalize=self.normalize)
        steps = count(batches)
        if self.schedule is not None and epochs and steps:  # one that ends too early says so before anything moves
            self.schedule.lr(self.step - self.batch + epochs * steps - 1)
        if isinstance(batches, Loader):
            self.normalize = batches.dataset.normalize
        held_out = None if validation is None else self._batches(validation)
        with ExitStack() as ending:
            self.model.require_input_grad(False)
            ending.callback(self.model.release)
            ending.callback(self.model.require_input_grad, True)
            for callback in self.callbacks:
                callback.on_train_begin(self, epochs, steps)
                ending.callback(callback.on_train_end, self)
            for _ in range(epochs):
                if self.stopped is None:
                    self._train_epoch(batches, held_out)
        return self.history

    def stop(self, reason: str) -> None:
        """Let `fit` end after the step, or the epoch, that is under way; for callbacks and signal handlers."""
        self.stopped = reason

    def train_step(self, x: Array, targets: Array, sample_weights: Array | None = None) -> dict[str, Array]:
        """Take one optimiser step on one batch; return loss and metrics of each sample before it."""
        # Overflow is no warning here: it shows in the next loss, which is checked.
        with self._arena.step(), np.errstate(over="ignore", invalid="ignore"):
            if self.schedule is not None:
                self.schedule.apply(self.step)
            self.model.start_step(self.step, self.seed)
            self.optimizer.zero_grad()
            logits = self.model.forward(x)
            loss = self.loss.forward(logits, targets, sample_weights)
            if not math.isfinite(loss):
                raise PellucidError(
                    f"training: the loss is {loss} in step {self.step + 1}; "
                    f"a learning rate below {self.optimizer.lr:g} may help"
                )
            self.model.backward(self.loss.backward())
            if self.clip_norm is not None:
                clip_grad_norm(self.optimizer.parameters, self.clip_norm)
            self.optimizer.step()
            values = self._measure(outside(logits), targets)
        self.step += 1
        return values

    def _train_epoch(self, batches: Loader | Given, held_out: Loader | Given | None) -> None:
        if not self.batch:
            self.means = Means()
        for callback in self.callbacks:
            callback.on_epoch_begin(self, self.epoch + 1)
        self.model.train()
        for x, targets, *weights in batches.batches(self.epoch, self._dtype, self.batch):
            self.means.update(self.train_step(x, targets, *weights), self.loss.weights)
            self.batch += 1
            for callback in self.callbacks:
                callback.on_step_end(self, self.means.result())
            if self.stopped is not None:
                return
        row = {"epoch": self.epoch + 1, "lr": self.optimizer.lr, **self.means.result()}
        if held_out is not None:
            row |= {f"val_{name}": value for name, value in self.evaluate(held_out).items()}
        self.history.append(row)
        self.epoch, self.batch = self.epoch + 1, 0
        for callback in self.callbacks:
            callback.on_epoch_end(self, row)
