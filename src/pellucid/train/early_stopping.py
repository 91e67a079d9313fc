"""EarlyStopping: end a run that no longer gets better, and keep the best weights it had."""

from typing import TYPE_CHECKING

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from .callbacks import Callback

if TYPE_CHECKING:
    from .trainer import Trainer


class EarlyStopping(Callback):
    """Stop after `patience` epochs without improvement; at the end of `fit` the model has its best weights.

    Parameters
    ----------
    monitor : str
        Any column of the history, such as "val_loss", or one of a metric of your own.
    patience : int
        How many epochs in a row may pass without improvement.
    min_delta : float
        A smaller improvement is none.
    restore_best : bool
        Put the weights of the best epoch back when `fit` ends, unless it was stopped by somebody else.  Where the
        Trainer averages weights (`ema`), those are the averaged ones, which were validated.
    mode : "auto", "min" or "max"
        Whether the column is to fall or to rise; "auto": what ends in "accuracy" rises, all else falls.

    Examples
    --------
    >>> x, y = np.eye(2, dtype=np.float32), np.array([0, 1])
    >>> model = Sequential(Linear(2, 2)).build((2,), seed=0)
    >>> never_better = EarlyStopping("loss", patience=2, min_delta=9.0)
    >>> trainer = Trainer(model, SGD(model.parameters()), callbacks=[never_better])
    >>> len(trainer.fit((x, y), epochs=100)), trainer.stopped
    (3, 'no better loss in 2 epochs')
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        restore_best: bool = True,
        mode: str = "auto",
    ) -> None:
        if patience < 1:
            raise ConfigError(f"EarlyStopping: patience is {patience}, at least 1 is needed")
        if not min_delta >= 0:
            raise ConfigError(f"EarlyStopping: min_delta is {min_delta}, a number from 0 is needed")
        if mode not in ("auto", "min", "max"):
            raise ConfigError(f"EarlyStopping: mode is {mode!r}, expected 'auto', 'min' or 'max'")
        self.mode = mode
        self.monitor, self.patience, self.min_delta, self.restore_best = monitor, patience, min_delta, restore_best
        self.best: dict[str, Array] = {}  # the weights of the best epoch
        self._reason = f"no better {monitor} in {patience} epochs"
        self._end = 0  # the epoch at which fit is done

    def on_train_begin(self, trainer: "Trainer", epochs: int, batches: int | None) -> None:
        """A run that goes on may have come to its end already."""
        self._end = trainer.epoch + epochs
        self._judge(trainer)

    def on_epoch_end(self, trainer: "Trainer", row: dict[str, float]) -> None:
        """Keep the weights if they are the best so far; stop if they have not been for too long."""
        if self.monitor not in row:
            raise ConfigError(
                f"EarlyStopping: {self.monitor!r} is not measured; measured are {', '.join(row)}"
                + ("; give fit validation data" if self.monitor.startswith("val_") else "")
            )
        if self.restore_best and self._best(trainer) == len(trainer.history) - 1:
            self.best = trainer.model.state_dict()
        self._judge(trainer)

    def on_train_end(self, trainer: "Trainer") -> None:
        """Put the best weights back, if nobody else stopped the run and nothing failed."""
        done = trainer.epoch == self._end if trainer.stopped is None else trainer.stopped == self._reason
        if self.best and done:
            trainer.model.load_state_dict(self.best)

    def _judge(self, trainer: "Trainer") -> None:
        waited = len(trainer.history) - 1 - self._best(trainer) if len(trainer.history) else 0
        if trainer.stopped is None and waited >= self.patience:
            trainer.stop(self._reason)

    def _best(self, trainer: "Trainer") -> int:
        return trainer.history.best(self.monitor, self.min_delta, self.mode)

    def state_dict(self) -> dict[str, Array]:
        """Return the best weights; what else it knows stands in the history."""
        return self.best

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Take over the best weights."""
        self.best = {name: np.array(values) for name, values in state.items()}
