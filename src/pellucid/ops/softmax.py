"""softmax and log_softmax: scores along the last axis become probabilities, or their logarithms.

    softmax      y[k] = exp(x[k]) / sum_j exp(x[j])            grad_x[k] = y[k] * (g[k] - sum_j g[j] y[j])
    log_softmax  y[k] = x[k] - log sum_j exp(x[j])             grad_x[k] = g[k] - exp(y[k]) * sum_j g[j]

Both first subtract the largest score: that changes nothing in the result, and exp cannot overflow.

x, y, g = dL/dy: (..., K)
"""

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import float_dtype, same_shape
from ._memory import empty


def softmax_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x, which needs at least one score."""
    if not x_shape or x_shape[-1] == 0:
        raise ShapeError(f"softmax: no scores along the last axis of shape {tuple(x_shape)}")
    return tuple(x_shape)


log_softmax_shape = softmax_shape


def softmax_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved): probabilities along the last axis."""
    y = empty(softmax_shape(x.shape), float_dtype("softmax", x=x))
    np.subtract(x, x.max(axis=-1, keepdims=True), out=y)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)
    return y, y


def softmax_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    y = saved
    same_shape("softmax", "grad_y", grad_y, y.shape)
    grad_x = np.multiply(grad_y, y, out=empty(y.shape, float_dtype("softmax", grad_y=grad_y)))
    grad_x -= y * grad_x.sum(axis=-1, keepdims=True)
    return grad_x


def log_softmax_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved): logarithms of the probabilities along the last axis."""
    y = empty(log_softmax_shape(x.shape), float_dtype("log_softmax", x=x))
    np.subtract(x, x.max(axis=-1, keepdims=True), out=y)
    y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))
    return y, y


def log_softmax_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    y = saved
    same_shape("log_softmax", "grad_y", grad_y, y.shape)
    grad_x = np.exp(y, out=empty(y.shape, float_dtype("log_softmax", grad_y=grad_y)))
    grad_x *= -grad_y.sum(axis=-1, keepdims=True)
    grad_x += grad_y
    return grad_x
