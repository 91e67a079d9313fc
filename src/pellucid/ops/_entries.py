"""What losses of outputs and targets of one shape share: the loss of a sample is the mean over its entries."""

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import float_dtype, same_shape
from ._memory import empty


def samples_shape(op: str, x_shape: Shape, targets_shape: Shape) -> Shape:
    """Return the shape of y: (N,); targets must have the shape of the outputs."""
    if tuple(targets_shape) != tuple(x_shape):
        raise ShapeError(
            f"{op}: targets have shape {tuple(targets_shape)}, the outputs {tuple(x_shape)}; they must be alike"
        )
    if not x_shape or 0 in x_shape[1:]:
        raise ShapeError(f"{op}: outputs of shape {tuple(x_shape)} have no entries for each sample")
    return (x_shape[0],)


def losses(op: str, x: Array, targets: Array) -> Array:
    """Return the output of a forward, checked and still empty."""
    dtype = float_dtype(op, outputs=x, targets=targets)
    return empty(samples_shape(op, x.shape, targets.shape), dtype)


def gradient(op: str, grad_y: Array, x: Array) -> Array:
    """Return the output of a backward, checked and still empty."""
    grad_x = empty(x.shape, float_dtype(op, outputs=x, grad_y=grad_y))
    same_shape(op, "grad_y", grad_y, x.shape[:1])
    return grad_x


def mean_of_entries(entries: Array, y: Array) -> None:
    """Write the mean of each sample's entries (N, ...) to y (N,)."""
    np.mean(entries, axis=tuple(range(1, entries.ndim)), out=y)


def per_entry(grad_y: Array, grad_x: Array) -> Array:
    """Return what each sample's gradient gives to each of its entries, shaped to multiply (N, ...)."""
    share: Array = grad_y / (grad_x.size // max(len(grad_x), 1))
    return share.reshape(-1, *(1,) * (grad_x.ndim - 1))
