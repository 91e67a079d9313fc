"""dropout: leave out each number with probability p, and scale up the rest so that the mean stays.

    y[i] = x[i] * mask[i] / (1 - p)          mask[i] = 1 with probability 1 - p, else 0
    grad_x[i] = g[i] * mask[i] / (1 - p)

The mask is no state: entry i (counted in C order over the shape) is a function of (key, i), see _core/random.py,
so the same key gives the same mask on any machine.  N. Srivastava et al., Dropout, JMLR 15 (2014), 1929-1958.

x, y, g = dL/dy: any one shape.   p in [0, 1]; with p = 1 everything is left out.
"""

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from .._core.random import bits, check_count
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty

Saved = tuple[Array, float]


def dropout_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x."""
    return tuple(x_shape)


def dropout_forward(x: Array, *, p: float, key: int) -> tuple[Array, Saved]:
    """Return (y, saved); `key` is 64 random bits, fresh for each use."""
    threshold, scale = chance("dropout", p)
    y, mask = empty(x.shape, float_dtype("dropout", x=x)), empty(x.shape, bool)
    check_count(x.size)
    _dropout_forward(x, y, mask, key, threshold, scale)
    return y, (mask, scale)


def chance(op: str, p: float) -> tuple[int, float]:
    """Return (threshold, scale): entries below `threshold` are left out, what stays is multiplied by `scale`."""
    if not 0 <= p <= 1:
        raise ConfigError(f"{op}: p is {p}, a probability from 0 to 1 is needed")
    return round(p * 2**32), 1 / (1 - p) if p < 1 else 0.0


def dropout_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    mask, scale = saved
    same_shape("dropout", "grad_y", grad_y, mask.shape)
    grad_x = empty(mask.shape, float_dtype("dropout", grad_y=grad_y))
    _dropout_backward(grad_y, mask, grad_x, scale)
    return grad_x


@twin
def _dropout_forward(x: Array, y: Array, mask: Array, key: int, threshold: int, scale: float) -> None:
    np.greater_equal(bits(key, x.size).reshape(x.shape), np.uint64(threshold), out=mask)
    np.multiply(x, mask, out=y)
    y *= y.dtype.type(scale)


@twin
def _dropout_backward(grad_y: Array, mask: Array, grad_x: Array, scale: float) -> None:
    np.multiply(grad_y, mask, out=grad_x)
    grad_x *= grad_x.dtype.type(scale)
