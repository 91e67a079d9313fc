"""RunFolder: what a run leaves on disk, and from which it can go on.

config.toml        the recipe, whole
model.json         what the network takes and gives: name, input shape, class names, normalisation, framing
env.json           versions, processor, threads, engine, contract, once for each time the run was started
history.csv        one row for each epoch; steps.csv the loss of each step
checkpoints/       the newest few, and the best by validation
best.safetensors, last.safetensors  weights of the best epoch by validation, and after the last
non-finite-*.safetensors  a step that could not be taken, see bundle.py
result.json        the test figures and the digest of the final weights, at the end; log.txt what happened when
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
from .._core.files import locked_folder, make_folder, new_folder, read_text, remove_empty, write_file
from .bundle import Bundles
from .callbacks import Callback, describe
from .checkpoint import read_checkpoint, restore
from .checkpointer import Checkpointer, newest, stored
from .environment import differences
from .model_info import ModelInfo
from .recipe import Recipe
from .steps_log import StepsLog
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
        self._steps = StepsLog(self.path / "steps.csv")

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
        above = [folder for folder in path.parents if not folder.exists()]
        with new_folder(path) as staging:
            make_folder(staging / "checkpoints")
            for name, what in (("model.json", info.to_dict()), ("env.json", [environment])):
                write_file(staging / name, _dumps(what).encode())
            write_file(staging / "config.toml", recipe.to_toml().encode())
            cls(staging).checkpointer().save(trainer)
        run = cls(path)
        run._above = above
        run.log("started")
        return run

    # --- while it runs -----------------------------------------------------------------------------------

    def checkpointer(self, every_steps: int | None = None) -> Checkpointer:
        """Return the callback that keeps checkpoints in this folder; it goes last."""
        return Checkpointer(self.path / "checkpoints", every_steps, monitor=self.recipe.monitor, about=self._about())

    def bundles(self) -> Bundles:
        """Return what keeps a step here that cannot be taken: ``trainer.black_box.write = folder.bundles()``."""
        return Bundles(self.path, self._about())

    def _about(self) -> dict[str, Any]:
        recipe = self.recipe.to_dict()
        recipe.pop("data")  # a path would differ from one machine to the next; `info` has the data's fingerprint
        return {"recipe": recipe, "model": self.info.to_dict()}

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
        for callback in (c for c in trainer.callbacks if isinstance(c, Checkpointer)):
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
        self._steps.on_train_begin(trainer, epochs, batches)

    def on_step_end(self, trainer: "Trainer", means: dict[str, float]) -> None:
        """Note the step's loss."""
        self._steps.on_step_end(trainer, means)

    def on_train_end(self, trainer: "Trainer") -> None:
        """Close the file of the losses."""
        self._steps.on_train_end(trainer)

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
        then = {"model": self.recipe.model, **checkpoint.about.get("recipe", {})}
        before, now = Recipe.from_dict(then).to_dict(), self.recipe.to_dict()
        keys = [
            k for k in dict.fromkeys([*before, *now]) if k not in ("epochs", "data") and now.get(k) != before.get(k)
        ]
        return [f"{k} is {now.get(k)}, was {before.get(k)}" for k in keys]

    def went_on(self, environment: Mapping[str, Any], trainer: "Trainer") -> list[str]:
        """Note that the run goes on; return in what engine and machine differ from the last time."""
        before = self.environments()
        write_file(self.path / "env.json", _dumps([*before, environment]).encode())
        self.log(f"goes on after step {trainer.step}")
        return differences(before[-1] if before else {}, environment)

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
        """Take a folder that `create` made away again if no checkpoint but its first was written, and no bundle."""
        begun_here = [p.stem for p in stored(self.path / "checkpoints")] == ["step-00000000"]
        if self._above is not None and begun_here and not [*self.path.glob("non-finite-*")]:
            shutil.rmtree(self.path, ignore_errors=True)
            remove_empty(self._above)

    # --- afterwards --------------------------------------------------------------------------------------

    def weights(self, which: str = "last") -> Path:
        """Return the file of the "last" or the "best" weights; a FileError if the run has not come that far."""
        path, done = self.path / f"{which}.safetensors", "done" if which == "last" else "validated"
        if not path.is_file():
            raise FileError(f"{path}: is missing: no epoch was {done} yet, or somebody removed it")
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
