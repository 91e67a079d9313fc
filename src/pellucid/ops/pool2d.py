"""max_pool2d: the largest value of each window, channel by channel.

    y[n,c,i,j]     = max_{u,v} x[n, c, i*SH+u-top, j*SW+v-left]       over the (u,v) that lie inside x
    index[n,c,i,j] = u*KW + v of the first such maximum, in reading order

Only the winner moves y, so with g = dL/dy

    grad_x[n, c, i*SH+u-top, j*SW+v-left] += g[n,c,i,j]    where index[n,c,i,j] = u*KW + v

and an x that wins in several overlapping windows collects from each.

    x (N,C,H,W)   y, index (N,C,OH,OW)   OH = floor((H + top + bottom - KH) / SH) + 1, OW likewise
"""

from collections.abc import Iterator

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ._check import Padding, Pair, Sides, axes, float_dtype, pair, same_shape, sides, window_counts
from ._memory import empty

Saved = tuple[Shape, Array, Pair, Pair, Sides]


def max_pool2d_shape(
    x_shape: Shape, *, kernel_size: int | Pair, stride: int | Pair | None = None, padding: Padding = 0
) -> Shape:
    """Return the shape of y; `stride` None means the kernel's size.

    Padding is at most half the kernel, so that every window holds at least one real value.
    """
    N, C, H, W = axes("max_pool2d", x_shape, "NCHW")
    kernel, stride, around = _options(kernel_size, stride, padding)
    return N, C, *window_counts("max_pool2d", (H, W), kernel, stride, around)


def max_pool2d_forward(
    x: Array, *, kernel_size: int | Pair, stride: int | Pair | None = None, padding: Padding = 0
) -> tuple[Array, Saved]:
    """Return (y, saved); saved holds the index of each window's winner, one byte up to 256 taps."""
    dtype = float_dtype("max_pool2d", x=x)
    shape = max_pool2d_shape(x.shape, kernel_size=kernel_size, stride=stride, padding=padding)
    kernel, stride, around = _options(kernel_size, stride, padding)
    y, index = empty(shape, dtype), empty(shape, np.min_scalar_type(kernel[0] * kernel[1] - 1))
    y[...] = -np.inf
    index[...] = _first_inside(shape[2:], kernel[1], stride, around)
    # No masked copies here: on data without order their branches cost ten times a pass of arithmetic.
    for tap, outputs, inputs in _taps(x.shape, shape, kernel, stride, around):
        greater = x[inputs] > y[outputs]
        np.maximum(y[outputs], x[inputs], out=y[outputs])
        np.maximum(index[outputs], np.multiply(greater, index.dtype.type(tap)), out=index[outputs])
    return y, (x.shape, index, kernel, stride, around)


def max_pool2d_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    x_shape, index, kernel, stride, around = saved
    float_dtype("max_pool2d", grad_y=grad_y)
    same_shape("max_pool2d", "grad_y", grad_y, index.shape)
    grad_x = empty(x_shape, grad_y.dtype)
    grad_x[...] = 0
    apart = all(s >= k for s, k in zip(stride, kernel, strict=True))
    for tap, outputs, inputs in _taps(x_shape, index.shape, kernel, stride, around):
        won = index[outputs] == tap
        if apart:  # no window shares a position with another: nothing to add to
            np.multiply(grad_y[outputs], won, out=grad_x[inputs])
        else:
            grad_x[inputs] += grad_y[outputs] * won
    return grad_x


def _options(kernel_size: int | Pair, stride: int | Pair | None, padding: Padding) -> tuple[Pair, Pair, Sides]:
    kernel = pair("max_pool2d", "kernel_size", kernel_size)
    step = kernel if stride is None else pair("max_pool2d", "stride", stride)
    around = sides("max_pool2d", padding, kernel, step)
    if any(2 * max(p) > k for p, k in zip(around, kernel, strict=True)):
        raise ConfigError(f"max_pool2d: padding {around} is more than half of kernel {kernel[0]}x{kernel[1]}")
    return kernel, step, around


def _taps(
    x_shape: Shape, y_shape: Shape, kernel: Pair, stride: Pair, around: Sides
) -> Iterator[tuple[int, tuple[slice, ...], tuple[slice, ...]]]:
    """Yield (u*KW + v, where in y, where in x) for each (u, v): the windows whose (u, v) lies inside x."""
    everything = slice(None), slice(None)
    for u, v in np.ndindex(kernel):
        rows = _inside(u - around[0][0], stride[0], x_shape[2], y_shape[2])
        columns = _inside(v - around[1][0], stride[1], x_shape[3], y_shape[3])
        yield u * kernel[1] + v, (*everything, rows[0], columns[0]), (*everything, rows[1], columns[1])


def _inside(offset: int, stride: int, size: int, count: int) -> tuple[slice, slice]:
    """Where 0 <= i*stride + offset < size for 0 <= i < count: the i, and the positions they give."""
    first = max(0, -(offset // stride))
    end = max(first, min(count, (size - 1 - offset) // stride + 1))
    start = first * stride + offset
    return slice(first, end), slice(start, start + (end - first) * stride, stride)


def _first_inside(counts: Shape, KW: int, stride: Pair, around: Sides) -> Array:
    """Return u*KW + v of each window's first position inside x, shape (OH, OW)."""
    u, v = (np.maximum(0, p[0] - np.arange(n) * s) for n, s, p in zip(counts, stride, around, strict=True))
    first: Array = u[:, None] * KW + v
    return first
