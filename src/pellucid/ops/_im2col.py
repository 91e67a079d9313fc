"""Windows of an image as rows of a matrix, and what lies in groups of channels as a stack of matrices: im2col."""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._core.arrays import Array
from ._check import Pair, Sides, extent
from ._memory import scratch

_BLOCK = 1 << 22  # numbers in one im2col matrix: 16 MiB of float32 bounds the memory, whatever the batch


def windows_of(x: Array, kernel: Pair, stride: Pair, around: Sides, dilation: Pair) -> Array:
    """Return what each output sees, (N, OH, OW, KH, KW, C): a view of x, or of its padded copy."""
    pixels = x.transpose(0, 2, 3, 1)
    if any(map(any, around)):
        pixels = np.pad(pixels, ((0, 0), *around, (0, 0)))
    windows = sliding_window_view(pixels, extent(kernel, dilation), axis=(1, 2))  # (N, OH, OW, C, KH, KW)
    windows = windows[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
    return windows.transpose(0, 1, 2, 4, 5, 3)


def columns_of(windows: Array, groups: int) -> Iterator[tuple[slice, Array]]:
    """Yield (some samples, their windows (G, rows, KH*KW*C/G)): one reused buffer, columns ordered (u, v, c)."""
    N, OH, OW, KH, KW, C = windows.shape
    windows = windows.reshape(N, OH, OW, KH, KW, groups, C // groups).transpose(5, 0, 1, 2, 3, 4, 6)
    at_once = max(1, _BLOCK // max(1, windows[:, :1].size))
    for start in range(0, N, at_once):
        some = windows[:, start : start + at_once]
        columns = scratch(some.shape, windows.dtype)
        if C >= 4:
            columns[...] = some
        else:  # few channels make short runs: tap by tap NumPy copies whole rows of pixels
            for u, v in np.ndindex(KH, KW):
                columns[:, :, :, :, u, v] = some[:, :, :, :, u, v]
        yield slice(start, start + at_once), columns.reshape(groups, some.shape[1] * OH * OW, KH * KW * C // groups)


def rows_of(y: Array) -> Array:
    """(N, O, OH, OW) as one row of O numbers for each pixel: a view of channels-last memory, else a copy."""
    N, O, OH, OW = y.shape
    return y.transpose(0, 2, 3, 1).reshape(N * OH * OW, O)


def by_group(rows: Array, groups: int) -> Array:
    """(rows, O) as a view (G, rows, O/G)."""
    return rows.reshape(len(rows), groups, rows.shape[1] // groups).transpose(1, 0, 2)
