"""steps.csv: the loss of each step of a run, so that a replay can tell at which step it goes another way."""

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .._core.errors import FileError
from .._core.files import write_file
from .callbacks import Callback

if TYPE_CHECKING:
    from .trainer import Trainer

_HEAD = "step,loss\n"


class StepsLog(Callback):
    """Adds a line for each step; numbers are written so that reading gives the same bits.

    A run that goes on from a checkpoint cuts the file back to it.

    Parameters
    ----------
    path : path
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: int | None = None

    def on_train_begin(self, trainer: "Trainer", epochs: int, batches: int | None) -> None:
        """Cut the file back to where the run goes on."""
        kept = {step: loss for step, loss in self.read(strict=False).items() if step <= trainer.step}
        write_file(self.path, (_HEAD + "".join(_line(step, loss) for step, loss in kept.items())).encode())
        try:
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise FileError(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def on_step_end(self, trainer: "Trainer", means: dict[str, float]) -> None:
        """Add a line, at once: whoever is killed loses none."""
        assert self._file is not None
        line = _line(trainer.step, trainer.step_loss).encode()
        try:
            if os.write(self._file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise FileError(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def on_train_end(self, trainer: "Trainer") -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def read(self, *, strict: bool = True) -> dict[int, float]:
        """Return the losses by step; a last line that was cut off counts as not written.

        Parameters
        ----------
        strict : bool
            Whether damage is an error; else what comes before it is returned.

        Raises
        ------
        FileError
            If the file is damaged.
        """
        if not self.path.exists():
            return {}
        try:
            lines = self.path.read_text(encoding="ascii", errors="strict" if strict else "replace").splitlines(True)
        except (OSError, UnicodeDecodeError) as error:
            raise FileError(f"{self.path}: cannot be read: {error}") from error
        found: dict[int, float] = {}
        if lines[:1] != [_HEAD]:
            if strict:
                raise FileError(f"{self.path}: damaged: it does not begin with {_HEAD.strip()!r}")
            return found
        for number, line in enumerate(lines[1:], 2):
            if not line.endswith("\n"):
                break
            step, _, loss = line.strip().partition(",")
            try:
                found[int(step)] = float(loss)
            except ValueError:
                if not strict:
                    break
                raise FileError(f"{self.path}: damaged: line {number} is {line.strip()[:40]!r}") from None
        return found


def _line(step: int, loss: float) -> str:
    return f"{step},{loss!r}\n"
