"""Checkpoints: everything a run needs to go on as if it had never stopped, in one safetensors file.

arrays     model.NAME           parameters and buffers
           optimizer.SLOT       what the update rule remembers, as long as the flat vector
           ema.NAME             with an average of the weights, which `model` then is, those that are trained
           callbacks.KIND.NAME  what callbacks keep, such as the best weights so far
metadata   one entry, JSON: format, seed, epoch, step, batch, partial means, history, settings of optimiser and
           schedule, what the caller adds (`about`), and the SHA-256 of all that and of the arrays

There is no clock, path, host or thread count in it: the same run writes the same bytes.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from safetensors.numpy import save

from .._core.arrays import Array
from .._core.errors import ConfigError, FileError, PellucidError
from .._core.files import write_file
from ..nn import Module
from .callbacks import Callback
from .metrics import Means
from .settings import settings
from .tensors import Header, read_arrays
from .trainer import Trainer

FORMAT = 1
_ENTRY = "pellucid"
_SETTINGS: Mapping[str, Any] = {  # of a trainer, and what they are in a checkpoint that has them not
    "seed": 0, "clip_norm": None, "clip_value": None, "accumulate": 1, "ema": None,
}  # fmt: skip
_T = TypeVar("_T")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory: its arrays by name, and the rest as plain data."""

    arrays: Mapping[str, Array]
    state: Mapping[str, Any]

    @property
    def about(self) -> dict[str, Any]:
        """What the writer of the checkpoint added."""
        return dict(self.state["about"])

    def part(self, prefix: str) -> dict[str, Array]:
        """Return the arrays whose names begin with `prefix`, without it."""
        return _part(self.arrays, prefix)


def save_checkpoint(trainer: Trainer, path: str | os.PathLike[str], about: Mapping[str, Any] | None = None) -> None:
    """Write the whole state of `trainer` between two steps.

    Parameters
    ----------
    trainer : Trainer
    path : path
        What stood there is replaced only by a whole file.
    about : mapping, optional
        Plain data to keep with it, such as the configuration of the run.
    """
    write_file(path, checkpoint_bytes(trainer, about))


def checkpoint_bytes(
    trainer: Trainer, about: Mapping[str, Any] | None = None, more: Mapping[str, Array] | None = None
) -> bytes:
    """Return what `save_checkpoint` writes, with `more` arrays if there are any; the same state, the same bytes."""
    average = trainer.average
    with trainer.averaged_weights():
        arrays = {f"model.{name}": a for name, a in trainer.model.state_dict().items()}
        arrays |= {} if average is None else {f"ema.{name}": a for name, a in average.state_dict().items()}
    arrays |= {f"optimizer.{name}": a for name, a in trainer.optimizer.slots.items()}
    for kind, callback in _stateful(trainer).items():
        arrays |= {f"callbacks.{kind}.{name}": a for name, a in callback.state_dict().items()}
    arrays |= more or {}
    state: dict[str, Any] = {
        "format": FORMAT,
        **{name: getattr(trainer, name) for name in _SETTINGS},
        "ema_steps": 0 if average is None else average.steps,
        "epoch": trainer.epoch,
        "step": trainer.step,
        "batch": trainer.batch,
        "means": {"sums": trainer.means.sums, "counts": trainer.means.counts} if trainer.batch else None,
        "history": trainer.history.rows,
        "optimizer": settings(trainer.optimizer)
        | {"steps": trainer.optimizer.steps, "missed": trainer.optimizer.missed},
        "frozen": [name for name, parameter in trainer.model.named_parameters() if parameter.frozen],
        "schedule": None if trainer.schedule is None else settings(trainer.schedule),
        "loss": settings(trainer.loss),
        "about": dict(about or {}),
    }
    state["sha256"] = _fingerprint(arrays, state)
    return save(arrays, {_ENTRY: json.dumps(state)})


def read_checkpoint(path: str | os.PathLike[str], model: Module | None = None, *, finite: bool = True) -> Checkpoint:
    """Read a checkpoint and make sure that not a bit of it has changed since it was written.

    With a `model`, names and shapes are compared with its own before any numbers are read; unless `finite` is off,
    numbers that are not finite are refused.

    Raises
    ------
    FileError
        If it cannot be read, is damaged, is no checkpoint, or of a format that this version does not know.
    """

    def fits(header: Header) -> None:
        if model is not None:
            try:
                model.check_state_dict(_part(header, "model."))
            except PellucidError as error:
                raise FileError(f"{path}: does not fit the model: {error}") from error

    arrays, metadata = read_arrays(path, fits, finite=finite)
    try:
        state = json.loads(metadata[_ENTRY])
        known = state["format"] == FORMAT
    except (KeyError, TypeError, ValueError, RecursionError):
        raise FileError(f"{path}: is a safetensors file but no checkpoint of pellucid") from None
    if not known:
        raise FileError(f"{path}: has format {state['format']}, this version reads format {FORMAT}")
    if state.pop("sha256", None) != _fingerprint(arrays, state):
        raise FileError(f"{path}: damaged: its SHA-256 is not what was written")
    return Checkpoint(arrays, state)


def restore(trainer: Trainer, checkpoint: Checkpoint, source: str = "checkpoint") -> None:
    """Put `trainer` where the checkpoint was taken; on any error nothing is changed.

    The trainer must be made as the one that wrote it: the same network, kind of optimiser, schedule, seed and
    callbacks.  The optimiser's settings, such as its learning rate, are taken over, and what is frozen.

    Raises
    ------
    FileError
        If the checkpoint does not fit; every difference is named.
    """
    state, slots, optimizer = checkpoint.state, checkpoint.part("optimizer."), trainer.optimizer
    optimizer.make_slots()  # those too that a schedule's momentum will need
    problems = _differences(trainer, state)
    try:
        trainer.model.check_state_dict(checkpoint.part("model."))
        if trainer.average is not None and state.get("ema") is not None:
            trainer.average.check_state_dict(checkpoint.part("ema."))
    except PellucidError as error:
        problems.append(str(error))
    if slots.keys() != optimizer.slots.keys() or any(a.shape != optimizer.slots[n].shape for n, a in slots.items()):
        problems.append(f"the optimiser's arrays are {_shapes(slots)}, expected {_shapes(optimizer.slots)}")
    if problems:
        raise FileError(f"{source}: does not fit: {'; '.join(problems)}")
    for kind, callback in _stateful(trainer).items():
        callback.load_state_dict(checkpoint.part(f"callbacks.{kind}."))
    trainer.model.load_state_dict(checkpoint.part("model."))
    if trainer.average is not None:
        trainer.average.load_state_dict(checkpoint.part("ema."), state["ema_steps"])
    for name, array in slots.items():
        optimizer.slots[name][...] = array
    for name, value in state["optimizer"].items():
        if name not in ("kind", "groups"):
            setattr(optimizer, name, tuple(value) if isinstance(value, list) else value)
    for name, parameter in trainer.model.named_parameters():
        if parameter.frozen != (name in state.get("frozen", ())):
            parameter.frozen = not parameter.frozen
    trainer.epoch, trainer.step, trainer.batch = state["epoch"], state["step"], state["batch"]
    trainer.history.rows = [dict(row) for row in state["history"]]
    if trainer.schedule is not None:
        optimizer.scheduled_lr = optimizer.lr  # it was not set by hand
        trainer.schedule.measured(trainer.history.rows)
    means = state["means"] or {"sums": {}, "counts": {}}
    trainer.means = Means(means["sums"], means["counts"])


def _differences(trainer: Trainer, state: Mapping[str, Any]) -> list[str]:
    own = {
        **{name: getattr(trainer, name) for name in _SETTINGS},
        "optimizer": settings(trainer.optimizer)["kind"],
        "groups": settings(trainer.optimizer)["groups"],
        "schedule": None if trainer.schedule is None else settings(trainer.schedule),
        "loss": settings(trainer.loss),
    }
    optimizer = {"optimizer": state["optimizer"]["kind"], "groups": state["optimizer"].get("groups", [])}
    theirs = {**_SETTINGS, **state, **optimizer}
    own = json.loads(json.dumps(own))  # as it comes back from a file: tuples are lists
    return [f"{name} is {theirs[name]}, this trainer's {own[name]}" for name in own if own[name] != theirs[name]]


def _stateful(trainer: Trainer) -> dict[str, Any]:
    """Return the callbacks that have something to keep, by their kind."""
    found: dict[str, Any] = {}
    for callback in trainer.callbacks:
        kind = type(callback).__name__
        if type(callback).state_dict is not Callback.state_dict:
            if kind in found:
                raise ConfigError(f"checkpoint: two callbacks of kind {kind}; their states cannot be told apart")
            found[kind] = callback
    return found


def _fingerprint(arrays: Mapping[str, Array], state: Mapping[str, Any]) -> str:
    seal = hashlib.sha256(json.dumps(state, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        seal.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        seal.update(array.data)
    return seal.hexdigest()


def _shapes(arrays: Mapping[str, Array]) -> str:
    return ", ".join(f"{name} {array.shape}" for name, array in sorted(arrays.items())) or "none"


def _part(named: Mapping[str, _T], prefix: str) -> dict[str, _T]:
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}
