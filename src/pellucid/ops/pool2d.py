"""max_pool2d and avg_pool2d: the largest value of each window, or its mean, channel by channel.

max_pool2d

    y[n,c,i,j]     = max_{u,v} x[n, c, i*SH+u-top, j*SW+v-left]       over the (u,v) that lie inside x
    index[n,c,i,j] = u*KW + v of the first such maximum, in reading order

Only the winner moves y, so with g = dL/dy

    grad_x[n, c, i*SH+u-top, j*SW+v-left] += g[n,c,i,j]    where index[n,c,i,j] = u*KW + v

and an x that wins in several overlapping windows collects from each.

avg_pool2d

    y[n,c,i,j] = 1/D[i,j] * sum_{u,v} x[n, c, i*SH+u-top, j*SW+v-left]         over the (u,v) that lie inside x
    D[i,j]     = KH*KW, or with count_include_pad false: how many (u,v) lie inside x

    grad_x[n, c, i*SH+u-top, j*SW+v-left] += g[n,c,i,j] / D[i,j]               for each (u,v) that lies inside x

Both

    x (N,C,H,W)   y, index (N,C,OH,OW)   OH = floor((H + top + bottom - KH) / SH) + 1, OW likewise
"""

import numpy as np

from .._core.arrays import Array, Shape
from ._check import Padding, Pair, Sides, float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty, scratch, scratch_copy
from ._taps import pool_options, pool_shape, pooled, taps

Saved = tuple[Shape, Array, Pair, Pair, Sides]  # with each window's winner
AverageSaved = tuple[Shape, Array, Pair, Pair, Sides]  # with each window's count


def max_pool2d_shape(
    x_shape: Shape, *, kernel_size: int | Pair, stride: int | Pair | None = None, padding: Padding = 0
) -> Shape:
    """Return the shape of y; `stride` None means the kernel's size.

    Padding is at most half the kernel, so that every window holds at least one real value.
    """
    return pool_shape("max_pool2d", x_shape, kernel_size, stride, padding)


def max_pool2d_forward(
    x: Array, *, kernel_size: int | Pair, stride: int | Pair | None = None, padding: Padding = 0
) -> tuple[Array, Saved]:
    """Return (y, saved); saved holds the index of each window's winner, one byte up to 256 taps."""
    dtype = float_dtype("max_pool2d", x=x)
    kernel, stride, around = pool_options("max_pool2d", kernel_size, stride, padding)
    shape = pooled("max_pool2d", x.shape, kernel, stride, around)
    y, index = empty(shape, dtype), empty(shape, np.min_scalar_type(kernel[0] * kernel[1] - 1))
    _max_pool2d_forward(x, y, index, kernel, stride, _start(around))
    return y, (x.shape, index, kernel, stride, around)


def max_pool2d_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    x_shape, index, kernel, stride, around = saved
    grad_x = empty(x_shape, float_dtype("max_pool2d", grad_y=grad_y))
    same_shape("max_pool2d", "grad_y", grad_y, index.shape)
    _max_pool2d_backward(grad_y, index, grad_x, kernel, stride, _start(around))
    return grad_x


@twin
def _max_pool2d_forward(x: Array, y: Array, index: Array, kernel: Pair, stride: Pair, start: Pair) -> None:
    y[...] = -np.inf
    index[...] = _first_inside(y.shape[2:], kernel[1], stride, start) if any(start) else 0
    # No masked copies here: on data without order their branches cost ten times a pass of arithmetic.
    for tap, outputs, inputs in taps(x.shape, y.shape, kernel, stride, start):
        if tap == 0:
            y[outputs] = x[inputs]  # nothing came before it
            continue
        # Pixels that lie apart are slow to walk along, so it is done once.
        values = scratch_copy(x[inputs].transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        greater = values > y[outputs]
        np.maximum(y[outputs], values, out=y[outputs])
        np.maximum(index[outputs], np.multiply(greater, index.dtype.type(tap)), out=index[outputs])


@twin
def _max_pool2d_backward(grad_y: Array, index: Array, grad_x: Array, kernel: Pair, stride: Pair, start: Pair) -> None:
    grad_x[...] = 0
    apart = all(s >= k for s, k in zip(stride, kernel, strict=True))
    for tap, outputs, inputs in taps(grad_x.shape, index.shape, kernel, stride, start):
        won = index[outputs] == tap
        if apart:  # no window shares a position with another: nothing to add to
            np.multiply(grad_y[outputs], won, out=grad_x[inputs])
        else:
            grad_x[inputs] += grad_y[outputs] * won


def avg_pool2d_shape(
    x_shape: Shape,
    *,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: Padding = 0,
    count_include_pad: bool = True,
) -> Shape:
    """Return the shape of y; `stride` None means the kernel's size, padding is at most half the kernel."""
    return pool_shape("avg_pool2d", x_shape, kernel_size, stride, padding)


def avg_pool2d_forward(
    x: Array,
    *,
    kernel_size: int | Pair,
    stride: int | Pair | None = None,
    padding: Padding = 0,
    count_include_pad: bool = True,
) -> tuple[Array, AverageSaved]:
    """Return (y, saved); `count_include_pad` says whether padded zeros count as values of a window.

    >>> avg_pool2d_forward(np.arange(8.0).reshape(1, 1, 2, 4), kernel_size=2)[0].tolist()
    [[[[2.5, 4.5]]]]
    """
    dtype = float_dtype("avg_pool2d", x=x)
    kernel, stride, around = pool_options("avg_pool2d", kernel_size, stride, padding)
    y = empty(pooled("avg_pool2d", x.shape, kernel, stride, around), dtype)
    counts = divisors(x.shape, y.shape, kernel, stride, around, count_include_pad).astype(y.dtype)
    _avg_pool2d_forward(x, counts, y, kernel, stride, _start(around))
    return y, (x.shape, counts, kernel, stride, around)


def divisors(x_shape: Shape, y_shape: Shape, kernel: Pair, stride: Pair, around: Sides, include_pad: bool) -> Array:
    """Return D (OH, OW): what the sum of each window is divided by."""
    if include_pad:
        return np.full(y_shape[2:], float(kernel[0] * kernel[1]))
    counts = np.zeros(y_shape[2:])
    for _, outputs, _ in taps(x_shape, y_shape, kernel, stride, _start(around)):
        counts[outputs[2:]] += 1
    return counts


def avg_pool2d_backward(grad_y: Array, saved: AverageSaved) -> Array:
    """Return grad_x."""
    x_shape, counts, kernel, stride, around = saved
    float_dtype("avg_pool2d", x=counts, grad_y=grad_y)
    same_shape("avg_pool2d", "grad_y", grad_y, (*x_shape[:2], *counts.shape))
    grad_x = empty(x_shape, grad_y.dtype)
    _avg_pool2d_backward(grad_y, counts, grad_x, kernel, stride, _start(around))
    return grad_x


@twin
def _avg_pool2d_forward(x: Array, counts: Array, y: Array, kernel: Pair, stride: Pair, start: Pair) -> None:
    y[...] = 0
    for _, outputs, inputs in taps(x.shape, y.shape, kernel, stride, start):
        y[outputs] += x[inputs]
    y /= counts


@twin
def _avg_pool2d_backward(grad_y: Array, counts: Array, grad_x: Array, kernel: Pair, stride: Pair, start: Pair) -> None:
    grad_x[...] = 0
    N, C, OH, OW = grad_y.shape
    share = np.divide(grad_y, counts, out=scratch((N, OH, OW, C), grad_y.dtype).transpose(0, 3, 1, 2))
    for _, outputs, inputs in taps(grad_x.shape, grad_y.shape, kernel, stride, start):
        grad_x[inputs] += share[outputs]


def _start(around: Sides) -> Pair:
    """Return how far before x the first window begins: (top, left)."""
    return around[0][0], around[1][0]


def _first_inside(counts: Shape, KW: int, stride: Pair, start: Pair) -> Array:
    """Return u*KW + v of each window's first position inside x, shape (OH, OW)."""
    u, v = (np.maximum(0, before - np.arange(n) * s) for n, s, before in zip(counts, stride, start, strict=True))
    first: Array = u[:, None] * KW + v
    return first
