"""Checkpointer: the callback that keeps a run safe on disk."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError, FileError
from .._core.files import make_folder
from ..nn import Module
from .callbacks import Callback
from .checkpoint import Checkpoint, checkpoint_bytes, read_checkpoint, save_checkpoint

if TYPE_CHECKING:
    from .trainer import Trainer

_PATTERN = "step-*.safetensors"


class Checkpointer(Callback):
    """Write a checkpoint when `fit` begins, after each epoch, every so many steps, and when a run is stopped.

    Must be the last of the callbacks: it keeps what the others have made of an epoch.

    Parameters
    ----------
    folder : path
        Made if need be; the files are called ``step-00001719.safetensors``.
    every_steps : int, optional
        Also after each so many steps.
    keep : int
        How many of the newest stay.
    monitor : str
        The checkpoint of the epoch that is best by this column stays too.
    about : mapping, optional
        Plain data for each checkpoint, see `save_checkpoint`.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every_steps: int | None = None,
        keep: int = 3,
        monitor: str = "val_loss",
        about: Mapping[str, Any] | None = None,
    ) -> None:
        for name, value in (("every_steps", every_steps), ("keep", keep)):
            if value is not None and value < 1:
                raise ConfigError(f"Checkpointer: {name} is {value}, at least 1 is needed")
        self.folder, self.every_steps, self.keep, self.monitor = Path(folder), every_steps, keep, monitor
        self.about = dict(about or {})
        self._batches: int | None = None
        self._best_step: int | None = None
        self._written: set[Path] = set()

    def on_train_begin(self, trainer: "Trainer", epochs: int, batches: int | None) -> None:
        """Write the first checkpoint, so that there is one from the start."""
        if trainer.callbacks[-1] is not self:
            raise ConfigError("Checkpointer: must be the last of the callbacks, it keeps what the others have made")
        self._batches = batches
        if not self.folder.is_dir():
            make_folder(self.folder)
        path, present = self.path(trainer.step), stored(self.folder)
        if present and path not in self._written:
            if path not in present or path.read_bytes() != checkpoint_bytes(trainer, self.about):
                raise FileError(f"{self.folder}: holds checkpoints of another run; choose another folder")
            self._written.add(path)
        elif path not in present:
            self.save(trainer)

    def on_step_end(self, trainer: "Trainer", means: dict[str, float]) -> None:
        """Write one where it is due; the last step of an epoch leaves that to the epoch's end."""
        due = self.every_steps is not None and trainer.step % self.every_steps == 0
        if due and trainer.batch != self._batches and trainer.stopped is None:
            self.save(trainer)

    def on_stop(self, trainer: "Trainer") -> None:
        """Write one where the run stopped."""
        self.save(trainer)

    def on_epoch_end(self, trainer: "Trainer", row: dict[str, float]) -> None:
        """Write one; remember it if the epoch was the best."""
        if self.monitor in row and trainer.history.best(self.monitor) == len(trainer.history) - 1:
            self._best_step = trainer.step
        self.save(trainer)

    def adopt(self, path: Path) -> None:
        """Go on from this checkpoint in the folder, which was read."""
        self._written.add(path)

    def state_dict(self) -> dict[str, Array]:
        """Return the step of the best checkpoint."""
        return {} if self._best_step is None else {"best": np.array(self._best_step)}

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Take over which checkpoint is the best."""
        self._best_step = int(state["best"]) if "best" in state else None

    @property
    def best(self) -> Path | None:
        """The checkpoint of the best epoch."""
        return None if self._best_step is None else self.path(self._best_step)

    def path(self, step: int) -> Path:
        """Return where the checkpoint after `step` steps lies."""
        return self.folder / f"step-{step:08}.safetensors"

    def save(self, trainer: "Trainer") -> None:
        """Write a checkpoint now, then remove those that are no longer kept."""
        save_checkpoint(trainer, self.path(trainer.step), self.about)
        self._written.add(self.path(trainer.step))
        # Of those up to now only: a run that went back to an older checkpoint will write the later ones again.
        for old in [p for p in stored(self.folder) if p <= self.path(trainer.step)][self.keep :]:
            if old != self.best:
                with suppress(OSError):
                    old.unlink()


def stored(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, the newest first."""
    return sorted(folder.glob(_PATTERN), reverse=True)


def newest(folder: Path, model: Module | None, report: Callable[[str], None]) -> tuple[Path, Checkpoint]:
    """Return the newest checkpoint that is whole; `report` hears of each damaged one that is passed over.

    Raises
    ------
    FileError
        If there is none.
    """
    files = stored(folder)
    for path in files:
        try:
            return path, read_checkpoint(path, model)
        except FileError as error:
            report(f"passed over: {error}")
    reason = f"none of {len(files)} checkpoints can be read" if files else "there is no checkpoint"
    raise FileError(f"{folder}: {reason}")
