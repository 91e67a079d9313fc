"""The one seam between a NumPy reference and its native twin, the C++ kernel of the same name.

An op checks its arguments and makes its outputs; what then fills them is a function marked as `twin`, and either
engine can do that.  The native engine computes in float32; float64 always goes to the reference.
"""

import functools
from collections.abc import Callable
from typing import Any

from .. import native
from .._core.arrays import Array

TWINS: dict[str, Callable[..., None]] = {}
"""The references of all kernels by name; a test compares it with what the native engine has."""


def twin(reference: Callable[..., None]) -> Callable[..., None]:
    """Let the native kernel of the same name, without the underscore, fill the outputs of float32 calls.

    The first argument is an array and says the type of all.  Arguments go by position: arrays, None, numbers.
    """
    name = reference.__name__.removeprefix("_")
    TWINS[name] = reference

    @functools.wraps(reference)
    def fill(first: Array, *rest: Any) -> None:
        engine = native.engine
        if engine is not None and first.dtype.char == "f":
            getattr(engine, name)(first, *rest)
        else:
            reference(first, *rest)

    return fill
