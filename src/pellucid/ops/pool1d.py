"""max_pool1d and avg_pool1d: the largest value of each window of a sequence, or its mean, channel by channel.

    y[n,c,j] = max_v x[n, c, j*S + v - before]              or the mean over v, as in pool2d.py along one axis

with the gradients of pool2d.py, whose ops do the work: a channel is one row of an image (N,1,C,L), and windows are one
row high.  Nothing is copied for it.

    x (N,C,L)   y (N,C,OL)   OL = floor((L + before + behind - K) / S) + 1
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ._check import Padding, Pair, axes, float_dtype, pair, same_shape, whole
from ._taps import pool_shape
from .pool2d import (
    AverageSaved,
    Saved,
    avg_pool2d_backward,
    avg_pool2d_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)

Padding1d: TypeAlias = int | Pair


def max_pool1d_shape(x_shape: Shape, *, kernel_size: int, stride: int | None = None, padding: Padding1d = 0) -> Shape:
    """Return the shape of y; `stride` None means the kernel's size, `padding` is an int or (before, behind)."""
    return _shape("max_pool1d", x_shape, kernel_size, stride, padding)


def max_pool1d_forward(
    x: Array, *, kernel_size: int, stride: int | None = None, padding: Padding1d = 0
) -> tuple[Array, Saved]:
    """Return (y, saved)."""
    float_dtype("max_pool1d", x=x)
    max_pool1d_shape(x.shape, kernel_size=kernel_size, stride=stride, padding=padding)
    y, saved = max_pool2d_forward(x[:, None], **windows("max_pool1d", kernel_size, stride, padding))
    return y[:, 0], saved


def max_pool1d_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    index = saved[1]
    same_shape("max_pool1d", "grad_y", grad_y, (len(index), *index.shape[2:]))
    return max_pool2d_backward(grad_y[:, None], saved)[:, 0]


def avg_pool1d_shape(
    x_shape: Shape,
    *,
    kernel_size: int,
    stride: int | None = None,
    padding: Padding1d = 0,
    count_include_pad: bool = True,
) -> Shape:
    """Return the shape of y; `stride` None means the kernel's size, `padding` is an int or (before, behind)."""
    return _shape("avg_pool1d", x_shape, kernel_size, stride, padding)


def avg_pool1d_forward(
    x: Array,
    *,
    kernel_size: int,
    stride: int | None = None,
    padding: Padding1d = 0,
    count_include_pad: bool = True,
) -> tuple[Array, AverageSaved]:
    """Return (y, saved); `count_include_pad` says whether padded zeros count as values of a window."""
    float_dtype("avg_pool1d", x=x)
    avg_pool1d_shape(x.shape, kernel_size=kernel_size, stride=stride, padding=padding)
    options = windows("avg_pool1d", kernel_size, stride, padding)
    y, saved = avg_pool2d_forward(x[:, None], **options, count_include_pad=count_include_pad)
    return y[:, 0], saved


def avg_pool1d_backward(grad_y: Array, saved: AverageSaved) -> Array:
    """Return grad_x."""
    x_shape, counts = saved[:2]
    same_shape("avg_pool1d", "grad_y", grad_y, (x_shape[0], x_shape[2], counts.shape[1]))
    return avg_pool2d_backward(grad_y[:, None], saved)[:, 0]


def windows(op: str, kernel_size: int, stride: int | None, padding: Padding1d) -> dict[str, Any]:
    """Return the options of the pooling of images, checked."""
    K = whole(op, "kernel_size", kernel_size)
    if isinstance(padding, str) or (isinstance(padding, Sequence) and len(padding) != 2):
        raise ConfigError(f"{op}: padding is {padding!r}, expected an int or (before, behind)")
    around: Padding = (0, 0), pair(op, "padding", padding, 0)
    return {
        "kernel_size": (1, K),
        "stride": (1, K if stride is None else whole(op, "stride", stride)),
        "padding": around,
    }


def _shape(op: str, x_shape: Shape, kernel_size: int, stride: int | None, padding: Padding1d) -> Shape:
    N, C, L = axes(op, x_shape, "NCL")
    return (N, C, pool_shape(op, (N, 1, C, L), **windows(op, kernel_size, stride, padding))[3])
