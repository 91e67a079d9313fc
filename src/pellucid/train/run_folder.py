"""RunFolder: what a run leaves on disk, and from which it can go on.

config.toml        the recipe, whole
model.json         what the network takes and gives: name, input shape, class names, normalisation, framing
env.json           versions, processor, threads, engine, contract, once for each time the run was started
history.csv        one row for each epoch
checkpoints/       the newest few, and the best by validation
best.safetensors   weights of the best epoch by validation
last.safetensors   weights after the last epoch
result.json        the test figures and the digest of the final weights, once the run is done
log.txt            what happened when
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from safetensors.numpy import save

from .._core.errors import ConfigError, FileError
from .._core.files import locked_folder, make_folder, publish_folder, read_text, remove_empty, write_file
from .callbacks import Callback, describe
from .checkpoint import read_checkpoint, restore
from .checkpointer import Checkpointer, newest, stored
from .environment import differences
from .model_info import ModelInfo
from .recipe import Recipe
from .weights import save_weights

if TYPE_CHECKING:
    from .trainer import Trainer


class RunFolder(Callback):
    """A run on disk; as a callback it keeps history, weights and log.

    Parameters
    ----------
    path : path
        Of a run that exists; `create` makes a new one.

    Attributes
    ----------
    recipe : Recipe
    info : ModelInfo

    Raises
    ------
    FileError
        If there is no run, or its config.toml or model.json cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not (self.path / "config.toml").is_file():
            reason = "is no run, it has no config.toml" if self.path.is_dir() else "no such run"
            raise FileError(f"{self.path}: {reason}")
        self.recipe = Recipe.from_toml(read_text(self.path / "config.toml"), str(self.path / "config.toml"))
        try:
            self.info = ModelInfo.from_dict(self._json("model.json"))
        except ConfigError as error:
            raise FileError(f"{self.path / 'model.json'}: {error}") from None
        self._above: list[Path] | None = None  # folders above it that `create` made

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        recipe: Recipe,
        info: ModelInfo,
        environment: Mapping[str, Any],
        trainer: "Trainer",
    ) -> Self:
        """Make the folder of a new run, with its first checkpoint; it appears whole or not at all.

        Raises
        ------
        FileError
            If something stands at `path`, or nothing can be made there.
        """
        path = Path(path)
        if path.exists() or path.is_symlink() or path.name in ("", ".."):
            raise FileError(f"{path}: exists already; choose a new name, nothing is overwritten")
        staging = path.with_name(f".{path.name}.{os.getpid()}.part")
        made: list[Path] = []
        try:
            made = make_folder(staging)
            make_folder(staging / "checkpoints")
            write_file(staging / "config.toml", recipe.to_toml().encode())
            write_file(staging / "model.json", _dumps(info.to_dict()).encode())
            write_file(staging / "env.json", _dumps([environment]).encode())
            cls(staging).checkpointer().save(trainer)
            publish_folder(staging, path)
        except BaseException as error:
            shutil.rmtree(staging, ignore_errors=True)
            remove_empty(made)
            if isinstance(error, FileError):
                raise FileError(str(error).replace(str(staging), str(path))) from error
            raise
        run = cls(path)
        run._above = made[1:]
        run.log("started")
        return run

    # --- while it runs -----------------------------------------------------------------------------------

    def checkpointer(self, every_steps: int | None = None) -> Checkpointer:
        """Return the callback that keeps checkpoints in this folder; it goes last."""
        recipe = self.recipe.to_dict()
        recipe.pop("data")  # a path would differ from one machine to the next; `info` has the data's fingerprint
        about = {"recipe": recipe, "model": self.info.to_dict()}
        return Checkpointer(self.path / "checkpoints", every_steps, monitor=self.recipe.monitor, about=about)

    def locked(self) -> AbstractContextManager[None]:
        """Keep the run to this process for the length of a ``with``."""
        return locked_folder(self.path)

    def resume(self, trainer: "Trainer", report: Callable[[str], None]) -> None:
        """Put `trainer`, made from this run's recipe, where the newest whole checkpoint was taken.

        The last of its callbacks is the checkpointer; `report` hears of each damaged file that is passed over.
        """
        for part in self.path.rglob(".*.part"):  # what a kill left of a write
            part.unlink(missing_ok=True)
        path, checkpoint = newest(self.path / "checkpoints", trainer.model, report)
        restore(trainer, checkpoint, str(path))
        for callback in trainer.callbacks:
            if isinstance(callback, Checkpointer):
                callback.adopt(path)
                self._mend_best(callback.best)

    def _mend_best(self, best: Path | None) -> None:
        """Let best.safetensors be of an epoch that the history still has."""
        path = self.path / "best.safetensors"
        try:
            content = b"" if best is None else save(read_checkpoint(best).part("model."))
        except FileError:  # removed or damaged
            content = b""
        if not content:
            path.unlink(missing_ok=True)
        elif not path.exists() or path.read_bytes() != content:
            write_file(path, content)

    def on_train_begin(self, trainer: "Trainer", epochs: int, batches: int | None) -> None:
        """Cut the history back to where the run goes on; what was measured at an earlier end holds no longer."""
        if epochs:
            (self.path / "result.json").unlink(missing_ok=True)
        if len(trainer.history) or (self.path / "history.csv").exists():
            trainer.history.to_csv(self.path / "history.csv")

    def on_epoch_end(self, trainer: "Trainer", row: dict[str, float]) -> None:
        """Write history and weights; note the epoch in the log."""
        trainer.history.to_csv(self.path / "history.csv")
        save_weights(trainer.model, self.path / "last.safetensors")
        if self.recipe.monitor in row and trainer.history.best(self.recipe.monitor) == len(trainer.history) - 1:
            save_weights(trainer.model, self.path / "best.safetensors")
        self.log(f"epoch {row['epoch']:g}: {describe({k: v for k, v in row.items() if k != 'epoch'})}")

    def finish(self, trainer: "Trainer", result: Mapping[str, Any]) -> None:
        """Write the final weights and what was measured with them."""
        save_weights(trainer.model, self.path / "last.safetensors")
        write_file(self.path / "result.json", _dumps(result).encode())
        self.log("done")

    def changes(self) -> list[str]:
        """Return what config.toml says otherwise than it did when the run began; epochs and the data's place may."""
        _, checkpoint = newest(self.path / "checkpoints", None, lambda line: None)
        # A run may have begun before its recipe had some setting: that had what is the default now.
        then = Recipe.from_dict({"model": self.recipe.model, **checkpoint.about.get("recipe", {})})
        before, now = then.to_dict(), self.recipe.to_dict()
        keys = [key for key in dict.fromkeys([*before, *now]) if key not in ("epochs", "data")]
        return [f"{k} is {now.get(k)}, was {before.get(k)}" for k in keys if now.get(k) != before.get(k)]

    def went_on(self, environment: Mapping[str, Any], trainer: "Trainer") -> list[str]:
        """Note that the run goes on; return in what engine and machine differ from the last time."""
        before = self.environments()
        write_file(self.path / "env.json", _dumps([*before, environment]).encode())
        self.log(f"goes on after step {trainer.step}")
        last = before[-1] if before else {}
        return differences(last, environment)

    def environments(self) -> list[dict[str, Any]]:
        """Return what env.json says, once for each time the run was started."""
        found = self._json("env.json")
        if not isinstance(found, list) or not all(isinstance(e, dict) for e in found):
            raise FileError(f"{self.path / 'env.json'}: damaged: a list of tables is needed")
        return found

    def update_recipe(self, recipe: Recipe) -> None:
        """Write another config.toml, such as one with more epochs."""
        write_file(self.path / "config.toml", recipe.to_toml().encode())
        self.recipe = recipe

    def log(self, line: str) -> None:
        """Add a line with the time to log.txt."""
        try:
            with (self.path / "log.txt").open("a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S%z')} {line}\n")
        except OSError as error:
            raise FileError(f"{self.path / 'log.txt'}: cannot be written: {error.strerror or error}") from error

    def remove_if_nothing_was_learned(self) -> None:
        """Take a folder that `create` made away again if no checkpoint but its first was written."""
        begun_here = [p.stem for p in stored(self.path / "checkpoints")] == ["step-00000000"]
        if self._above is not None and begun_here:
            shutil.rmtree(self.path, ignore_errors=True)
            remove_empty(self._above)

    # --- afterwards --------------------------------------------------------------------------------------

    def weights(self, which: str = "last") -> Path:
        """Return the file of the "last" or the "best" weights; a FileError if the run has not come that far."""
        path = self.path / f"{which}.safetensors"
        if not path.is_file():
            why = "no epoch is done yet" if which == "last" else "no epoch was validated yet"
            raise FileError(f"{path}: is missing: {why}, or somebody removed it")
        return path

    def result(self) -> dict[str, Any] | None:
        """Return the test figures, None while the run is not done."""
        if not (self.path / "result.json").exists():
            return None
        found = self._json("result.json")
        if not isinstance(found, dict) or not {"test", "weights_sha256"} <= found.keys():
            raise FileError(f"{self.path / 'result.json'}: damaged: test and weights_sha256 are needed")
        return found

    def _json(self, name: str) -> Any:
        try:
            return json.loads(read_text(self.path / name))
        except FileError:
            raise
        except (ValueError, RecursionError) as error:
            raise FileError(f"{self.path / name}: damaged: {error}") from error


def _dumps(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"
