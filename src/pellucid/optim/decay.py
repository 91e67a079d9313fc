"""Decays: learning rates that fall step by step, at milestones, along a power, a line or a cosine."""

from bisect import bisect_right
from collections.abc import Sequence

from ..ops._check import whole
from .optimizer import Optimizer, from_zero
from .schedule import Schedule, above_zero, cosine, power, rising


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
        above_zero("StepLR", gamma=gamma)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        return power("StepLR", self.base_lr, self.gamma, step // self.step_size, step)


class MultiStepLR(Schedule):
    """The rate falls by the factor `gamma` at each milestone: lr = base_lr * gamma ** (milestones up to the step).

    Examples
    --------
    >>> schedule = MultiStepLR(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), milestones=[3, 8], gamma=0.5)
    >>> [schedule.lr(step) for step in (2, 3, 7, 8, 100)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1) -> None:
        self.milestones, self.gamma = rising("MultiStepLR", milestones), gamma
        above_zero("MultiStepLR", gamma=gamma)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        return power("MultiStepLR", self.base_lr, self.gamma, bisect_right(self.milestones, step), step)


class ExponentialLR(Schedule):
    """The rate falls by the factor `gamma` in every step: lr = base_lr * gamma ** step.

    Examples
    --------
    >>> schedule = ExponentialLR(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), gamma=0.5)
    >>> [schedule.lr(step) for step in (0, 1, 3)]
    [1.0, 0.5, 0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        above_zero("ExponentialLR", gamma=gamma)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        return power("ExponentialLR", self.base_lr, self.gamma, step, step)


class PolynomialLR(Schedule):
    """The rate falls to 0 in `total_iters` steps, and stays there: lr = base_lr * (1 - step / total_iters) ** power.

    Examples
    --------
    >>> schedule = PolynomialLR(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), total_iters=4, power=2.0)
    >>> [schedule.lr(step) for step in (0, 1, 2, 4, 5)]
    [1.0, 0.5625, 0.25, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters, self.power = whole("PolynomialLR", "total_iters", total_iters), power
        above_zero("PolynomialLR", power=power)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        left: float = (1 - min(step, self.total_iters) / self.total_iters) ** self.power
        return self.base_lr * left


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
