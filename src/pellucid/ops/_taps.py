"""Pooling tap by tap: position (u, v) of all windows at once is one slice of x and one of y."""

from collections.abc import Iterator

import numpy as np

from .._core.arrays import Shape
from .._core.errors import ConfigError
from ._check import Padding, Pair, Sides, axes, pair, sides, window_counts


def pool_options(
    op: str, kernel_size: int | Pair, stride: int | Pair | None, padding: Padding
) -> tuple[Pair, Pair, Sides]:
    """Return (kernel, stride, padding), checked and written out."""
    kernel = pair(op, "kernel_size", kernel_size)
    step = kernel if stride is None else pair(op, "stride", stride)
    around = sides(op, padding, kernel, step)
    if any(2 * max(p) > k for p, k in zip(around, kernel, strict=True)):
        raise ConfigError(f"{op}: padding {around} is more than half of kernel {kernel[0]}x{kernel[1]}")
    return kernel, step, around


def pool_shape(op: str, x_shape: Shape, kernel_size: int | Pair, stride: int | Pair | None, padding: Padding) -> Shape:
    """Return the shape of y (N, C, OH, OW); `stride` None means the kernel's size."""
    return pooled(op, x_shape, *pool_options(op, kernel_size, stride, padding))


def pooled(op: str, x_shape: Shape, kernel: Pair, stride: Pair, around: Sides) -> Shape:
    """Return the shape of y, by options that are written out."""
    N, C, H, W = axes(op, x_shape, "NCHW")
    return N, C, *window_counts(op, (H, W), kernel, stride, around)


def taps(
    x_shape: Shape, y_shape: Shape, kernel: Pair, stride: Pair, start: Pair
) -> Iterator[tuple[int, tuple[slice, ...], tuple[slice, ...]]]:
    """Yield (u*KW + v, where in y, where in x) for each (u, v): the windows whose (u, v) lies inside x.

    `start` is how far before x the first window begins: top and left padding.
    """
    everything = slice(None), slice(None)
    for u, v in np.ndindex(kernel):
        rows = _inside(u - start[0], stride[0], x_shape[2], y_shape[2])
        columns = _inside(v - start[1], stride[1], x_shape[3], y_shape[3])
        yield u * kernel[1] + v, (*everything, rows[0], columns[0]), (*everything, rows[1], columns[1])


def _inside(offset: int, stride: int, size: int, count: int) -> tuple[slice, slice]:
    """Where 0 <= i*stride + offset < size for 0 <= i < count: the i, and the positions they give."""
    first = max(0, -(offset // stride))
    end = max(first, min(count, (size - 1 - offset) // stride + 1))
    start = first * stride + offset
    return slice(first, end), slice(start, start + (end - first) * stride, stride)
