"""EpochCheckpoints: one checkpoint for each epoch, under names that begin with a prefix; nothing is overwritten."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._core.errors import FileError
from .._core.files import make_folder
from ..nn import Module
from ..train import Callback, Checkpoint, Trainer, read_checkpoint, save_checkpoint


class EpochCheckpoints(Callback):
    """Write ``PREFIX-epoch-N.safetensors`` after each epoch N; all of them stay.

    Parameters
    ----------
    prefix : path
        Folder and beginning of the names; the folder is made if need be.
    about : mapping
        Plain data for each checkpoint: what a run that goes on must have in common with it.

    Raises
    ------
    FileError
        Before an epoch whose checkpoint would have to replace a file.
    """

    def __init__(self, prefix: str | os.PathLike[str], about: Mapping[str, Any]) -> None:
        self.prefix, self.about = Path(prefix), dict(about)

    def path(self, epoch: int) -> Path:
        """Return where the checkpoint after `epoch` epochs lies."""
        return self.prefix.with_name(f"{self.prefix.name}-epoch-{epoch}.safetensors")

    def stored(self) -> list[int]:
        """Return the epochs that have a checkpoint, in order."""
        pattern = re.compile(re.escape(self.prefix.name) + r"-epoch-([1-9][0-9]*)\.safetensors")
        names = [p.name for p in self.prefix.parent.iterdir()] if self.prefix.parent.is_dir() else []
        return sorted(int(found[1]) for name in names if (found := pattern.fullmatch(name)))

    def newest(self, model: Module) -> tuple[Path, Checkpoint] | None:
        """Return the last checkpoint, None where there is none.

        Raises
        ------
        FileError
            If it is damaged, or of another network, data or batch size.
        """
        if not (epochs := self.stored()):
            return None
        path = self.path(epochs[-1])
        checkpoint = read_checkpoint(path, model)
        changed = [name for name in self.about if checkpoint.about.get(name) != self.about[name]]
        if changed:
            raise FileError(f"{path}: is of another run: {', '.join(changed)} differ")
        return path, checkpoint

    def on_train_begin(self, trainer: Trainer, epochs: int, batches: int | None) -> None:
        """Refuse to begin where there are later epochs than the run's."""
        later = [epoch for epoch in self.stored() if epoch > trainer.epoch]
        if later:
            raise FileError(
                f"{self.path(later[0])}: exists already; nothing is overwritten: "
                "go on from it with resume_from_checkpoint=True, or choose another prefix"
            )
        if not self.prefix.parent.is_dir():
            make_folder(self.prefix.parent)

    def on_epoch_end(self, trainer: Trainer, row: dict[str, float]) -> None:
        """Write the checkpoint of this epoch."""
        path = self.path(trainer.epoch)
        if path.exists():
            raise FileError(f"{path}: exists already; nothing is overwritten")
        save_checkpoint(trainer, path, self.about)
