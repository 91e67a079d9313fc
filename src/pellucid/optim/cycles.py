"""Cycles: learning rates that fall and begin anew, or go up and down."""

from .._core.errors import ConfigError
from ..ops._check import whole
from .optimizer import Optimizer, from_zero, in_unit_interval
from .schedule import Schedule, above_zero, cosine, power, set_momentum


class CosineAnnealingWarmRestarts(Schedule):
    """The rate falls along half a cosine, then begins anew; each fall takes `T_mult` times as long as the last.

        lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * t / T)) / 2          t of T steps of this fall are done

    I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017.

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Steps of the first fall.
    T_mult : int
    eta_min : float

    Examples
    --------
    >>> schedule = CosineAnnealingWarmRestarts(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), T_0=2, T_mult=2)
    >>> [round(schedule.lr(step), 3) for step in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        rule = "CosineAnnealingWarmRestarts"
        self.T_0, self.T_mult, self.eta_min = whole(rule, "T_0", T_0), whole(rule, "T_mult", T_mult), eta_min
        from_zero(rule, eta_min=eta_min)
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        done, length = step, self.T_0
        if self.T_mult == 1:
            done %= length
        while done >= length:
            done, length = done - length, length * self.T_mult
        return cosine(self.base_lr, self.eta_min, done / length)


class CyclicLR(Schedule):
    """The rate goes up in a line from `base_lr` to `max_lr` and down again, over and over; momentum the other way.

    L. N. Smith, Cyclical learning rates for training neural networks, 2017.  As in PyTorch; a `scale_fn` of one's own
    is not taken (`LambdaLR` makes any shape), and an optimiser without momentum is no error.

        height = from 0 to 1 in step_size_up steps, to 0 in step_size_down
        lr     = base_lr + (max_lr - base_lr) * height * scale
        scale  = 1 (triangular), 1 / 2**(cycles done) (triangular2) or gamma**step (exp_range)

    Parameters
    ----------
    optimizer : Optimizer
        Its own rate plays no part.
    base_lr, max_lr : float
    step_size_up, step_size_down : int
        Steps of each way; down as many as up, unless told.
    mode : "triangular", "triangular2" or "exp_range"
    gamma : float
        Of "exp_range".
    cycle_momentum : bool
        Let the momentum, or Adam's first beta, go from `max_momentum` to `base_momentum` and back.

    Examples
    --------
    >>> schedule = CyclicLR(SGD(Linear(1, 1).build((1,)).parameters()), 0.0, 1.0, step_size_up=2, mode="triangular2")
    >>> [schedule.lr(step) for step in range(7)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float,
        max_lr: float,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
    ) -> None:
        from_zero("CyclicLR", base_lr=base_lr, max_lr=max_lr)
        above_zero("CyclicLR", gamma=gamma)
        in_unit_interval("CyclicLR", base_momentum=base_momentum, max_momentum=max_momentum)
        if mode not in ("triangular", "triangular2", "exp_range"):
            raise ConfigError(f"CyclicLR: mode is {mode!r}, expected triangular, triangular2 or exp_range")
        self.max_lr, self.mode, self.gamma = max_lr, mode, gamma
        self.step_size_up = whole("CyclicLR", "step_size_up", step_size_up)
        self.step_size_down = step_size_down
        if step_size_down is not None:
            whole("CyclicLR", "step_size_down", step_size_down)
        self.cycle_momentum, self.base_momentum, self.max_momentum = cycle_momentum, base_momentum, max_momentum
        super().__init__(optimizer)
        self.base_lr = base_lr
        self.apply(0)

    def lr(self, step: int) -> float:
        """Return the learning rate of step 0, 1, ..."""
        return self.base_lr + (self.max_lr - self.base_lr) * self._height(step)

    def momentum(self, step: int) -> float:
        """Return the momentum of step 0, 1, ..."""
        return self.max_momentum - (self.max_momentum - self.base_momentum) * self._height(step)

    def apply(self, step: int) -> None:
        """Set the optimiser up for `step`."""
        super().apply(step)
        if self.cycle_momentum:
            set_momentum(self.optimizer, self.momentum(step))

    def _height(self, step: int) -> float:
        down = self.step_size_down or self.step_size_up
        cycles, at = divmod(step, self.step_size_up + down)
        height = at / self.step_size_up if at <= self.step_size_up else (self.step_size_up + down - at) / down
        if self.mode == "triangular2":
            return height / 2.0**cycles
        return height * (power("CyclicLR", 1.0, self.gamma, step, step) if self.mode == "exp_range" else 1.0)
