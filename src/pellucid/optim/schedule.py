"""Schedules: the learning rate as a function of the step, and of nothing else, so that a run can go on anywhere.

One of them, `ReduceLROnPlateau`, is a function of what was measured so far: of the history, which every checkpoint has.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from .._core.errors import ConfigError
from .optimizer import Optimizer


class Schedule:
    """Base of the schedules: a subclass says what `lr` is at each step.

    In a loop of your own call `step` after each of the optimiser's steps, as in PyTorch; a Trainer calls `apply`
    before each.

    Attributes
    ----------
    base_lr : float
        The optimiser's rate before any schedule touched it: schedules made one after the other for the same optimiser,
        to be put into a `SequentialLR`, all start from it.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer, self.steps = optimizer, 0
        if optimizer.lr != optimizer.scheduled_lr:  # set by hand since
            optimizer.base_lr = optimizer.lr
        self.base_lr = optimizer.base_lr
        self.apply(0)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        raise NotImplementedError(f"{type(self).__name__} defines no lr")

    def apply(self, step: int) -> None:
        """Set the optimiser up for `step`."""
        self.optimizer.lr = self.optimizer.scheduled_lr = self.lr(step)

    def measured(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Take note of the history so far, a row for each epoch; a Trainer calls this at the end of each."""

    def step(self) -> None:
        """Go on to the next step."""
        self.steps += 1
        self.apply(self.steps)


class Constant(Schedule):
    """The learning rate that the optimiser was made with, at every step."""

    def lr(self, step: int) -> float:
        """Return the same rate for every step."""
        return self.base_lr


class LambdaLR(Schedule):
    """The rate is a function of your own times the first: lr = base_lr * lr_lambda(step).

    As in PyTorch, but for a list of functions: groups have a `lr_factor`.  A checkpoint keeps the function's name; the
    program that goes on must bring the same function.

    Examples
    --------
    >>> schedule = LambdaLR(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), lambda step: 1 / (1 + step))
    >>> [schedule.lr(step) for step in (0, 1, 3)]
    [1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        return self.base_lr * self.lr_lambda(step)


def cosine(a: float, b: float, fraction: float) -> float:
    """Return the point at `fraction` of the way from a to b along half a cosine."""
    return b + (a - b) * (1 + math.cos(math.pi * fraction)) / 2


def power(rule: str, base_lr: float, gamma: float, exponent: int, step: int) -> float:
    """Return base_lr * gamma ** exponent, or the error of `rule` where that is beyond all numbers."""
    try:
        return base_lr * gamma**exponent
    except OverflowError:
        raise ConfigError(f"{rule}: with gamma {gamma:g} the rate of step {step + 1} is beyond all numbers") from None


def above_zero(rule: str, **values: float) -> None:
    """Refuse a number that is not above 0."""
    for name, value in values.items():
        if not value > 0:
            raise ConfigError(f"{rule}: {name} is {value}, a number above 0 is needed")


def rising(rule: str, milestones: Sequence[int]) -> tuple[int, ...]:
    """Return milestones if they are whole numbers from 1 that rise."""
    found = tuple(milestones)
    if not all(isinstance(m, int) for m in found) or any(a >= b for a, b in zip((0, *found), found, strict=False)):
        raise ConfigError(f"{rule}: milestones are {found}, numbers from 1 that rise are needed")
    return found


def set_momentum(optimizer: Optimizer, momentum: float) -> None:
    """Set the optimiser's `momentum`, or the first of its `betas`; one that has neither stays as it is."""
    if hasattr(optimizer, "betas"):
        optimizer.betas = (momentum, optimizer.betas[1])
    elif hasattr(optimizer, "momentum"):
        optimizer.momentum = momentum
