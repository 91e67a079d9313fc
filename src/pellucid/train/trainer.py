"""Trainer: the loop.  Loader -> forward -> loss -> backward -> one optimiser step, and what is measured on the way."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any, TypeAlias

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError, PellucidError
from ..data import Loader
from ..nn import Loss, Module
from ..ops._check import whole
from ..ops._memory import outside
from ..optim import Optimizer, Schedule, clip_grad_norm, clip_grad_value
from .accumulate import gradient_of_all, groups, summed
from .batches import Data, Given, as_batches, count
from .callbacks import Callback
from .ema import WeightAverage
from .evaluator import Evaluator
from .history import History
from .metrics import Means, Metric

Measured: TypeAlias = tuple[dict[str, Array], Array]  # loss and metrics of each sample of a batch, what each weighs


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
    clip_value : float, optional
        Bring each number of the gradient that is larger in size down to it, before `clip_norm` looks.
    accumulate : int
        How many batches make one optimiser step, with the gradient of one large batch of all their samples.
        Schedules and `step` count optimiser steps; an epoch ends with a step on what is left.
        Layers that look at a batch as a whole (batch-norm) see the small ones.
    ema : float, optional
        Keep an exponential moving average of the weights with this decay, such as 0.999, see `WeightAverage`.
        Training, and so `loss`, is of the plain weights; validation, `evaluate` and `predict` are of the average,
        which the model itself holds too, but for the length of an epoch's steps (and so in `on_step_end`).
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
        clip_value: float | None = None,
        accumulate: int = 1,
        ema: float | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        super().__init__(model, loss, metrics=metrics)
        if optimizer.parameters is not model.parameters():
            raise ConfigError(
                "Trainer: the optimiser was made for another model; pass it model.parameters() of this one"
            )
        if schedule is not None and schedule.optimizer is not optimizer:
            raise ConfigError("Trainer: the schedule was made for another optimiser")
        for name, value in (("clip_norm", clip_norm), ("clip_value", clip_value)):
            if value is not None and not value > 0:
                raise ConfigError(f"Trainer: {name} is {value}, a number above 0 is needed")
        if ema is not None and not 0 < ema < 1:
            raise ConfigError(f"Trainer: ema is {ema}, a number above 0 and below 1 is needed")
        self.optimizer, self.schedule, self.clip_norm, self.clip_value = optimizer, schedule, clip_norm, clip_value
        self.accumulate, self.ema = whole("Trainer", "accumulate", accumulate), ema
        self.average = None if ema is None else WeightAverage(model, ema)
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
            done, whole_epoch = (-(-batches // self.accumulate) for batches in (self.batch, steps))
            self.schedule.lr(self.step - done + epochs * whole_epoch - 1)
        if isinstance(batches, Loader):
            self.normalize = batches.dataset.normalize
        held_out = None if validation is None else self._batches(validation)
        with ExitStack() as ending:
            self._end_backward()
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

    def trained_weights(self) -> AbstractContextManager[None]:
        """Let the model hold the weights that are trained, not their average, for the length of a ``with``."""
        return nullcontext() if self.average is None else self.average.training()

    def averaged_weights(self) -> AbstractContextManager[None]:
        """Let the model hold the average of the weights, if there is one, for the length of a ``with``."""
        return nullcontext() if self.average is None else self.average.averaged()

    def train_step(self, x: Array, targets: Array, sample_weights: Array | None = None) -> dict[str, Array]:
        """Take one optimiser step on one batch; return loss and metrics of each sample before it."""
        ((values, _),) = self._take_step([(x, targets, sample_weights)], weighted=False)
        return values

    def _step_on(self, group: Iterator[tuple[Array, ...]]) -> list[Measured]:
        if self.accumulate == 1:
            return [(self.train_step(*next(group)), self.loss.weights)]
        return self._take_step(group, weighted=self.loss.reduction == "mean")

    def _take_step(self, batches: Iterable[tuple[Any, ...]], weighted: bool) -> list[Measured]:
        """Take one optimiser step on batches whose gradients add up, `weighted` if they are to be as one batch."""
        # Overflow is no warning here: it shows in the next loss, which is checked.
        with self.trained_weights(), np.errstate(over="ignore", invalid="ignore"):
            if self.schedule is not None:
                self.schedule.apply(self.step)
            self.model.start_step(self.step, self.seed)
            self.optimizer.zero_grad()
            measured = [self._add_gradient(weighted, *batch) for batch in batches]
            if weighted:
                gradient_of_all(self.optimizer.parameters, [weights for _, weights in measured])
            if self.clip_value is not None:
                clip_grad_value(self.optimizer.parameters, self.clip_value)
            if self.clip_norm is not None:
                clip_grad_norm(self.optimizer.parameters, self.clip_norm)
            self.optimizer.step()
            if self.average is not None:
                self.average.update()
        self.step += 1
        return measured

    def _add_gradient(self, weighted: bool, x: Array, targets: Array, sample_weights: Array | None = None) -> Measured:
        with self._arena.step():
            logits = self.model.forward(x)
            loss = self.loss.forward(logits, targets, sample_weights)
            if not math.isfinite(loss):
                raise PellucidError(
                    f"training: the loss is {loss} in step {self.step + 1}; "
                    f"a learning rate below {self.optimizer.lr:g} may help"
                )
            grad = self.loss.backward()
            self.model.backward(summed(grad, self.loss.weights) if weighted else grad)
            return self._measure(outside(logits), targets), self.loss.weights

    def _end_backward(self) -> None:
        """Let backward end at the first layer that is trained."""
        self._frozen = self.model.parameters().frozen
        self.model.require_input_grad(False)

    def _train_epoch(self, batches: Loader | Given, held_out: Loader | Given | None) -> None:
        if not self.batch:
            self.means = Means()
        for callback in self.callbacks:
            callback.on_epoch_begin(self, self.epoch + 1)
        self.model.train()
        with self.trained_weights():
            for group in groups(batches.batches(self.epoch, self._dtype, self.batch), self.accumulate):
                if self._frozen != self.model.parameters().frozen:  # a callback froze or unfroze: it ends elsewhere
                    self._end_backward()
                for values, weights in self._step_on(group):
                    self.means.update(values, weights)
                    self.batch += 1
                for callback in self.callbacks:
                    callback.on_step_end(self, self.means.result())
                if self.stopped is not None:
                    return
        row = {"epoch": self.epoch + 1, "lr": self.optimizer.lr, **self.means.result()}
        if held_out is not None:
            row |= {f"val_{name}": value for name, value in self.evaluate(held_out).items()}
        self.history.append(row)
        if self.schedule is not None:
            self.schedule.measured(self.history.rows)
        self.epoch, self.batch = self.epoch + 1, 0
        for callback in self.callbacks:
            callback.on_epoch_end(self, row)

    def _forward(self, batches: Loader | Given) -> Iterator[tuple[Array, ...]]:
        with self.averaged_weights():
            yield from super()._forward(batches)
