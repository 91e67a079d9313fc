"""The black box: a step whose loss or gradient is not finite is not taken, explained, and kept for a replay."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._core.errors import NonFiniteError
from ..nn import Module
from .scan import Batch, Culprit, scan

if TYPE_CHECKING:
    from .stepper import Stepper


class NotFinite(Exception):
    """What ends a step; it says which number it was that is not finite."""


class BlackBox:
    """What is kept of a step until it is taken: the buffers before it, and its batches.

    Parameters
    ----------
    model : Module
        Built.

    Attributes
    ----------
    write : function or None
        Keeps a bundle: given the trainer, the batches and the message it returns the file; see `Bundles`.
    explains : bool
        Whether to look for the layer that made it.
    """

    def __init__(self, model: Module) -> None:
        self._buffers = [buffer.data for _, buffer in model.named_buffers()]
        self._before = [array.copy() for array in self._buffers]
        self._batches: list[Batch] = []
        self.write: Callable[[Any, list[Batch], str], Path] | None = None
        self.explains = True

    def begin(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Keep what a step may change before it is known to be right; yield its batches."""
        for array, before in zip(self._buffers, self._before, strict=True):
            before[...] = array
        self._batches = []
        for batch in batches:
            self._batches.append(batch)
            yield batch

    def put_back(self) -> None:
        """Let the buffers, such as running statistics, be what they were before the step."""
        for array, before in zip(self._buffers, self._before, strict=True):
            array[...] = before

    def error(self, stepper: "Stepper", what: str, weighted: bool) -> NonFiniteError:
        """Return the error to raise: the step is undone, its cause was looked for, the bundle is written."""
        self.put_back()
        batches, step = [tuple(map(np.array, batch)) for batch in self._batches], stepper.step
        try:
            found = explain(stepper, batches, weighted, self.put_back) if self.explains else []
        except Exception as error:  # of a layer of one's own, say, or of memory: the cause is what is to be told
            found = [f"what made it could not be looked for: {type(error).__name__}: {error}"]
        finally:
            self.put_back()
            self.forget()
            stepper.optimizer.zero_grad()
        message = "\n  ".join([f"training: {what} in step {step + 1}, which was not taken", *found, _advice(stepper)])
        if self.write is None:
            return NonFiniteError(message, step + 1)
        try:
            bundle = self.write(stepper, batches, message)
        except Exception as error:  # as above: of a full disk, say
            return NonFiniteError(f"{message}\n  it could not be kept: {error}", step + 1)
        return NonFiniteError(f"{message}\n  kept in {bundle}: pellucid replay {bundle}", step + 1, bundle)

    def forget(self) -> None:
        """Let the batches of the step go."""
        self._batches = []


def explain(stepper: "Stepper", batches: list[Batch], weighted: bool, put_back: Callable[[], None]) -> list[str]:
    """Return what a scan of the step found, fused as it ran and layer by layer, in lines."""

    def restart() -> None:
        put_back()
        stepper.model.start_step(stepper.step, stepper.seed)
        stepper.optimizer.zero_grad()

    def look(fused: bool) -> Culprit | None:
        return scan(stepper.model, stepper.loss, batches, restart, fused=fused, weighted=weighted)

    as_it_ran = look(True)
    plain = as_it_ran if as_it_ran is not None and as_it_ran.direction == "given" else look(False)
    if as_it_ran is None and plain is None:
        return ["run once more, stage by stage, all numbers are finite: please report this, with the bundle"]
    if as_it_ran is not None and plain is not None and _same(as_it_ran, plain):
        return [_told(plain, len(batches))]
    lines = [("as it ran", as_it_ran), ("layer by layer", plain)]
    return [f"{how}: {'all is finite' if c is None else _told(c, len(batches))}" for how, c in lines]


def _same(one: Culprit, other: Culprit) -> bool:
    return (one.stage, one.direction, one.op) == (other.stage, other.direction, other.op)


def _told(culprit: Culprit, batches: int) -> str:
    return f"{culprit}{f', batch {culprit.batch + 1} of {batches}' if batches > 1 else ''}"


def _advice(stepper: "Stepper") -> str:
    return f"a learning rate below {stepper.optimizer.lr:g} may help, or clip_norm; check that the inputs are scaled"
