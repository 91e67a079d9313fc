"""gelu: each number times the probability that a standard normal number is less.

    y = x * P(x)        P(x) = (1 + erf(x / sqrt 2)) / 2        grad_x = g * (P(x) + x * exp(-x**2 / 2) / sqrt(2 pi))

approximate="tanh" puts a sigmoid in the place of P; written with tanh it is the one of most papers:

    y = x * s = x / 2 * (1 + tanh u)        s = 1 / (1 + exp(-2u))        u = sqrt(2 / pi) * (x + 0.044715 * x**3)
    grad_x = g * (s + x * s * (1 - s) * 2 du/dx)

P comes from erfc, so that it is right to the last digits where it is next to 0.
D. Hendrycks and K. Gimpel, Gaussian error linear units (GELUs), arXiv:1606.08415, 2016.

x, y, g = dL/dy: any one shape.   approximate: "none" or "tanh".
"""

import math
from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._erf import erfc
from ._memory import empty
from .activation import _sigmoid_forward

Saved: TypeAlias = tuple[Array, bool]

_CUBIC = 0.044715


def gelu_shape(x_shape: Shape, *, approximate: str = "none") -> Shape:
    """Return the shape of y: that of x."""
    return tuple(x_shape)


def gelu_forward(x: Array, *, approximate: str = "none") -> tuple[Array, Saved]:
    """Return (y, saved).

    >>> gelu_forward(np.array([-1.0, 0.0, 1.0]))[0].round(4).tolist()
    [-0.1587, 0.0, 0.8413]
    >>> gelu_forward(np.array([-1.0, 0.0, 1.0]), approximate="tanh")[0].round(4).tolist()
    [-0.1588, 0.0, 0.8412]
    """
    y = empty(x.shape, float_dtype("gelu", x=x))
    by_tanh = is_by_tanh("gelu", approximate)
    _gelu_forward(x, y, by_tanh)
    return y, (x, by_tanh)


def gelu_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    x, by_tanh = saved
    same_shape("gelu", "grad_y", grad_y, x.shape)
    grad_x = empty(x.shape, float_dtype("gelu", x=x, grad_y=grad_y))
    _gelu_backward(grad_y, x, grad_x, by_tanh)
    return grad_x


@twin
def _gelu_forward(x: Array, y: Array, by_tanh: bool) -> None:
    np.multiply(x, _share(x, by_tanh), out=y)


@twin
def _gelu_backward(grad_y: Array, x: Array, grad_x: Array, by_tanh: bool) -> None:
    share = _share(x, by_tanh)
    if by_tanh:
        np.multiply(x, x, out=grad_x)
        grad_x *= 3 * _CUBIC
        grad_x += 1
        grad_x *= share * (1 - share) * math.sqrt(8 / math.pi)  # 2 du/dx
    else:
        np.exp(x * x / -2, out=grad_x)
        grad_x /= math.sqrt(2 * math.pi)
    grad_x *= x
    grad_x += share
    grad_x *= grad_y


def is_by_tanh(op: str, approximate: str) -> bool:
    """Return whether it is "tanh"; refuse all but that and "none"."""
    if approximate not in ("none", "tanh"):
        raise ConfigError(f"{op}: approximate is {approximate!r}, expected 'none' or 'tanh'")
    return approximate == "tanh"


def _share(x: Array, by_tanh: bool) -> Array:
    """Return what x is multiplied by: P(x), or the sigmoid in its place."""
    if not by_tanh:
        return erfc(x * -math.sqrt(0.5)) / 2
    share = np.empty_like(x)
    _sigmoid_forward(math.sqrt(8 / math.pi) * (x + _CUBIC * x * x * x), share)
    return share
