"""Bundles: a step that could not be taken, in one file, and its replay.

A bundle is a checkpoint of the moment before the step, with the step's batches beside it: ``batch.0.inputs``,
``batch.0.targets`` and, where samples have weights, ``batch.0.weights``.  Other than a checkpoint's its numbers need
not be finite.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._core.arrays import Array
from .._core.errors import FileError, NonFiniteError, PellucidError
from .._core.files import write_file
from ..nn import Loss, Module
from ..optim import SGD
from .checkpoint import Checkpoint, checkpoint_bytes, read_checkpoint
from .scan import Batch
from .trainer import Trainer

_PARTS = ("inputs", "targets", "weights")


class Bundles:
    """Writes bundles into a folder: ``trainer.black_box.write = Bundles(folder)``.

    Parameters
    ----------
    folder : path
        Where they go; it must exist.
    about : mapping, optional
        Plain data to keep with each, such as the recipe of the run.
    """

    def __init__(self, folder: str | os.PathLike[str], about: Mapping[str, Any] | None = None) -> None:
        self.folder, self.about = Path(folder), dict(about or {})

    def __call__(self, trainer: Trainer, batches: list[Batch], message: str) -> Path:
        """Write a bundle; return the file.  A run that fails again in the same step writes the same file."""
        path = self.folder / f"non-finite-{trainer.step + 1:08d}.safetensors"
        arrays = {f"batch.{i}.{n}": a for i, batch in enumerate(batches) for n, a in zip(_PARTS, batch, strict=False)}
        write_file(path, checkpoint_bytes(trainer, self.about | {"message": message}, arrays))
        return path


def read_bundle(path: str | os.PathLike[str], model: Module | None = None) -> Checkpoint:
    """Read a bundle; with a `model`, names and shapes are compared with its own first.

    Raises
    ------
    FileError
        If the file cannot be read, is damaged, or is no bundle.
    """
    bundle = read_checkpoint(path, model, finite=False)
    if "batch.0.inputs" not in bundle.arrays or "batch.0.targets" not in bundle.arrays:
        raise FileError(f"{path}: is a checkpoint, not a bundle: it holds no batch")
    return bundle


def replay(path: str | os.PathLike[str], model: Module, loss: Loss | None = None) -> NonFiniteError | None:
    """Take the step of a bundle once more; return the error in which it ends, None if all is finite now.

    Parameters
    ----------
    path : path
        What the error's `bundle` named.
    model : Module
        Built, the same network; it gets the weights before the step, and keeps them, whatever comes of the step.
    loss : Loss, optional
        CrossEntropyLoss by default.

    Raises
    ------
    FileError
        If the file cannot be read, is damaged, or does not fit the model.
    """
    bundle = read_bundle(path, model)
    state = bundle.state
    try:
        trainer = Trainer(
            model, SGD(model.parameters(), lr=state["optimizer"]["lr"]), loss,
            metrics={}, seed=state["seed"], accumulate=state["accumulate"],
        )  # fmt: skip
        model.load_state_dict(bundle.part("model."))
        if ema := bundle.part("ema."):  # then those are what is trained
            model.parameters().data = ema["weights"]
            for name, buffer in model.named_buffers():
                buffer.data = ema[f"buffers.{name}"]
        trainer.step = state["step"]
    except (KeyError, TypeError, PellucidError) as error:
        raise FileError(f"{path}: does not fit the model: {error}") from error
    before = model.state_dict()
    model.train()
    model.require_input_grad(False)
    try:
        trainer.take_step(_batches(bundle.arrays))
    except NonFiniteError as error:
        return error
    finally:
        model.require_input_grad(True)
        model.release()
        model.load_state_dict(before)
    return None


def _batches(arrays: Mapping[str, Array]) -> list[Batch]:
    found: list[Batch] = []
    while f"batch.{len(found)}.inputs" in arrays:
        names = (f"batch.{len(found)}.{name}" for name in _PARTS)
        found.append(tuple(arrays[name] for name in names if name in arrays))
    return found
