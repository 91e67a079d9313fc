"""Schedules: the learning rate as a function of the step, and of nothing else, so that a run can go on anywhere."""

import math
from bisect import bisect_right
from collections.abc import Sequence

from .._core.errors import ConfigError
from ..ops._check import whole
from .optimizer import Optimizer, from_zero


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

    def step(self) -> None:
        """Go on to the next step."""
        self.steps += 1
        self.apply(self.steps)


class Constant(Schedule):
    """The learning rate that the optimiser was made with, at every step."""

    def lr(self, step: int) -> float:
        """Return the same rate for every step."""
        return self.base_lr


class StepLR(Schedule):
    """The rate falls by the factor `gamma` every `step_size` steps: lr = base_lr * gamma ** (step // step_size).

    Examples
    --------
    >>> schedule = StepLR(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), step_size=10, gamma=0.5)
    >>> [schedule.lr(step) for step in (0, 9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = whole("StepLR", "step_size", step_size), gamma
        if not gamma > 0:
            raise ConfigError(f"StepLR: gamma is {gamma}, a number above 0 is needed")
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        try:
            return self.base_lr * self.gamma ** (step // self.step_size)
        except OverflowError:
            raise ConfigError(
                f"StepLR: with gamma {self.gamma:g} the rate of step {step + 1} is beyond all numbers"
            ) from None


class CosineAnnealingLR(Schedule):
    """The rate falls along half a cosine: lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * step / T_max)) / 2.

    I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017 (without restarts).
    After `T_max` steps it rises again, as in PyTorch.

    Examples
    --------
    >>> schedule = CosineAnnealingLR(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), T_max=100)
    >>> [round(schedule.lr(step), 3) for step in (0, 50, 100)]
    [1.0, 0.5, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max, self.eta_min = whole("CosineAnnealingLR", "T_max", T_max), eta_min
        from_zero("CosineAnnealingLR", eta_min=eta_min)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        return cosine(self.base_lr, self.eta_min, step / self.T_max)


class LinearLR(Schedule):
    """Warm-up: the rate goes in a straight line from start_factor to end_factor times base_lr, and stays there.

    P. Goyal et al., Accurate, large minibatch SGD, 2017.  Before another schedule it stands by `SequentialLR`.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor, end_factor : float
        Above 0, and from 0, to 1.
    total_iters : int
        How many steps it takes.

    Examples
    --------
    >>> schedule = LinearLR(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), start_factor=0.5, total_iters=2)
    >>> [schedule.lr(step) for step in (0, 1, 2, 3)]
    [0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ConfigError(f"LinearLR: start_factor is {start_factor}, a number above 0 up to 1 is needed")
        if not 0 <= end_factor <= 1:
            raise ConfigError(f"LinearLR: end_factor is {end_factor}, a number from 0 to 1 is needed")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = whole("LinearLR", "total_iters", total_iters)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        fraction = min(step, self.total_iters) / self.total_iters
        return self.base_lr * (self.start_factor + (self.end_factor - self.start_factor) * fraction)


class SequentialLR(Schedule):
    """One schedule after another, each from its own step 0 on.

    Parameters
    ----------
    optimizer : Optimizer
    schedules : sequence of Schedule
        Made for this optimiser.
    milestones : sequence of int
        The step from which on the second schedule counts, the third, ...: rising, one fewer than there are schedules.

    Examples
    --------
    >>> optimizer = SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0)
    >>> warm_up = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> schedule = SequentialLR(optimizer, [warm_up, CosineAnnealingLR(optimizer, T_max=4)], milestones=[2])
    >>> [round(schedule.lr(step), 3) for step in range(7)]
    [0.5, 0.75, 1.0, 0.854, 0.5, 0.146, 0.0]
    """

    def __init__(self, optimizer: Optimizer, schedules: Sequence[Schedule], milestones: Sequence[int]) -> None:
        self.schedules, self.milestones = tuple(schedules), tuple(milestones)
        if any(schedule.optimizer is not optimizer for schedule in self.schedules):
            raise ConfigError("SequentialLR: a schedule was made for another optimiser")
        if len(self.milestones) != len(self.schedules) - 1:
            raise ConfigError(
                f"SequentialLR: {len(self.schedules)} schedules and {len(self.milestones)} milestones; "
                "each schedule but the first begins at one"
            )
        if any(a >= b for a, b in zip((0, *self.milestones), self.milestones, strict=False)):
            raise ConfigError(f"SequentialLR: milestones are {self.milestones}, numbers from 1 that rise are needed")
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        schedule, start = self._part(step)
        return schedule.lr(step - start)

    def apply(self, step: int) -> None:
        """Set the optimiser up for `step`."""
        schedule, start = self._part(step)
        schedule.apply(step - start)

    def _part(self, step: int) -> tuple[Schedule, int]:
        """Return the schedule that holds at `step`, and where it began."""
        i = bisect_right(self.milestones, step)
        return self.schedules[i], (0, *self.milestones)[i]


def cosine(a: float, b: float, fraction: float) -> float:
    """Return the point at `fraction` of the way from a to b along half a cosine."""
    return b + (a - b) * (1 + math.cos(math.pi * fraction)) / 2
