"""im2col and col2im: windows of an image as columns, and columns summed into an image; PyTorch's unfold and fold.

    im2col    y[n, (c,u,v), i*OW+j]        = xp[n, c, i*SH+u*DH, j*SW+v*DW]
    col2im    yp[n, c, i*SH+u*DH, j*SW+v*DW] += x[n, (c,u,v), i*OW+j]          summed over u,v,i,j

where xp and yp are the image with zeros put around it (`padding`), and (c,u,v) = (c*KH + u)*KW + v.  A convolution is a
product with im2col's matrix: y = weight.reshape(O, C*KH*KW) @ im2col(x).  Each is the other's gradient: a pixel gets
back the sum of what it was copied to.

    im2col    grad_x = col2im(g)        col2im    grad_x = im2col(g)

    image (N,C,H,W)   columns (N, C*KH*KW, L), L = OH*OW
    OH = floor((H + top + bottom - DH*(KH - 1) - 1) / SH) + 1, OW likewise
"""

from typing import NamedTuple, TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import Padding, Pair, Sides, axes, float_dtype, pair, same_shape, sides, window_counts
from ._dispatch import twin
from ._im2col import windows_of
from ._memory import empty


class Windows(NamedTuple):
    """The keyword arguments, checked and written out."""

    kernel: Pair
    stride: Pair
    padding: Sides
    dilation: Pair


Saved: TypeAlias = tuple[Shape, Windows]


def im2col(
    x: Array,
    kernel_size: int | Pair,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
) -> Array:
    """Return the columns (N, C*KH*KW, L) of an image (N, C, H, W).

    >>> im2col(np.arange(6.0).reshape(1, 1, 2, 3), kernel_size=2)[0].tolist()     # two windows of four pixels
    [[0.0, 1.0], [1.0, 2.0], [3.0, 4.0], [4.0, 5.0]]
    """
    return im2col_forward(x, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)[0]


def col2im(
    x: Array,
    output_size: Pair,
    kernel_size: int | Pair,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
) -> Array:
    """Return the image (N, C, H, W) of `output_size` (H, W) into which the columns (N, C*KH*KW, L) are summed.

    >>> col2im(np.ones((1, 4, 2)), (2, 3), kernel_size=2)[0, 0].tolist()     # the middle is in both windows
    [[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]
    """
    options = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    return col2im_forward(x, output_size=output_size, **options)[0]  # type: ignore[arg-type]


def im2col_shape(
    x_shape: Shape,
    *,
    kernel_size: int | Pair,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
) -> Shape:
    """Return the shape of y; a ShapeError names sizes that do not fit."""
    return _columns_shape("im2col", x_shape, _written_out("im2col", kernel_size, stride, padding, dilation))


def im2col_forward(
    x: Array,
    *,
    kernel_size: int | Pair,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
) -> tuple[Array, Saved]:
    """Return (y, saved); the options are those of conv2d."""
    windows = _written_out("im2col", kernel_size, stride, padding, dilation)
    y = empty(_columns_shape("im2col", x.shape, windows), float_dtype("im2col", x=x))
    _im2col(x, y, *windows)
    return y, (x.shape, windows)


def im2col_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    x_shape, windows = saved
    same_shape("im2col", "grad_y", grad_y, _columns_shape("im2col", x_shape, windows))
    grad_x = empty(x_shape, float_dtype("im2col", grad_y=grad_y))
    _col2im(grad_y, grad_x, *windows)
    return grad_x


def col2im_shape(
    x_shape: Shape,
    *,
    output_size: Pair,
    kernel_size: int | Pair,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
) -> Shape:
    """Return the shape of y; a ShapeError names sizes that do not fit."""
    return _image_shape(x_shape, output_size, _written_out("col2im", kernel_size, stride, padding, dilation))


def col2im_forward(
    x: Array,
    *,
    output_size: Pair,
    kernel_size: int | Pair,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
) -> tuple[Array, Saved]:
    """Return (y, saved); `output_size` is the image's (H, W), the other options are those of conv2d."""
    windows = _written_out("col2im", kernel_size, stride, padding, dilation)
    y = empty(_image_shape(x.shape, output_size, windows), float_dtype("col2im", x=x))
    _col2im(x, y, *windows)
    return y, (y.shape, windows)


def col2im_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_x."""
    y_shape, windows = saved
    same_shape("col2im", "grad_y", grad_y, y_shape)
    grad_x = empty(_columns_shape("col2im", y_shape, windows), float_dtype("col2im", grad_y=grad_y))
    _im2col(grad_y, grad_x, *windows)
    return grad_x


@twin
def _im2col(image: Array, columns: Array, kernel: Pair, stride: Pair, padding: Sides, dilation: Pair) -> None:
    windows = windows_of(image, kernel, stride, padding, dilation)
    _, OH, OW, KH, KW, C = windows.shape
    columns.reshape(len(columns), C, KH, KW, OH, OW)[...] = windows.transpose(0, 5, 3, 4, 1, 2)


@twin
def _col2im(columns: Array, image: Array, kernel: Pair, stride: Pair, padding: Sides, dilation: Pair) -> None:
    (N, C, H, W), (KH, KW), (SH, SW), (DH, DW) = image.shape, kernel, stride, dilation
    (top, bottom), (left, right) = padding
    OH, OW = window_counts("col2im", (H, W), kernel, stride, padding, dilation)
    taps = columns.reshape(N, C, KH, KW, OH, OW)
    padded = np.zeros((N, C, H + top + bottom, W + left + right), image.dtype)
    for u, v in np.ndindex(KH, KW):
        padded[:, :, u * DH : u * DH + SH * OH : SH, v * DW : v * DW + SW * OW : SW] += taps[:, :, u, v]
    image[...] = padded[:, :, top : top + H, left : left + W]


def _written_out(
    op: str, kernel_size: int | Pair, stride: int | Pair, padding: Padding, dilation: int | Pair
) -> Windows:
    """Return the keyword arguments, checked."""
    kernel, steps = pair(op, "kernel_size", kernel_size), pair(op, "stride", stride)
    apart = pair(op, "dilation", dilation)
    return Windows(kernel, steps, sides(op, padding, kernel, steps, apart), apart)


def _columns_shape(op: str, image_shape: Shape, windows: Windows) -> Shape:
    N, C, H, W = axes(op, image_shape, "NCHW")
    (KH, KW), stride, padding, dilation = windows
    OH, OW = window_counts(op, (H, W), (KH, KW), stride, padding, dilation)
    return N, C * KH * KW, OH * OW


def _image_shape(columns_shape: Shape, output_size: Pair, windows: Windows) -> Shape:
    N, rows, L = axes("col2im", columns_shape, "NRL")
    H, W = pair("col2im", "output_size", output_size)
    KH, KW = windows.kernel
    C, rest = divmod(rows, KH * KW)
    if rest:
        raise ShapeError(f"col2im: columns of {rows} numbers hold no whole number of windows {KH}x{KW}")
    expected = _columns_shape("col2im", (N, C, H, W), windows)[2]
    if expected != L:
        raise ShapeError(f"col2im: there are {L} columns, an image {H}x{W} has {expected} windows")
    return N, C, H, W
