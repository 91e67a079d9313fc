"""softmax and log_softmax: scores along the last axis become probabilities, or their logarithms.

    softmax      y[k] = exp(x[k]) / sum_j exp(x[j])            grad_x[k] = y[k] * (g[k] - sum_j g[j] y[j])
    log_softmax  y[k] = x[k] - log sum_j exp(x[j])             grad_x[k] = g[k] - exp(y[k]) * sum_j g[j]

Both first subtract the largest score: that changes nothing in the result, and exp cannot overflow.

x, y, g = dL/dy: (..., K)
"""

from math import prod
from typing import Any

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty


def softmax_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x, which needs at least one score."""
    if not x_shape or x_shape[-1] == 0:
        raise ShapeError(f"softmax: no scores along the last axis of shape {tuple(x_shape)}")
    return tuple(x_shape)


log_softmax_shape = softmax_shape


def softmax_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved): probabilities along the last axis."""
    y = _rows(softmax_shape(x.shape), float_dtype("softmax", x=x))
    _softmax_forward(x, y)
    return y, y


def softmax_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("softmax", "grad_y", grad_y, saved.shape)
    grad_x = _rows(saved.shape, float_dtype("softmax", y=saved, grad_y=grad_y))
    _softmax_backward(grad_y, saved, grad_x)
    return grad_x


@twin
def _softmax_forward(x: Array, y: Array) -> None:
    np.subtract(x, x.max(axis=-1, keepdims=True), out=y)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)


@twin
def _softmax_backward(grad_y: Array, y: Array, grad_x: Array) -> None:
    np.multiply(grad_y, y, out=grad_x)
    grad_x -= y * grad_x.sum(axis=-1, keepdims=True)


def log_softmax_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved): logarithms of the probabilities along the last axis."""
    y = _rows(log_softmax_shape(x.shape), float_dtype("log_softmax", x=x))
    _log_softmax_forward(x, y)
    return y, y


def log_softmax_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("log_softmax", "grad_y", grad_y, saved.shape)
    grad_x = _rows(saved.shape, float_dtype("log_softmax", y=saved, grad_y=grad_y))
    _log_softmax_backward(grad_y, saved, grad_x)
    return grad_x


@twin
def _log_softmax_forward(x: Array, y: Array) -> None:
    np.subtract(x, x.max(axis=-1, keepdims=True), out=y)
    y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))


@twin
def _log_softmax_backward(grad_y: Array, y: Array, grad_x: Array) -> None:
    np.exp(y, out=grad_x)
    grad_x *= -grad_y.sum(axis=-1, keepdims=True)
    grad_x += grad_y


def _rows(shape: Shape, dtype: np.dtype[Any]) -> Array:
    """Return an empty output with the last axis contiguous, of four axes too."""
    return empty((prod(shape),), dtype).reshape(shape)
