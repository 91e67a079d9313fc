"""hard_swish: silu with straight lines in the place of its sigmoid.

    y = x * min(max(x + 3, 0), 6) / 6        grad_x = 0 for x <= -3, g for x >= 3, between them g * (x / 3 + 1/2)

At x = -3 and x = 3 there are kinks; there the derivative is taken as 0 and as 1, as PyTorch does.
A. Howard et al., Searching for MobileNetV3, ICCV 2019.

x, y, g = dL/dy: any one shape.
"""

import numpy as np

from .._core.arrays import Array, Shape
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty


def hard_swish_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x."""
    return tuple(x_shape)


def hard_swish_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved).

    >>> hard_swish_forward(np.array([-4.0, -1.5, 0.0, 4.0]))[0].tolist()
    [-0.0, -0.375, 0.0, 4.0]
    """
    y = empty(x.shape, float_dtype("hard_swish", x=x))
    _hard_swish_forward(x, y)
    return y, x


def hard_swish_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("hard_swish", "grad_y", grad_y, saved.shape)
    grad_x = empty(saved.shape, float_dtype("hard_swish", x=saved, grad_y=grad_y))
    _hard_swish_backward(grad_y, saved, grad_x)
    return grad_x


@twin
def _hard_swish_forward(x: Array, y: Array) -> None:
    np.add(x, 3, out=y)
    np.clip(y, 0, 6, out=y)
    y /= 6
    y *= x


@twin
def _hard_swish_backward(grad_y: Array, x: Array, grad_x: Array) -> None:
    np.divide(x, 3, out=grad_x)
    grad_x += 0.5
    np.copyto(grad_x, 0, where=x <= -3)
    np.copyto(grad_x, 1, where=x >= 3)
    grad_x *= grad_y
