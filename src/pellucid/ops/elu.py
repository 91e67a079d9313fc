"""elu: the identity above zero, below it an exponential that bends towards -alpha.

    y = x where x > 0, else alpha * (exp(x) - 1)        grad_x = g where x > 0, else alpha * exp(x) * g

At x = 0 there is a kink unless alpha is 1; there the derivative is taken as alpha, as PyTorch does.
D.-A. Clevert, T. Unterthiner and S. Hochreiter, Fast and accurate deep network learning by exponential linear units,
ICLR 2016.

x, y, g = dL/dy: any one shape.   alpha: a number.
"""

import numpy as np

from .._core.arrays import Array, Shape
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty


def elu_shape(x_shape: Shape, *, alpha: float = 1.0) -> Shape:
    """Return the shape of y: that of x."""
    return tuple(x_shape)


def elu_forward(x: Array, *, alpha: float = 1.0) -> tuple[Array, tuple[Array, float]]:
    """Return (y, saved).

    >>> elu_forward(np.array([-1000.0, 0.0, 3.0]), alpha=0.5)[0].tolist()
    [-0.5, 0.0, 3.0]
    """
    y = empty(x.shape, float_dtype("elu", x=x))
    _elu_forward(x, y, alpha)
    return y, (x, alpha)


def elu_backward(grad_y: Array, saved: tuple[Array, float]) -> Array:
    """Return grad_x."""
    x, alpha = saved
    same_shape("elu", "grad_y", grad_y, x.shape)
    grad_x = empty(x.shape, float_dtype("elu", x=x, grad_y=grad_y))
    _elu_backward(grad_y, x, grad_x, alpha)
    return grad_x


@twin
def _elu_forward(x: Array, y: Array, alpha: float) -> None:
    np.minimum(x, 0, out=y)
    np.expm1(y, out=y)
    y *= alpha
    np.copyto(y, x, where=x > 0)


@twin
def _elu_backward(grad_y: Array, x: Array, grad_x: Array, alpha: float) -> None:
    np.minimum(x, 0, out=grad_x)
    np.exp(grad_x, out=grad_x)
    grad_x *= alpha
    np.copyto(grad_x, 1, where=x > 0)
    grad_x *= grad_y
