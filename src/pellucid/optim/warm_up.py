"""Warm-ups: learning rates for the first steps, before another schedule takes over (`SequentialLR`)."""

from .._core.errors import ConfigError
from ..ops._check import whole
from .optimizer import Optimizer
from .schedule import Schedule


class ConstantLR(Schedule):
    """For `total_iters` steps the rate is `factor` times base_lr, then base_lr itself; `Constant` changes nothing.

    Examples
    --------
    >>> schedule = ConstantLR(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), factor=0.5, total_iters=2)
    >>> [schedule.lr(step) for step in (0, 1, 2, 3)]
    [0.5, 0.5, 1.0, 1.0]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        if not 0 <= factor <= 1:
            raise ConfigError(f"ConstantLR: factor is {factor}, a number from 0 to 1 is needed")
        self.factor, self.total_iters = factor, whole("ConstantLR", "total_iters", total_iters)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        return self.base_lr * (self.factor if step < self.total_iters else 1.0)


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
