"""adaptive_avg_pool2d and adaptive_max_pool2d: pooling into as many bins as asked for, whatever the size of the image.

Bin i of OH along the height holds the rows from floor(i*H / OH) to ceil((i+1)*H / OH) - 1, bin j of OW likewise;
neighbours share a row where OH does not divide H.  With B[i,j] the positions (h,w) of a bin:

adaptive_avg_pool2d

    y[n,c,i,j]      = 1/|B[i,j]| * sum_{(h,w) in B[i,j]} x[n,c,h,w]
    grad_x[n,c,h,w] = sum_{(i,j): (h,w) in B[i,j]} g[n,c,i,j] / |B[i,j]|

adaptive_max_pool2d

    y[n,c,i,j]      = max_{(h,w) in B[i,j]} x[n,c,h,w]        index[n,c,i,j] = h*W + w of the first such maximum
    grad_x[n,c,h,w] = sum_{(i,j)} g[n,c,i,j]                  over the bins with index[n,c,i,j] = h*W + w

x (N,C,H,W)   y, g, index (N,C,OH,OW)   One bin, OH = OW = 1, is global pooling.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ._check import axes, float_dtype, same_shape, whole
from ._dispatch import twin
from ._memory import empty

Bins: TypeAlias = int | Sequence[int | None]
AverageSaved: TypeAlias = tuple[Shape, Shape]
MaxSaved: TypeAlias = tuple[Shape, Array]


def adaptive_avg_pool2d_shape(x_shape: Shape, *, output_size: Bins) -> Shape:
    """Return the shape of y; of `output_size`, an int or (OH, OW), None keeps the size of x."""
    return _shape("adaptive_avg_pool2d", x_shape, output_size)


def adaptive_avg_pool2d_forward(x: Array, *, output_size: Bins) -> tuple[Array, AverageSaved]:
    """Return (y, saved).

    >>> adaptive_avg_pool2d_forward(np.arange(5.0).reshape(1, 1, 1, 5), output_size=(1, 2))[0].tolist()
    [[[[1.0, 3.0]]]]
    """
    y = empty(adaptive_avg_pool2d_shape(x.shape, output_size=output_size), float_dtype("adaptive_avg_pool2d", x=x))
    _adaptive_avg_pool2d_forward(x, y)
    return y, (x.shape, y.shape)


def adaptive_avg_pool2d_backward(grad_y: Array, saved: AverageSaved) -> Array:
    """Return grad_x."""
    x_shape, y_shape = saved
    same_shape("adaptive_avg_pool2d", "grad_y", grad_y, y_shape)
    grad_x = empty(x_shape, float_dtype("adaptive_avg_pool2d", grad_y=grad_y))
    _adaptive_avg_pool2d_backward(grad_y, grad_x)
    return grad_x


def adaptive_max_pool2d_shape(x_shape: Shape, *, output_size: Bins) -> Shape:
    """Return the shape of y; of `output_size`, an int or (OH, OW), None keeps the size of x."""
    return _shape("adaptive_max_pool2d", x_shape, output_size)


def adaptive_max_pool2d_forward(x: Array, *, output_size: Bins) -> tuple[Array, MaxSaved]:
    """Return (y, saved); saved holds the place of each bin's winner, in as few bytes as these places need."""
    shape = adaptive_max_pool2d_shape(x.shape, output_size=output_size)
    y, index = empty(shape, float_dtype("adaptive_max_pool2d", x=x)), empty(shape, _index_type(x.shape))
    _adaptive_max_pool2d_forward(x, y, index)
    return y, (x.shape, index)


def adaptive_max_pool2d_backward(grad_y: Array, saved: MaxSaved) -> Array:
    """Return grad_x."""
    x_shape, index = saved
    same_shape("adaptive_max_pool2d", "grad_y", grad_y, index.shape)
    grad_x = empty(x_shape, float_dtype("adaptive_max_pool2d", grad_y=grad_y))
    _adaptive_max_pool2d_backward(grad_y, index, grad_x)
    return grad_x


@twin
def _adaptive_avg_pool2d_forward(x: Array, y: Array) -> None:
    for place, rows, columns in _bins(x.shape, y.shape):
        y[place] = x[:, :, rows, columns].mean(axis=(2, 3))


@twin
def _adaptive_avg_pool2d_backward(grad_y: Array, grad_x: Array) -> None:
    grad_x[...] = 0
    for place, rows, columns in _bins(grad_x.shape, grad_y.shape):
        inside = grad_x[:, :, rows, columns]
        inside += (grad_y[place] / grad_y.dtype.type(inside.shape[2] * inside.shape[3]))[:, :, None, None]


@twin
def _adaptive_max_pool2d_forward(x: Array, y: Array, index: Array) -> None:
    W = x.shape[3]
    for place, rows, columns in _bins(x.shape, y.shape):
        inside = x[:, :, rows, columns]
        numbers = inside.reshape(*inside.shape[:2], inside.shape[2] * inside.shape[3])
        first = numbers.argmax(axis=2)
        y[place] = np.take_along_axis(numbers, first[:, :, None], axis=2)[:, :, 0]
        u, v = np.divmod(first, inside.shape[3])
        index[place] = (rows.start + u) * W + columns.start + v


@twin
def _adaptive_max_pool2d_backward(grad_y: Array, index: Array, grad_x: Array) -> None:
    grad_x[...] = 0
    W = grad_x.shape[3]
    samples, channels = np.ogrid[: len(grad_x), : grad_x.shape[1]]
    for place, _, _ in _bins(grad_x.shape, grad_y.shape):
        h, w = np.divmod(index[place], index.dtype.type(W))
        grad_x[samples, channels, h, w] += grad_y[place]


def _bins(x_shape: Shape, y_shape: Shape) -> Iterator[tuple[tuple[slice, slice, int, int], slice, slice]]:
    """Yield (where in y, rows of x, columns of x) for each bin."""
    (H, W), (OH, OW) = x_shape[2:], y_shape[2:]
    for i, j in np.ndindex(OH, OW):
        rows, columns = (slice(k * n // m, -(-(k + 1) * n // m)) for k, n, m in ((i, H, OH), (j, W, OW)))
        yield (slice(None), slice(None), i, j), rows, columns


def _shape(op: str, x_shape: Shape, output_size: Bins) -> Shape:
    N, C, H, W = axes(op, x_shape, "NCHW")
    if not H or not W:
        raise ShapeError(f"{op}: images of {H}x{W} have nothing to pool")
    OH, OW = output_pair(op, output_size)
    return N, C, H if OH is None else OH, W if OW is None else OW


def output_pair(op: str, output_size: Bins) -> tuple[int | None, int | None]:
    """Return `output_size` as (OH, OW); None keeps the size."""
    both = tuple(output_size) if isinstance(output_size, Sequence) else (output_size, output_size)
    if len(both) != 2:
        raise ConfigError(f"{op}: output_size is {output_size!r}, expected an int or a (height, width) pair")
    OH, OW = (None if size is None else whole(op, "output_size", size) for size in both)
    return OH, OW


def _index_type(x_shape: Shape) -> np.dtype[np.unsignedinteger]:
    return np.min_scalar_type(max(x_shape[2] * x_shape[3] - 1, 0))
