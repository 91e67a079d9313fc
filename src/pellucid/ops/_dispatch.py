"""The one seam between a NumPy reference and its native twin, the C++ kernel of the same name.

An op checks its arguments and makes its outputs; what then fills them is a function marked as `twin`, and either
engine can do that.  The native engine computes in float32; float64 always goes to the reference.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

from .. import native
from .._core.arrays import Array

MOST_AXES = 8  # that kernels walk over

TWINS: dict[str, Callable[..., None]] = {}
"""The references of all kernels by name; a test compares it with what the native engine has."""


class Calls:
    """What somebody who records kernel calls has to know of them."""

    def __init__(self) -> None:
        self.arguments: list[Any] = []  # kept alive: nothing else can come to lie where they are
        self.draws: list[Callable[[], int]] = []  # where the random keys came from
        self.whole = True  # whether kernels alone did everything
        self.names: list[str] = []  # of the kernels, or of their references

    def forget(self) -> None:
        """Let go what was written down so far."""
        self.arguments.clear()
        self.draws.clear()
        self.names.clear()


class _Thread(threading.local):
    calls: Calls | None = None  # of who records in this thread


thread = _Thread()


def unrepeatable() -> None:
    """Say that something was computed without a kernel: who records cannot repeat that."""
    if thread.calls is not None:
        thread.calls.whole = False


def drawn(draw: Callable[[], int]) -> int:
    """Return a random key; who repeats this draws anew."""
    if thread.calls is not None:
        thread.calls.draws.append(draw)
    return draw()


def twin(reference: Callable[..., None]) -> Callable[..., None]:
    """Let the native kernel of the same name, without the underscore, fill the outputs of float32 calls.

    The first argument is an array and says the type of all.  Arguments go by position: arrays, None, numbers.
    """
    name = reference.__name__.removeprefix("_")
    TWINS[name] = reference

    @functools.wraps(reference)
    def fill(first: Array, *rest: Any) -> None:
        engine = native.engine
        if engine is not None and first.dtype.char == "f" and first.ndim <= MOST_AXES:
            getattr(engine, name)(first, *rest)
            if thread.calls is not None:
                thread.calls.arguments.append((first, rest))
                thread.calls.names.append(name)
        else:
            unrepeatable()
            if thread.calls is not None:
                thread.calls.names.append(name)
            reference(first, *rest)

    return fill
