"""Windows of an image as rows of a matrix, and what lies in groups of channels as a stack of matrices: im2col.

It is what conv2d takes, in blocks and with channels last; the op of that name, with PyTorch's columns, is in im2col.py.
"""

from collections.abc import Iterator

from numpy.lib.stride_tricks import as_strided

from .._core.arrays import Array
from ._check import Pair, Sides, extent
from ._memory import empty, scratch_copy

_BLOCK = 1 << 22  # numbers in one im2col matrix: 16 MiB of float32 bounds the memory, whatever the batch
_ROWS = 1 << 12  # of it: enough for a quick product, and few enough that narrow matrices stay in the cache


def windows_of(x: Array, kernel: Pair, stride: Pair, around: Sides, dilation: Pair) -> Array:
    """Return what each output sees, (N, OH, OW, KH, KW, C): a view of x, or of its padded copy."""
    pixels = x.transpose(0, 2, 3, 1)
    if any(map(any, around)):
        N, H, W, C = pixels.shape
        (top, bottom), (left, right) = around
        padded = empty((N, C, top + H + bottom, left + W + right), x.dtype).transpose(0, 2, 3, 1)
        padded[...] = 0  # np.pad does the same in four times the time
        padded[:, top : top + H, left : left + W] = pixels
        pixels = padded
    N, H, W, C = pixels.shape
    (KH, KW), (SH, SW), (DH, DW), (EH, EW) = kernel, stride, dilation, extent(kernel, dilation)
    n, h, w, c = pixels.strides  # the pixel of (i, u) is i*SH + u*DH, of (j, v) likewise
    shape = N, (H - EH) // SH + 1, (W - EW) // SW + 1, KH, KW, C
    return as_strided(pixels, shape, (n, h * SH, w * SW, h * DH, w * DW, c), writeable=False)


def columns_of(windows: Array, groups: int) -> Iterator[tuple[slice, Array]]:
    """Yield (some samples, their windows (G, rows, KH*KW*C/G)): one reused buffer, columns ordered (u, v, c).

    A copy is quick where it runs along the memory of both sides: along (v, c) into a row of the matrix, or where the
    channels are few, along the pixels into a column; then the matrix is transposed in memory, which BLAS takes as well.
    """
    N, OH, OW, KH, KW, C = windows.shape
    windows = windows.reshape(N, OH, OW, KH, KW, groups, C // groups).transpose(5, 0, 1, 2, 3, 4, 6)
    depth = KH * KW * C // groups
    at_once = max(1, min(_BLOCK // max(1, windows[:, :1].size), _ROWS // max(1, OH * OW)))
    for start in range(0, N, at_once):
        some = windows[:, start : start + at_once]
        rows = some.shape[1] * OH * OW
        if C // groups < 4:
            columns = scratch_copy(some.transpose(0, 4, 5, 6, 1, 2, 3)).reshape(groups, depth, rows).transpose(0, 2, 1)
        else:
            columns = scratch_copy(some).reshape(groups, rows, depth)
        yield slice(start, start + at_once), columns


def rows_of(y: Array) -> Array:
    """(N, O, OH, OW) as one row of O numbers for each pixel: a view of channels-last memory, else a copy."""
    N, O, OH, OW = y.shape
    return y.transpose(0, 2, 3, 1).reshape(N * OH * OW, O)


def lines_of(y: Array) -> Array:
    """(N, O, OH, OW) as one row of OW*O numbers for each line of pixels: few outputs make short rows, and slow ones."""
    N, O, OH, OW = y.shape
    return y.transpose(0, 2, 3, 1).reshape(N * OH, OW * O)


def by_group(rows: Array, groups: int) -> Array:
    """(rows, O) as a view (G, rows, O/G)."""
    return rows.reshape(len(rows), groups, rows.shape[1] // groups).transpose(1, 0, 2)
