"""Copying between any two layouts of memory."""

from .._core.arrays import Array
from ._dispatch import twin


@twin
def _copy(x: Array, y: Array, axis: int, start: int) -> None:
    # All of x and a number, no view of a part: who records knows an array that is given by where it begins.
    y[...] = x[(*(slice(None),) * axis, slice(start, start + y.shape[axis]))]


def copy(x: Array, y: Array, axis: int = 0, start: int = 0) -> None:
    """Fill y, of any strides, with x from number `start` of `axis` on."""
    _copy(x, y, axis, start)
