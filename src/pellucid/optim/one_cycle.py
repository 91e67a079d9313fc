"""OneCycleLR: a learning rate that rises once and falls once."""

from .._core.errors import ConfigError
from .optimizer import Optimizer, in_unit_interval
from .schedule import Schedule, cosine, set_momentum


class OneCycleLR(Schedule):
    """One cycle: the rate rises from low to `max_lr`, then falls to almost nothing; momentum runs the other way.

    L. N. Smith and N. Topin, Super-convergence, 2018.  As in PyTorch (cosine, two phases):

        up,   steps 0 to U = pct_start * total_steps - 1:   max_lr / div_factor  ->  max_lr
        down, steps U to total_steps - 1:                   max_lr  ->  max_lr / div_factor / final_div_factor
        from a to b at fraction f of a phase:               b + (a - b) * (1 + cos(pi * f)) / 2

    Parameters
    ----------
    optimizer : Optimizer
        With `momentum` (SGD) or `betas` (Adam, whose first is cycled).
    max_lr : float
        The highest learning rate.
    total_steps : int
        Optimiser steps in the whole run: epochs * batches.
    pct_start : float
        Fraction of the steps that rise.
    cycle_momentum : bool
        Let momentum fall from `max_momentum` to `base_momentum` and rise again.

    Raises
    ------
    ConfigError
        When more than `total_steps` steps are taken, or an argument is out of range.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        total_steps: int,
        pct_start: float = 0.3,
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        in_unit_interval("OneCycleLR", base_momentum=base_momentum, max_momentum=max_momentum)
        if total_steps < 1:
            raise ConfigError(f"OneCycleLR: total_steps is {total_steps}, at least 1 is needed")
        if not 0 <= pct_start <= 1:
            raise ConfigError(f"OneCycleLR: pct_start is {pct_start}, a fraction from 0 to 1 is needed")
        if not (max_lr > 0 and div_factor > 0 and final_div_factor > 0):
            raise ConfigError("OneCycleLR: max_lr, div_factor and final_div_factor must be above 0")
        self.max_lr, self.total_steps, self.pct_start = max_lr, total_steps, pct_start
        self.cycle_momentum, self.base_momentum, self.max_momentum = cycle_momentum, base_momentum, max_momentum
        self.div_factor, self.final_div_factor = div_factor, final_div_factor
        self.initial_lr = max_lr / div_factor
        self.min_lr = self.initial_lr / final_div_factor
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0 .. total_steps - 1."""
        return self._between(step, self.initial_lr, self.max_lr, self.min_lr)

    def momentum(self, step: int) -> float:
        """Return the momentum of step 0 .. total_steps - 1."""
        if not self.cycle_momentum:
            raise ConfigError("OneCycleLR: made with cycle_momentum=False, it has no momentum")
        return self._between(step, self.max_momentum, self.base_momentum, self.max_momentum)

    def apply(self, step: int) -> None:
        """Set the optimiser up for `step`."""
        super().apply(step)
        if self.cycle_momentum:
            set_momentum(self.optimizer, self.momentum(step))

    def step(self) -> None:
        """Go on to the next step; after the last one there is nothing to set up."""
        self.steps += 1
        if self.steps != self.total_steps:
            self.apply(self.steps)

    def _between(self, step: int, start: float, peak: float, end: float) -> float:
        if not 0 <= step < self.total_steps:
            raise ConfigError(f"OneCycleLR: made for {self.total_steps} steps, asked for step {step + 1}")
        top, last = self.pct_start * self.total_steps - 1, self.total_steps - 1
        if step <= top:
            return cosine(start, peak, step / top if top else 1.0)
        return cosine(peak, end, (step - top) / (last - top))
