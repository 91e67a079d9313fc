"""silu, also called swish: each number times its sigmoid.

    y = x * s        s = 1 / (1 + exp(-x))        grad_x = g * (s + x * s * (1 - s))

S. Elfwing, E. Uchibe and K. Doya, Sigmoid-weighted linear units for neural network function approximation in
reinforcement learning, Neural Networks 107 (2018).

x, y, g = dL/dy: any one shape.
"""

import numpy as np

from .._core.arrays import Array, Shape
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty
from .activation import _sigmoid_forward


def silu_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x."""
    return tuple(x_shape)


def silu_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved).

    >>> silu_forward(np.array([-1000.0, 0.0, 1000.0]))[0].tolist()
    [-0.0, 0.0, 1000.0]
    """
    y = empty(x.shape, float_dtype("silu", x=x))
    _silu_forward(x, y)
    return y, x


def silu_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("silu", "grad_y", grad_y, saved.shape)
    grad_x = empty(saved.shape, float_dtype("silu", x=saved, grad_y=grad_y))
    _silu_backward(grad_y, saved, grad_x)
    return grad_x


@twin
def _silu_forward(x: Array, y: Array) -> None:
    _sigmoid_forward(x, y)
    y *= x


@twin
def _silu_backward(grad_y: Array, x: Array, grad_x: Array) -> None:
    s = np.empty_like(x)
    _sigmoid_forward(x, s)
    np.subtract(1, s, out=grad_x)
    grad_x *= x
    grad_x += 1
    grad_x *= s
    grad_x *= grad_y
