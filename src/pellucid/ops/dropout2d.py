"""dropout2d: leave out whole channels with probability p, and scale up the rest so that the mean stays.

    y[n,c,...] = x[n,c,...] * mask[n,c] / (1 - p)          mask[n,c] = 1 with probability 1 - p, else 0
    grad_x[n,c,...] = g[n,c,...] * mask[n,c] / (1 - p)

Neighbours in an image are so alike that leaving out single numbers hides little; a whole channel is missed.  Entry
i = n*C + c of the mask is the same function of (key, i) as in dropout.py.  J. Tompson et al., Efficient object
localization using convolutional networks, CVPR 2015.

x, y, g = dL/dy: (N,C,H,W) or (N,C,L), all of one shape.   mask (N,C).   p in [0, 1]
"""

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from .._core.random import bits, check_count
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty
from .dropout import chance

Saved = tuple[Array, float, Shape]


def dropout2d_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x, which has 3 or 4 axes."""
    if len(x_shape) not in (3, 4):
        raise ShapeError(f"dropout2d: expected (N, C, H, W) or (N, C, L), got shape {tuple(x_shape)}")
    return tuple(x_shape)


def dropout2d_forward(x: Array, *, p: float, key: int) -> tuple[Array, Saved]:
    """Return (y, saved); `key` is 64 random bits, fresh for each use."""
    threshold, scale = chance("dropout2d", p)
    y, mask = empty(dropout2d_shape(x.shape), float_dtype("dropout2d", x=x)), empty(x.shape[:2], bool)
    check_count(mask.size)
    _dropout2d_forward(x, y, mask, key, threshold, scale)
    return y, (mask, scale, x.shape)


def dropout2d_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    mask, scale, x_shape = saved
    same_shape("dropout2d", "grad_y", grad_y, x_shape)
    grad_x = empty(x_shape, float_dtype("dropout2d", grad_y=grad_y))
    _dropout2d_backward(grad_y, mask, grad_x, scale)
    return grad_x


@twin
def _dropout2d_forward(x: Array, y: Array, mask: Array, key: int, threshold: int, scale: float) -> None:
    np.greater_equal(bits(key, mask.size).reshape(mask.shape), np.uint64(threshold), out=mask)
    _by_channel(x, mask, y, scale)


@twin
def _dropout2d_backward(grad_y: Array, mask: Array, grad_x: Array, scale: float) -> None:
    _by_channel(grad_y, mask, grad_x, scale)


def _by_channel(x: Array, mask: Array, y: Array, scale: float) -> None:
    np.multiply(x, mask.reshape(*mask.shape, *(1,) * (x.ndim - 2)), out=y)
    y *= y.dtype.type(scale)
