"""verify_run: replay a recorded run, all of it or some steps from a checkpoint, and compare bit for bit."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Shape
from .._core.errors import ConfigError, FileError
from ..nn import Module
from .assemble import assemble, fingerprint, load_parts
from .callbacks import Callback
from .checkpoint import read_checkpoint, restore
from .checkpointer import stored
from .environment import differences, environment
from .recipe import Recipe
from .run_folder import RunFolder
from .steps_log import StepsLog
from .tensors import read_arrays
from .trainer import Trainer
from .ulps import Difference, compared, distance


@dataclass
class Verification:
    """What a replay found; as text it is a few lines.

    Attributes
    ----------
    first, last : int
        The steps between which the run was replayed.
    losses, arrays : int
        How many steps' losses, and how many arrays of checkpoints and weights, were compared.
    found : list of Difference
        At the first step with a difference, and at the first checkpoint with one; empty if all is equal.
    notes : list of str
        In what engine, machine or versions differ from those that the run was made with; what was not recorded.
    rows : int
        How many rows of the history were compared.
    recorded : bool
        Whether each step's loss was recorded.
    """

    first: int
    last: int = 0
    losses: int = 0
    arrays: int = 0
    found: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    recorded: bool = True

    @property
    def equal(self) -> bool:
        """Whether every step could be compared and nothing differs."""
        return not self.found and self.recorded and bool(self.losses or self.arrays)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists and numbers."""
        return asdict(self) | {"equal": self.equal}

    def __str__(self) -> str:
        what = (
            f"steps {self.first + 1} to {self.last}: {self.losses:,} losses, {self.arrays:,} arrays and {self.rows:,} "
        )
        what += "rows of the history compared"
        verdict = "equal, bit for bit" if self.equal else "DIFFERENT" if self.found else "not everything was recorded"
        return "\n".join([f"{what}: {verdict}", *map(str, self.found), *(f"note: {note}" for note in self.notes)])


class _Comparer(Callback):
    """Compares each step's loss, and the state where there is a checkpoint; the first array that differs ends it.

    A replay of some steps ends after the last of them; one of all ends as the run did, so that what happens at an end
    (early stopping's best weights, say) happens.
    """

    def __init__(
        self, result: Verification, losses: dict[int, float], checkpoints: dict[int, Path], end: int, partial: bool
    ) -> None:
        self.result, self.losses, self.checkpoints = result, losses, checkpoints
        self.end, self.partial = end, partial
        self.batches: int | None = None

    def on_train_begin(self, trainer: Trainer, epochs: int, batches: int | None) -> None:
        """Remember how long an epoch is."""
        self.batches = batches

    def on_step_end(self, trainer: Trainer, means: dict[str, float]) -> None:
        """Compare what belongs to this step."""
        step, result = trainer.step, self.result
        result.last = step
        if step in self.losses and not any(d.name == "loss" for d in result.found):
            result.losses += 1
            ulps = distance(np.array(trainer.step_loss), np.array(self.losses[step]))
            if ulps.any():
                result.found.append(Difference(step, "loss", int(ulps.max()), 1, 1))
        if trainer.batch != self.batches:  # else the checkpoint is one of the epoch's end
            self._compare(trainer)
            if step >= self.end:
                trainer.stop("verify")

    def on_epoch_end(self, trainer: Trainer, row: dict[str, float]) -> None:
        """Compare the state at the end of an epoch."""
        self._compare(trainer)
        if self.partial and trainer.step >= self.end and trainer.stopped is None:
            trainer.stop("verify")

    def _compare(self, trainer: Trainer) -> None:
        step = trainer.step
        if step not in self.checkpoints or step == self.result.first:
            return
        recorded = read_checkpoint(self.checkpoints[step], trainer.model).arrays
        with trainer.averaged_weights():
            ours = {f"model.{name}": a for name, a in trainer.model.state_dict().items()}
            if trainer.average is not None:
                ours |= {f"ema.{name}": a for name, a in trainer.average.state_dict().items()}
        ours |= {f"optimizer.{name}": a for name, a in trainer.optimizer.slots.items()}
        self.result.arrays += len(ours)
        self.result.found += compared(
            step, ours, {name: a for name, a in recorded.items() if not name.startswith("callbacks.")}
        )
        if any(d.name != "loss" for d in self.result.found):
            trainer.stop("verify")


def verify_run(
    run: RunFolder,
    build: Callable[[Recipe, Shape], Module],
    *,
    start: int | None = None,
    steps: int | None = None,
) -> Verification:
    """Replay a run and compare it with what it recorded; nothing of it is changed.

    Parameters
    ----------
    run : RunFolder
    build : function
        Makes the network of a recipe for an input shape, built with the recipe's seed.
    start : int, optional
        The step of a checkpoint to begin at; without it the run is replayed from its seed.
    steps : int, optional
        How many steps; without it to the last one that was recorded.

    Raises
    ------
    FileError
        If there is no such checkpoint, a file is damaged, or the data are not those of the run.
    """
    checkpoints = {int(path.stem.removeprefix("step-")): path for path in stored(run.path / "checkpoints")}
    if start is not None and start not in checkpoints:
        known = ", ".join(map(str, sorted(checkpoints)))
        raise FileError(f"{run.path}: has no checkpoint of step {start}; there are {known or 'none'}")
    recipe = run.recipe
    parts = load_parts(recipe, run.info.input_shape)
    now = {name: fingerprint(part) for name, part in parts._asdict().items()}
    if changed := [name for name, value in run.info.data_sha256.items() if now.get(name) != value]:
        raise FileError(f"{run.path}: the {', '.join(changed)} data are not those of the run")
    log = StepsLog(run.path / "steps.csv").read()
    last = max([*log, *checkpoints], default=0)
    result = Verification(start or 0, last=start or 0)
    if steps is not None and steps < 1:
        raise ConfigError(f"verify-run: {steps} steps asked for, at least 1 is needed")
    end = last if steps is None else min(last, result.first + steps)
    if end <= result.first:
        raise ConfigError(f"{run.path}: no step after {result.first} was recorded")
    whole = steps is None and (run.path / "result.json").exists()
    model = build(recipe, parts.training.input_shape)
    trainer, loader = assemble(recipe, model, parts.training)
    trainer.lint = False
    trainer.callbacks = (*trainer.callbacks, _Comparer(result, log, checkpoints, end, not whole))
    if start is not None:
        restore(trainer, read_checkpoint(checkpoints[start], model), str(checkpoints[start]))
    elif 0 in checkpoints:
        recorded = read_checkpoint(checkpoints[0], model).part("model.")
        result.arrays += len(recorded)
        result.found += compared(0, model.state_dict(), recorded)
    environments = run.environments()
    result.notes = [*run.changes(), *(differences(environments[-1], environment()) if environments else [])]
    if not result.found:
        held_out = parts.validation if len(parts.validation) else None
        trainer.fit(loader, recipe.epochs - trainer.epoch, validation=held_out)
        _compare_history(run, trainer, result)
    if log and not result.found and (missing := result.last - result.first - result.losses):
        result.recorded = False
        result.notes.append(f"the losses of {missing:,} steps were not recorded")
    if whole and not result.found:
        weights, _ = read_arrays(run.weights("last"), lambda header: None)
        result.arrays += len(weights)
        result.found += compared(trainer.step, model.state_dict(), weights)
    return result


def _compare_history(run: RunFolder, trainer: Trainer, result: Verification) -> None:
    """Compare the rows of the epochs that were replayed with those of the newest checkpoint's history."""
    files = stored(run.path / "checkpoints")
    rows = read_checkpoint(files[0]).state["history"] if files else []
    for ours, theirs in zip(trainer.history.rows, rows, strict=False):
        result.rows += 1
        for column in ours.keys() & theirs.keys():
            ulps = int(distance(np.array(float(ours[column])), np.array(float(theirs[column]))).max())
            if ulps and not result.found:
                result.found.append(Difference(trainer.step, f"epoch {ours['epoch']:g}, {column}", ulps, 1, 1))
