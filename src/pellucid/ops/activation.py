"""Activations: functions applied to each number by itself.

relu        y = max(x, 0)        grad_x = g where y > 0, else 0

At x = 0 relu has a kink; its derivative there is taken as 0, as PyTorch does.  x, y, g = dL/dy: any one shape.
"""

import numpy as np

from .._core.arrays import Array, Shape
from ._check import float_dtype, same_shape
from ._memory import empty


def relu_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x."""
    return tuple(x_shape)


def relu_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved); y itself tells where the gradient flows."""
    y = np.maximum(x, 0, out=empty(x.shape, float_dtype("relu", x=x)))
    return y, y


def relu_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("relu", "grad_y", grad_y, saved.shape)
    return np.multiply(grad_y, saved > 0, out=empty(saved.shape, float_dtype("relu", grad_y=grad_y)))
