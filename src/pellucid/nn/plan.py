"""Plan: what a Sequential runs, step by step, and again in one native call.

The steps hold as long as no attribute of a layer and no hook changes.  If all of them are kernel calls and nothing
else, and a Trainer's arena is open, the first pass is recorded, forwards and backwards; those that follow replay it.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from .. import native
from .._core.arrays import Array
from ..ops import _dispatch
from ..ops._memory import open_arena
from ..ops._recording import Recording
from . import fuse, hooks
from .fuse import Step
from .module import Module
from .parameter import Parameter
from .stack import noting

Observer = Callable[[Step, str, Any, Any], None]
"""Told of each step: the step, "forward" or "backward", what went in, what came out."""


class _Thread(threading.local):
    observer: Observer | None = None


_thread = _Thread()


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Let somebody see what goes into each step and comes out, fused as it runs, for the length of a ``with``."""
    before, _thread.observer = _thread.observer, observer
    try:
        yield
    finally:
        _thread.observer = before


class Track:
    """A recorded forward, and the backward that belongs to it."""

    def __init__(self, x: Array) -> None:
        self.x, self.forward = x, Recording(x)
        self.backward: Recording | None = None
        self.kept: list[tuple[Module, Any]] = []  # what the layers kept when it was recorded

    def hand_back(self, x: Array) -> None:
        """Let the layers keep what a forward step by step would have left of `x`."""
        for layer, saved in self.kept:
            layer.keep(_replaced(saved, self.x, x))


class Pass(NamedTuple):
    """What a forward leaves for its backward."""

    plan: "Plan"
    x: Array | None  # None if nothing of it is to be recorded
    track: Track | None
    replayed: bool  # then the layers have kept nothing

    def backward(self, grad_y: Array) -> Array | None:
        """Go back through the steps; return grad_x, None where nobody needs it."""
        return self.plan.backward(grad_y, self)


class Plan:
    """The steps for some layers, as these are now."""

    def __init__(self, layers: Sequence[Module], fused: bool) -> None:
        self.made = self._conditions(fused)
        self.steps: tuple[Step, ...] = fuse.steps(layers) if fused else tuple(layers)
        self._parameters = [p for layer in layers for _, p in layer.named_parameters()]
        distinct = len(set(map(id, layers))) == len(layers)
        known = all(type(p) is Parameter for p in self._parameters)  # a subclass may compute its data anew each time
        self._recordable = native.engine is not None and distinct and known and all(map(_kernels_only, layers))
        self._track: Track | None = None

    def holds(self, fused: bool) -> bool:
        """Whether the same would be made now."""
        return self.made == self._conditions(fused)

    def forward(self, x: Array) -> tuple[Array, Pass]:
        """Return the output, and what backward needs."""
        if _dispatch.thread.calls is not None or _thread.observer is not None:  # somebody around it wants each call
            return self._forward(x), Pass(self, None, None, replayed=False)
        track = self._track
        if track is not None and track.forward.replay(x):
            return track.forward.result, Pass(self, x, track, replayed=True)
        if not self._can_record(x):
            return self._forward(x), Pass(self, x, None, replayed=False)
        self._track = track = Track(x)
        with track.forward.taking(), noting() as track.kept:
            y = self._forward(x)
        track.forward.result = y
        arrays = [array for _, saved in track.kept for array in _arrays(saved)]
        if not track.forward.owns(y, *(array for array in arrays if array is not x)):
            track.forward.spoil()
        return y, Pass(self, x, track, replayed=False)

    def backward(self, grad_y: Array, done: Pass) -> Array | None:
        """Return grad_x, None where nobody needs it."""
        track = done.track if self.holds(self.made[0]) else None
        fresh = all(parameter.zeroed for parameter in self._parameters)  # else gradients are added to those there are
        if done.x is None:
            return self._backward(grad_y)
        if done.replayed:
            assert done.track is not None
            if track is not None and fresh and track.backward is not None and track.backward.replay(done.x, grad_y):
                grad_x: Array | None
                grad_x, written = track.backward.result
                for parameter in written:
                    parameter.grad_written()
                return grad_x
            done.track.hand_back(done.x)
        if track is None or not fresh or not self._can_record(grad_y):
            return self._backward(grad_y)
        track.backward = recording = Recording(done.x, grad_y)
        with recording.taking():
            grad_x = self._backward(grad_y)
        recording.result = grad_x, [parameter for parameter in self._parameters if not parameter.zeroed]
        if grad_x is not None and not recording.owns(grad_x):
            recording.spoil()
        return grad_x

    def _forward(self, x: Array) -> Array:
        for step in self.steps:
            before, x = x, step.forward(x)
            if _thread.observer is not None:
                _thread.observer(step, "forward", before, x)
        return x

    def _backward(self, grad_y: Array) -> Array | None:
        grad: Any = grad_y
        for step in reversed(self.steps):
            before, grad = grad, step.backward(grad)
            if _thread.observer is not None:
                _thread.observer(step, "backward", before, grad)
        return grad  # type: ignore[no-any-return]  # None goes through

    def _can_record(self, array: Array) -> bool:
        return (
            self._recordable
            and open_arena() is not None
            and isinstance(array, np.ndarray)
            and array.dtype == np.float32
        )

    @staticmethod
    def _conditions(fused: bool) -> tuple[bool, int, Any]:
        return fused, hooks.changes(), native.engine


def _arrays(saved: Any) -> list[Array]:
    """Return the arrays in what a layer kept."""
    if type(saved) in (tuple, list):
        return [array for part in saved for array in _arrays(part)]
    return [saved] if isinstance(saved, np.ndarray) else []


def _replaced(saved: Any, before: Array, now: Array) -> Any:
    """Return what a layer kept, with one array in the place of another."""
    if type(saved) in (tuple, list):
        return type(saved)(_replaced(part, before, now) for part in saved)
    return now if saved is before else saved


def _kernels_only(layer: Module) -> bool:
    """Whether its passes, and those of its parts, are kernel calls and nothing else; a subclass must say so itself."""
    itself = not layer.watched and not {"forward", "backward", "op"} & vars(layer).keys()
    return itself and "kernels_only" in vars(type(layer)) and all(_kernels_only(part) for _, part in layer.children())
