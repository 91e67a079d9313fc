"""flatten: all axes but the first become one, in the order C, H, W.

    y[n, (c*H + h)*W + w] = x[n,c,h,w]                grad_x[n,c,h,w] = g[n, (c*H + h)*W + w]

It copies, since images lie channels-last in memory.

x (N, ...)   y (N, product of the rest)
"""

from math import prod

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty


def flatten_shape(x_shape: Shape) -> Shape:
    """Return the shape of y."""
    if not x_shape:
        raise ShapeError("flatten: x has no axes, the first one must count the samples")
    return x_shape[0], prod(x_shape[1:])


def flatten_forward(x: Array) -> tuple[Array, Shape]:
    """Return (y, saved)."""
    y = empty(flatten_shape(x.shape), float_dtype("flatten", x=x))
    _flatten_forward(x, y)
    return y, x.shape


def flatten_backward(grad_y: Array, saved: Shape) -> Array:
    """Return grad_x."""
    same_shape("flatten", "grad_y", grad_y, flatten_shape(saved))
    grad_x = empty(saved, float_dtype("flatten", grad_y=grad_y))
    _flatten_backward(grad_y, grad_x)
    return grad_x


@twin
def _flatten_forward(x: Array, y: Array) -> None:
    y.reshape(x.shape)[...] = x


@twin
def _flatten_backward(grad_y: Array, grad_x: Array) -> None:
    grad_x[...] = grad_y.reshape(grad_x.shape)
