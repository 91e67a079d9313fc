"""The learning-rate range test: train for a few steps while the rate rises, and look at the loss.

L. N. Smith, Cyclical learning rates for training neural networks, WACV 2017 (section 3.3).
"""

import copy
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from .._core.arrays import Array, ordered_sum
from .._core.errors import ConfigError, FileError, NonFiniteError, PellucidError
from ..ops._check import whole
from ..optim import Optimizer, Schedule
from .accumulate import groups
from .batches import Data, as_batches
from .trainer import Trainer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class LRCurve:
    """What `lr_find` found.

    Attributes
    ----------
    lr, loss : array (M,)
        The rate of each step, and the loss of its batch before it.
    smoothed : array (M,)
        The loss without most of its noise: the mean over all steps, a step at distance d with the share
        ``smoothing**d``.  It looks to both sides, so that the curve does not lag behind the rate.
    logarithmic : bool
        Whether the rate rose by a factor in each step, not by a summand.
    diverged : bool
        Whether the test ended before its time, since the loss had grown too large.
    """

    lr: Array
    loss: Array
    smoothed: Array
    logarithmic: bool
    diverged: bool

    @property
    def suggestion(self) -> float | None:
        """The rate at which the smoothed loss falls fastest, before its minimum; None where it never falls.

        With a rate that rises by factors that is the steepest slope over log(lr).  The first tenth of the steps is
        left out: there the mean has few terms, and the rate is too small to matter.  A little below the value is
        safe for a rate that stays; one-cycle bears it as its peak.
        """
        end = int(self.smoothed.argmin()) + 1 if len(self.smoothed) else 0
        begin = len(self.lr) // 10
        if end - begin < 2:
            return None
        slopes = np.gradient(self.smoothed, np.log(self.lr) if self.logarithmic else self.lr)[begin:end]
        return float(self.lr[begin + int(slopes.argmin())]) if slopes.min() < 0 else None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        curves = {name: getattr(self, name).tolist() for name in ("lr", "loss", "smoothed")}
        return {"suggestion": self.suggestion, "diverged": self.diverged, **curves}

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the losses over the rate, and the suggestion; return the axes, new ones unless given.

        Raises
        ------
        ConfigError
            If matplotlib is missing; ``pip install "pellucid[plot]"`` brings it.
        """
        if ax is None:
            ax = new_figure().subplots()
        ax.plot(self.lr, self.loss, color="0.75", linewidth=1, label="loss of each step")
        ax.plot(self.lr, self.smoothed, color="C0", label="smoothed")
        if self.suggestion is not None:
            at = int(np.flatnonzero(self.lr == self.suggestion)[0])
            ax.plot(self.lr[at], self.smoothed[at], "o", color="C3", label=f"falls fastest: {self.suggestion:.2g}")
        low, high = self.smoothed.min(), self.smoothed[: int(self.smoothed.argmin()) + 1].max()
        room = 0.15 * (high - low) or 0.1
        ax.set_ylim(low - room, high + 3 * room)  # what grows beyond all bounds would flatten the rest
        ax.set_xscale("log" if self.logarithmic else "linear")
        ax.set_xlabel("learning rate")
        ax.set_ylabel("loss")
        ax.legend(frameon=False)
        return ax

    def save(self, path: str | os.PathLike[str]) -> None:
        """Draw it into a file, whose ending says the format: .png, .svg, .pdf.

        Raises
        ------
        ConfigError
            If matplotlib is missing.
        FileError
            If the file cannot be written.
        """
        figure = new_figure()
        self.plot(figure.subplots())
        try:
            figure.savefig(path)
        except (OSError, ValueError) as error:  # matplotlib raises a ValueError for an ending that it does not know
            reason = error.strerror if isinstance(error, OSError) else error
            raise FileError(f"{path}: cannot be written: {reason or error}") from error


def lr_find(
    trainer: Trainer,
    data: Data,
    *,
    start: float = 1e-6,
    end: float = 10.0,
    steps: int = 100,
    logarithmic: bool = True,
    smoothing: float = 0.8,
    diverged: float = 4.0,
    batch_size: int = 64,
) -> LRCurve:
    """Train a copy of the trainer's network while the learning rate rises from `start` to `end`; return the losses.

    The trainer stays as it is, with its model, buffers, optimiser and counters, for all happens to copies of them.
    The copies take the trainer's loss, clipping and `accumulate`; its schedule, callbacks and average have no part.

    Parameters
    ----------
    trainer : Trainer
    data : Loader, Dataset, (inputs, labels), or an iterable of batches
        Walked over as often as the steps need; an iterable must bear that.
    start, end : float
        The first and the last rate.
    steps : int
        Optimiser steps at most.
    logarithmic : bool
        Let the rate rise by the same factor in each step; else by the same summand.
    smoothing : float
        From 0 (none) to below 1, see `LRCurve`.
    diverged : float
        Stop when a running mean of the loss is so many times its least value; and when the loss is no finite number.
    batch_size : int
        Where the batches are made here.

    Raises
    ------
    ConfigError
        If an argument is out of range.
    PellucidError
        If the loss is no finite number from the start.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal((200, 2)).astype(np.float32)
    >>> model = Sequential(Linear(2, 2)).build((2,), seed=0)
    >>> trainer = Trainer(model, Adam(model.parameters()))
    >>> curve = lr_find(trainer, (x, (x[:, 0] > 0).astype(int)))
    >>> 1e-3 < curve.suggestion < 1, trainer.step
    (True, 0)
    """
    whole("lr_find", "steps", steps, least=2)
    if not 0 < start < end < math.inf:
        raise ConfigError(f"lr_find: start {start} and end {end}, two rates above 0 are needed, the larger one last")
    if not 0 <= smoothing < 1 or not diverged > 1:
        raise ConfigError(f"lr_find: smoothing is {smoothing}, from 0 to below 1 is needed; diverged is {diverged}, "
                          "more than 1 is needed")  # fmt: skip
    trial = _copy(trainer)
    trial.schedule = _Rising(trial.optimizer, start, end, steps, logarithmic)
    batches = as_batches(data, batch_size, shuffle=True, seed=trainer.seed, normalize=trainer.normalize)
    endless = (batch for epoch in count() for batch in batches.batches(epoch, trial._dtype))
    losses: list[float] = []
    mean, least, over = 0.0, math.inf, False
    for loss in _losses(trial, groups(endless, trial.accumulate)):
        losses.append(loss)
        mean = smoothing * mean + (1 - smoothing) * loss
        running = mean / (1 - smoothing ** len(losses))
        least = min(least, running)
        over = running > diverged * least
        if over or len(losses) == steps:
            break
    if not losses:
        raise PellucidError("lr_find: the loss is no finite number before the first step, whatever the rate")
    found = np.array(losses)
    rates = np.array([trial.schedule.lr(step) for step in range(len(losses))])
    return LRCurve(rates, found, _smooth(found, smoothing), logarithmic, over or len(losses) < steps)


class _Rising(Schedule):
    """From `start` at step 0 to `end` at step `steps` - 1, along a straight line or an exponential."""

    def __init__(self, optimizer: Optimizer, start: float, end: float, steps: int, logarithmic: bool) -> None:
        self.start, self.end, self.last, self.logarithmic = start, end, steps - 1, logarithmic
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        fraction = step / self.last
        if self.logarithmic:
            return self.start * math.exp(fraction * math.log(self.end / self.start))
        return self.start + (self.end - self.start) * fraction


def _copy(trainer: Trainer) -> Trainer:
    """Return a trainer of copies, before its first step."""
    with trainer.trained_weights():
        model, optimizer, loss = copy.deepcopy((trainer.model, trainer.optimizer, trainer.loss))
    trial = Trainer(
        model, optimizer, loss, metrics={}, seed=trainer.seed, clip_norm=trainer.clip_norm,
        clip_value=trainer.clip_value, accumulate=trainer.accumulate,
    )  # fmt: skip
    model.train()
    trial.black_box.explains = False  # here it is expected
    return trial


def _losses(trial: Trainer, steps: Iterator[Iterator[tuple[Array, ...]]]) -> Iterator[float]:
    """Take a step on each group of batches; yield the loss before it, until one is no finite number."""
    for group in steps:
        try:
            measured = trial.take_step(group)
        except NonFiniteError:
            return
        weight = sum(ordered_sum(weights) for _, weights in measured)
        yield sum(ordered_sum(values["loss"]) for values, _ in measured) / (weight or 1.0)


def _smooth(values: Array, smoothing: float) -> Array:
    """Return the means over all values, of which one at distance d has the share smoothing**d."""
    places = np.arange(len(values))
    shares = smoothing ** abs(places[:, None] - places)
    means: Array = (shares * values).sum(axis=1) / shares.sum(axis=1)
    return means


def new_figure() -> "Figure":
    """Return a figure that no window shows and nobody else draws into."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError('plot: matplotlib is missing; pip install "pellucid[plot]" brings it') from error
    return Figure(figsize=(6.4, 4), layout="constrained")
