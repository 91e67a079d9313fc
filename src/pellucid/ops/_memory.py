"""Where ops get their output arrays: fresh from NumPy, or the same block again every training step."""

import threading
from math import prod
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError

ALIGNMENT = 64  # bytes: a cache line, and the widest vector
poison = False  # tests turn it on: a float output that is not fully written stays nan


class _Thread(threading.local):
    arena: "Arena | None" = None  # whose step is open in this thread
    scratch: Array | None = None


_thread = _Thread()


class Dealt(NamedTuple):
    """Arrays dealt one after the other: the number of the first and of the one behind them, and the last entry."""

    start: int
    end: int
    last: tuple[Any, int, Array]


class Arena:
    """One block, dealt out in the same order each step: static shapes make it a static plan.

    As long as a step asks for the shapes of the last one it gets the very same arrays again.  They live until the
    next `step`; what must outlive the step is copied by whoever keeps it.
    """

    def __init__(self) -> None:
        self.block, self.used, self.open = _aligned_bytes(0), 0, False
        self.dealt: list[tuple[Any, int, Array]] = []  # what was asked for, where it ends, the array
        self.next = 0

    def array(self, shape: Shape, dtype: npt.DTypeLike, images: bool) -> Array:
        """Return the next array of the step."""
        asked = shape, dtype, images
        if self.next < len(self.dealt):
            before, end, array = self.dealt[self.next]
            if before == asked:
                self.next, self.used = self.next + 1, end
                return _poisoned(array)
            del self.dealt[self.next :]
        kind: np.dtype[Any] = np.dtype(dtype)
        array = _shaped(self._take(prod(shape) * kind.itemsize).view(kind), shape, images)
        self.dealt.append((asked, self.used, array))
        self.next += 1
        return _poisoned(array)

    def _take(self, size: int) -> Array:
        """Return the next `size` bytes of the block, aligned to 64."""
        start, self.used = self.used, self.used + -(-size // ALIGNMENT) * ALIGNMENT
        if self.used > self.block.size:  # the first step, or a larger batch
            return _aligned_bytes(size)
        return self.block[start : start + size]

    def dealt_since(self, start: int) -> Dealt | None:
        """Return the arrays from number `start` on, None if there are none."""
        return Dealt(start, self.next, self.dealt[self.next - 1]) if start < self.next else None

    def deal_again(self, run: Dealt) -> bool:
        """Deal `run` once more if it comes next and its arrays are still the ones to deal; return whether."""
        end = run.end
        # Entries are only ever cut off at the end: where the last one stands, all before it stand too.
        if self.next != run.start or len(self.dealt) < end or self.dealt[end - 1] is not run.last:
            return False
        for _, _, array in self.dealt[run.start : end] if poison else ():
            _poisoned(array)
        self.next, self.used = end, run.last[1]
        return True

    def step(self) -> Self:
        """Deal this thread's op outputs from the block until the end of a ``with``."""
        return self

    def __enter__(self) -> None:
        if _thread.arena is not None or self.open:
            raise ConfigError("arena: a step is already open; a Trainer does one thing at a time, in one thread")
        _thread.arena, self.used, self.next, self.open = self, 0, 0, True

    def __exit__(self, *exception: object) -> None:
        _thread.arena, self.open = None, False
        if self.used > self.block.size:
            self.block = _aligned_bytes(self.used)
            self.dealt.clear()


def open_arena() -> Arena | None:
    """Return the arena whose step is open in this thread."""
    return _thread.arena


def empty(shape: Shape, dtype: npt.DTypeLike, *, images: bool = True) -> Array:
    """Like `numpy.empty` for op outputs; four axes (N, C, H, W) come channels-last in memory if they are `images`."""
    if _thread.arena is not None:
        return _thread.arena.array(shape, dtype, images)
    return permanent(shape, dtype, images=images)


Out: TypeAlias = tuple[Array | None, Array | None]  # where grad_weight and grad_bias go, None for new arrays
Gradients: TypeAlias = tuple[Array | None, Array, Array | None]  # grad_x, grad_weight, grad_bias


def places(out: Out, weight: Array, has_bias: bool) -> tuple[Array, Array | None]:
    """Return where grad_weight and grad_bias go: into `out`, as far as it has a place for them, else new arrays."""
    grad_weight, grad_bias = out
    if grad_weight is None:
        grad_weight = empty(weight.shape, weight.dtype, images=False)
    if has_bias and grad_bias is None:
        grad_bias = empty(weight.shape[:1], weight.dtype)
    return grad_weight, grad_bias if has_bias else None


NOWHERE: Out = (None, None)
"""For `places`: both gradients are new arrays."""


def permanent(shape: Shape, dtype: npt.DTypeLike, *, images: bool = False) -> Array:
    """Return an aligned array that lives outside all arenas, whatever step is open; `images` as of `empty`."""
    kind: np.dtype[Any] = np.dtype(dtype)
    return _poisoned(_shaped(_aligned_bytes(prod(shape) * kind.itemsize).view(kind), shape, images))


def in_memory_order(array: Array) -> Array:
    """Return `array` as ops read it without copying: four axes channels-last, all else row-major."""
    if array.ndim != 4:
        return np.ascontiguousarray(array)
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def scratch(shape: Shape, dtype: npt.DTypeLike) -> Array:
    """Return a C-ordered array for the inside of one op: this thread's one buffer, dealt anew by each call."""
    kind: np.dtype[Any] = np.dtype(dtype)
    size = prod(shape) * kind.itemsize
    if _thread.scratch is None or _thread.scratch.size < size:
        _thread.scratch = _aligned_bytes(size)
    return _poisoned(_thread.scratch[:size].view(kind)).reshape(shape)


def scratch_copy(view: Array) -> Array:
    """Return `view` in C order, in `scratch`."""
    copy = scratch(view.shape, view.dtype)
    copy[...] = view
    return copy


def outside(array: Array) -> Array:
    """Return `array` for somebody who may keep it: a copy while an arena's step is open, else itself."""
    return array if _thread.arena is None else array.copy(order="K")


def _poisoned(array: Array) -> Array:
    if poison and array.dtype.kind == "f":
        array.fill(np.nan)
    return array


def _shaped(flat: Array, shape: Shape, images: bool) -> Array:
    if images and len(shape) == 4:
        N, C, H, W = shape
        return flat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return flat.reshape(shape)


def _aligned_bytes(size: int) -> Array:
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.__array_interface__["data"][0] % ALIGNMENT  # `raw.ctypes.data` takes longer
    return raw[start : start + size]
