"""Stepper: one optimiser step.  Batch -> forward -> loss -> backward -> clip -> the update rule."""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..data import Loader
from ..nn import Loss, Module
from ..ops._check import whole
from ..ops._memory import outside
from ..optim import Optimizer, Schedule, all_finite, clip_grad_norm, clip_grad_value
from .accumulate import gradient_of_all, summed
from .batches import Given
from .black_box import BlackBox, NotFinite
from .ema import WeightAverage
from .evaluator import Evaluator
from .metrics import Metric

Measured: TypeAlias = tuple[dict[str, Array], Array]  # loss and metrics of each sample of a batch, what each weighs


class Stepper(Evaluator):
    """Takes the steps of a `Trainer`, whose arguments these are."""

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loss: Loss | None,
        *,
        schedule: Schedule | None,
        metrics: Mapping[str, Metric] | None,
        seed: int,
        clip_norm: float | None,
        clip_value: float | None,
        accumulate: int,
        ema: float | None,
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
        self.black_box = BlackBox(model)
        self.seed, self.step = seed, 0
        self.step_loss = math.nan

    def trained_weights(self) -> AbstractContextManager[None]:
        """Let the model hold the weights that are trained, not their average, for the length of a ``with``."""
        return nullcontext() if self.average is None else self.average.training()

    def averaged_weights(self) -> AbstractContextManager[None]:
        """Let the model hold the average of the weights, if there is one, for the length of a ``with``."""
        return nullcontext() if self.average is None else self.average.averaged()

    def train_step(self, x: Array, targets: Array, sample_weights: Array | None = None) -> dict[str, Array]:
        """Take one optimiser step on one batch; return loss and metrics of each sample before it."""
        batch = (x, targets) if sample_weights is None else (x, targets, sample_weights)
        ((values, _),) = self._take_step([batch], weighted=False)
        return values

    def take_step(self, batches: Iterable[tuple[Array, ...]]) -> list[Measured]:
        """Take one optimiser step on `accumulate` batches, at the end of an epoch on fewer.

        Returns
        -------
        list of (values, weights)
            For each batch loss and metrics of its samples before the step, and how much each sample weighs.

        Raises
        ------
        NonFiniteError
            If the loss or a gradient is not finite: the step is not taken, buffers are what they were before it.
        """
        if self.accumulate == 1:
            (batch,) = batches
            return [(self.train_step(*batch), self.loss.weights)]
        return self._take_step(batches, weighted=self.loss.reduction == "mean")

    def _take_step(self, batches: Iterable[tuple[Array, ...]], weighted: bool) -> list[Measured]:
        """Take one optimiser step on batches whose gradients add up, `weighted` if they are to be as one batch."""
        # Overflow is no warning here: it shows in the loss or the gradient, which are looked at.
        with self.trained_weights(), np.errstate(over="ignore", invalid="ignore"):
            if self.schedule is not None:
                self.schedule.apply(self.step)
            self.model.start_step(self.step, self.seed)
            self.optimizer.zero_grad()
            try:
                measured = [self._add_gradient(weighted, *batch) for batch in self.black_box.begin(batches)]
                if weighted:
                    gradient_of_all(self.optimizer.parameters, [weights for _, weights in measured])
                if not all_finite(self.optimizer.parameters):
                    raise NotFinite("a gradient is not finite")
            except NotFinite as found:
                raise self.black_box.error(self, str(found), weighted) from None
            finally:
                self.black_box.forget()
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
                raise NotFinite(f"the loss is {loss}")
            self.step_loss = loss
            grad = self.loss.backward()
            self.model.backward(summed(grad, self.loss.weights) if weighted else grad)
            return self._measure(outside(logits), targets), self.loss.weights

    def _forward(self, batches: Loader | Given) -> Iterator[tuple[Array, ...]]:
        with self.averaged_weights():
            yield from super()._forward(batches)
