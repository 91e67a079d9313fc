"""ReduceLROnPlateau: a learning rate that falls when what is measured no longer gets better."""

import math
from collections.abc import Mapping, Sequence

from .._core.errors import ConfigError
from ..ops._check import whole
from .optimizer import Optimizer, from_zero
from .schedule import Schedule


class ReduceLROnPlateau(Schedule):
    """The rate falls by `factor` when more than `patience` epochs in a row were no better than the best.

    As in PyTorch, whose `step` takes the measured number too.  A Trainer shows it the history at the end of each epoch,
    from which it takes the column `monitor`; the rate is a function of that column alone, so a run that goes on finds
    the same one.  `min_lr` and `eps` are meant for the optimiser's rate; those of groups fall with it.

    Parameters
    ----------
    optimizer : Optimizer
    mode : "min" or "max"
        Which way is better; "max" for an accuracy.
    factor : float
        Below 1.
    patience : int
        How many epochs in a row may pass without improvement.
    threshold : float
        A smaller improvement is none: of the best value's size with `threshold_mode` "rel", else ("abs") as it is.
    cooldown : int
        After a fall, so many epochs are not counted.
    min_lr : float
        The rate falls no further.
    eps : float
        A fall by less is left out.
    monitor : str
        Column of the history.

    Examples
    --------
    >>> schedule = ReduceLROnPlateau(SGD(Linear(1, 1).build((1,)).parameters(), lr=1.0), factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.5, 2.5):
    ...     schedule.step(loss)
    ...     print(loss, schedule.optimizer.lr)
    3.0 1.0
    2.0 1.0
    2.5 1.0
    2.5 0.5
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
        *,
        monitor: str = "val_loss",
    ) -> None:
        rule = "ReduceLROnPlateau"
        for name, value, words in (("mode", mode, ("min", "max")), ("threshold_mode", threshold_mode, ("rel", "abs"))):
            if value not in words:
                raise ConfigError(f"{rule}: {name} is {value!r}, expected {' or '.join(words)}")
        if not 0 <= factor < 1:
            raise ConfigError(f"{rule}: factor is {factor}, a number from 0 to below 1 is needed")
        from_zero(rule, threshold=threshold, min_lr=min_lr, eps=eps)
        self.mode, self.factor, self.threshold, self.threshold_mode = mode, factor, threshold, threshold_mode
        self.patience, self.cooldown = whole(rule, "patience", patience, 0), whole(rule, "cooldown", cooldown, 0)
        self.min_lr, self.eps, self.monitor = min_lr, eps, monitor
        self.values: list[float] = []  # measured so far, one for each epoch
        self._rate: float | None = None
        super().__init__(optimizer)

    def lr(self, step: int) -> float:
        """Return the learning rate after what was measured so far, for any step."""
        if self._rate is None:
            self._rate = self._after(self.values)
        return self._rate

    def step(self, metrics: float) -> None:  # type: ignore[override]  # as PyTorch's
        """Go on to the next epoch, after this one gave `metrics`."""
        self.values.append(float(metrics))
        self._rate = None
        self.apply(0)

    def measured(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Take the column `monitor` of the history."""
        for row in rows:
            if self.monitor not in row:
                raise ConfigError(
                    f"ReduceLROnPlateau: {self.monitor!r} is not measured; measured are {', '.join(row)}"
                    + ("; give fit validation data" if self.monitor.startswith("val_") else "")
                )
        self.values = [row[self.monitor] for row in rows]
        self._rate = None

    def _after(self, values: Sequence[float]) -> float:
        rate, best, bad, cooling = self.base_lr, math.inf if self.mode == "min" else -math.inf, 0, 0
        for value in values:
            if self._better(value, best):
                best, bad = value, 0
            else:
                bad += 1
            if cooling > 0:
                cooling, bad = cooling - 1, 0
            if bad > self.patience:
                lower = max(rate * self.factor, self.min_lr)
                rate = lower if rate - lower > self.eps else rate
                cooling, bad = self.cooldown, 0
        return rate

    def _better(self, value: float, best: float) -> bool:
        sign = 1.0 if self.mode == "max" else -1.0
        if self.threshold_mode == "rel":
            return sign * value > sign * best * (1 + sign * self.threshold)
        return sign * value > sign * best + self.threshold
