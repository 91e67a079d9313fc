"""Callbacks: what else happens in the course of a training run."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .._core.arrays import Array

if TYPE_CHECKING:
    from .trainer import Trainer


class Callback:
    """Base: override what you need.  `trainer` is the running Trainer; numbers come as plain floats."""

    def on_train_begin(self, trainer: "Trainer", epochs: int, batches: int | None) -> None:
        """Before the first of `epochs` epochs of `batches` batches, None where nobody knows how many."""

    def on_epoch_begin(self, trainer: "Trainer", epoch: int) -> None:
        """Before epoch `epoch`, counted from 1."""

    def on_step_end(self, trainer: "Trainer", means: dict[str, float]) -> None:
        """After each optimiser step, with the epoch's means so far."""

    def on_stop(self, trainer: "Trainer") -> None:
        """After the step behind which `Trainer.stop` ends an epoch before its time."""

    def on_epoch_end(self, trainer: "Trainer", row: dict[str, float]) -> None:
        """After an epoch and its validation, with its row of the history."""

    def on_train_end(self, trainer: "Trainer") -> None:
        """After the last epoch; also when training was stopped, or failed.  The last callback hears it first."""

    def state_dict(self) -> dict[str, Array]:
        """Return what a checkpoint must keep of this callback, by names; the history need not be among it."""
        return {}

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Take over what `state_dict` gave."""


class ProgressBar(Callback):
    """A live bar on a terminal, one line for each epoch anywhere else.

    Parameters
    ----------
    file : text stream, optional
        Where to write; standard error by default.
    """

    def __init__(self, file: Any = None) -> None:
        self.file = file or sys.stderr
        self.seconds: list[float] = []  # of each epoch, validation included
        self._bar: Any = None
        self._mute = False

    def on_train_begin(self, trainer: "Trainer", epochs: int, batches: int | None) -> None:
        """Remember how much there is to do."""
        from tqdm import tqdm

        self._tqdm, self._batches, self._last = tqdm, batches, trainer.epoch + epochs

    def on_epoch_begin(self, trainer: "Trainer", epoch: int) -> None:
        """Start a bar; tqdm draws none where there is no terminal."""
        self._start = time.perf_counter()
        with self._shown():
            self._bar = self._tqdm(
                total=self._batches, initial=trainer.batch, desc=f"epoch {epoch}/{self._last}", file=self.file,
                leave=False, disable=self._mute or None, unit="batch", dynamic_ncols=True,
            )  # fmt: skip

    def on_step_end(self, trainer: "Trainer", means: dict[str, float]) -> None:
        """Move the bar on."""
        if not self._mute:
            with self._shown():
                self._bar.set_postfix_str(describe(means), refresh=False)
                self._bar.update(trainer.batch - self._bar.n)

    def on_epoch_end(self, trainer: "Trainer", row: dict[str, float]) -> None:
        """Replace the bar by the epoch's line."""
        self.seconds.append(time.perf_counter() - self._start)
        numbers = {name: value for name, value in row.items() if name not in ("epoch", "lr")}
        line = f"epoch {row['epoch']}/{self._last}  {describe(numbers)}  {self.seconds[-1]:.1f} s"
        if not self._mute:
            with self._shown():
                self._bar.close()
                self._tqdm.write(line, file=self.file)
                self.file.flush()

    def on_train_end(self, trainer: "Trainer") -> None:
        """Leave the terminal clean."""
        if self._bar is not None and not self._mute:
            with self._shown():
                self._bar.close()

    @contextmanager
    def _shown(self) -> Iterator[None]:
        """A reader who has gone must not end a run: from then on the bar is silent."""
        try:
            yield
        except OSError:
            self._mute = True


def describe(numbers: dict[str, float]) -> str:
    """Return numbers for people: accuracies in percent.

    Examples
    --------
    >>> describe({"loss": 0.25, "accuracy": 0.9912})
    'loss 0.2500  accuracy 99.12 %'
    """
    return "  ".join(
        f"{name} {100 * value:.2f} %" if name.endswith("accuracy") else f"{name} {value:.4f}"
        for name, value in numbers.items()
    )
