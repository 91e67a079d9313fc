"""Combined schedules: one after another, or several at once."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from .._core.errors import ConfigError
from .optimizer import Optimizer
from .schedule import Schedule, rising


class SequentialLR(Schedule):
    """One schedule after another, each from its own step 0 on.

    A `ReduceLROnPlateau` among them judges all epochs from the run's first on; PyTorch's takes none.

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
        _made_for("SequentialLR", optimizer, self.schedules)
        if len(self.milestones) != len(self.schedules) - 1:
            raise ConfigError(
                f"SequentialLR: {len(self.schedules)} schedules and {len(self.milestones)} milestones; "
                "each schedule but the first begins at one"
            )
        rising("SequentialLR", self.milestones)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        schedule, start = self._part(step)
        return schedule.lr(step - start)

    def apply(self, step: int) -> None:
        """Set the optimiser up for `step`."""
        schedule, start = self._part(step)
        schedule.apply(step - start)

    def measured(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Let all parts know the history so far."""
        for schedule in self.schedules:
            schedule.measured(rows)

    def _part(self, step: int) -> tuple[Schedule, int]:
        """Return the schedule that holds at `step`, and where it began."""
        i = bisect_right(self.milestones, step)
        return self.schedules[i], (0, *self.milestones)[i]


class ChainedScheduler(Schedule):
    """Several schedules at once: their factors multiply.  lr = base_lr * (lr1 / base_lr) * (lr2 / base_lr) * ...

    As in PyTorch as long as each is a factor of base_lr.  What goes to an absolute rate (`eta_min` above 0,
    `OneCycleLR`, `CyclicLR`) counts by its share of base_lr here; in PyTorch the outcome depends on the order.

    Parameters
    ----------
    schedulers : sequence of Schedule
        At least one.
    optimizer : Optimizer, optional
        For which all of them were made.

    Examples
    --------
    >>> optimizer = SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0)
    >>> schedule = ChainedScheduler([ConstantLR(optimizer, 0.5, total_iters=2), ExponentialLR(optimizer, 0.5)])
    >>> [schedule.lr(step) for step in (0, 1, 2, 3)]
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[Schedule], optimizer: Optimizer | None = None) -> None:
        self.schedulers = tuple(schedulers)
        if not self.schedulers:
            raise ConfigError("ChainedScheduler: no schedules given, at least one is needed")
        optimizer = optimizer or self.schedulers[0].optimizer
        _made_for("ChainedScheduler", optimizer, self.schedulers)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        rate = self.base_lr
        for schedule in self.schedulers:
            rate *= schedule.lr(step) / schedule.base_lr if schedule.base_lr else 0.0
        return rate

    def apply(self, step: int) -> None:
        """Set the optimiser up for `step`: first what the parts move besides the rate, then the rate."""
        for schedule in self.schedulers:
            schedule.apply(step)
        super().apply(step)

    def measured(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Let all parts know the history so far."""
        for schedule in self.schedulers:
            schedule.measured(rows)


def _made_for(rule: str, optimizer: Optimizer, schedules: Sequence[Schedule]) -> None:
    if any(schedule.optimizer is not optimizer for schedule in schedules):
        raise ConfigError(f"{rule}: a schedule was made for another optimiser")
