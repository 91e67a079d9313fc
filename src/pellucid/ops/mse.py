"""mse: the mean squared error of each sample; nn/entry_loss.py takes the mean over the samples.

    y[n] = 1/M sum_m (x[n,m] - t[n,m])**2        grad_x[n,m] = g[n] * 2/M * (x[n,m] - t[n,m])

x, targets t (N, ...), of one shape; m counts the M entries of a sample, (N,) has one.   y, g = dL/dy (N,)
"""

from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from ._dispatch import twin
from ._entries import gradient, losses, mean_of_entries, per_entry, samples_shape

Saved: TypeAlias = tuple[Array, Array]


def mse_shape(x_shape: Shape, targets_shape: Shape) -> Shape:
    """Return the shape of y: (N,)."""
    return samples_shape("mse", x_shape, targets_shape)


def mse_forward(x: Array, targets: Array) -> tuple[Array, Saved]:
    """Return (y, saved): the loss of each sample.

    >>> mse_forward(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[1.0, 4.0], [0.0, 1.0]]))[0].tolist()
    [2.0, 0.5]
    """
    y = losses("mse", x, targets)
    _mse_forward(x, targets, y)
    return y, (x, targets)


def mse_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    x, targets = saved
    grad_x = gradient("mse", grad_y, x)
    _mse_backward(grad_y, x, targets, grad_x)
    return grad_x


@twin
def _mse_forward(x: Array, targets: Array, y: Array) -> None:
    mean_of_entries(np.square(x - targets), y)


@twin
def _mse_backward(grad_y: Array, x: Array, targets: Array, grad_x: Array) -> None:
    np.subtract(x, targets, out=grad_x)
    grad_x *= 2 * per_entry(grad_y, grad_x)
