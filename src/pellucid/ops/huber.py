"""huber: squared near the target, straight away from it, so that no outlier pulls harder than delta.

With d = x[n,m] - t[n,m]

    y[n] = 1/M sum_m (d**2 / 2 where |d| <= delta, else delta * (|d| - delta / 2))
    grad_x[n,m] = g[n] / M * min(max(d, -delta), delta)

P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35 (1964).

x, targets t (N, ...), of one shape; m counts the M entries of a sample, (N,) has one.   y, g = dL/dy (N,)
delta: a number above 0.
"""

from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ._dispatch import twin
from ._entries import gradient, losses, mean_of_entries, per_entry, samples_shape

Saved: TypeAlias = tuple[Array, Array, float]


def huber_shape(x_shape: Shape, targets_shape: Shape) -> Shape:
    """Return the shape of y: (N,)."""
    return samples_shape("huber", x_shape, targets_shape)


def huber_forward(x: Array, targets: Array, *, delta: float = 1.0) -> tuple[Array, Saved]:
    """Return (y, saved): the loss of each sample.

    >>> huber_forward(np.array([0.5, 10.0]), np.zeros(2))[0].tolist()
    [0.125, 9.5]
    """
    check_delta("huber", delta)
    y = losses("huber", x, targets)
    _huber_forward(x, targets, y, delta)
    return y, (x, targets, delta)


def huber_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    x, targets, delta = saved
    grad_x = gradient("huber", grad_y, x)
    _huber_backward(grad_y, x, targets, grad_x, delta)
    return grad_x


@twin
def _huber_forward(x: Array, targets: Array, y: Array, delta: float) -> None:
    size = np.abs(x - targets)
    near = np.minimum(size, delta)
    mean_of_entries(near * (size - near / 2), y)  # near * (d - near / 2) is both formulas


@twin
def _huber_backward(grad_y: Array, x: Array, targets: Array, grad_x: Array, delta: float) -> None:
    np.subtract(x, targets, out=grad_x)
    np.clip(grad_x, -delta, delta, out=grad_x)
    grad_x *= per_entry(grad_y, grad_x)


def check_delta(op: str, delta: float) -> None:
    """Refuse a delta that is not above 0, or not finite."""
    if not 0 < delta < np.inf:
        raise ConfigError(f"{op}: delta is {delta}, a finite number above 0 is needed")
