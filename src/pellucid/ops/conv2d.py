"""conv2d: 2-D cross-correlation over images, the operation of every convolutional layer.

    y[n,o,i,j] = bias[o] + sum_{c,u,v} weight[o,c,u,v] * xp[n, c, i*SH+u, j*SW+v]

where xp is x with zeros put around it (`padding`).  With g = dL/dy the chain rule gives

    grad_bias[o]                   = sum_{n,i,j} g[n,o,i,j]
    grad_weight[o,c,u,v]           = sum_{n,i,j} g[n,o,i,j] * xp[n, c, i*SH+u, j*SW+v]
    grad_xp[n, c, i*SH+u, j*SW+v] += sum_o       g[n,o,i,j] * weight[o,c,u,v]

and grad_x is grad_xp without its border.

    x (N,C,H,W)   weight (O,C,KH,KW)   bias (O,) or None   y (N,O,OH,OW)
    OH = floor((H + top + bottom - KH) / SH) + 1, OW likewise

The windows of x become the rows of a matrix (im2col), so that the sum over c,u,v is one matrix product.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import Padding, Pair, Sides, axes, float_dtype, pair, same_shape, sides, window_counts
from ._memory import empty, scratch

_BLOCK = 1 << 22  # numbers in one im2col matrix: 16 MiB of float32 bounds the memory, whatever the batch

Saved = tuple[Array, Array, bool, Pair, Sides]


def conv2d_shape(x_shape: Shape, weight_shape: Shape, *, stride: int | Pair = 1, padding: Padding = 0) -> Shape:
    """Return the shape of y; a ShapeError names sizes that do not fit."""
    N, C, H, W = axes("conv2d", x_shape, "NCHW")
    O, C_weight, KH, KW = axes("conv2d weight", weight_shape, "OCHW")
    if C_weight != C:
        raise ShapeError(f"conv2d: x has {C} channels but weight expects {C_weight}")
    kernel, stride = pair("conv2d", "kernel", (KH, KW)), pair("conv2d", "stride", stride)
    around = sides("conv2d", padding, kernel, stride)
    return N, O, *window_counts("conv2d", (H, W), kernel, stride, around)


def conv2d_forward(
    x: Array, weight: Array, bias: Array | None = None, *, stride: int | Pair = 1, padding: Padding = 0
) -> tuple[Array, Saved]:
    """Return (y, saved).

    `stride` is an int or (SH, SW); `padding` an int, (PH, PW), ((top, bottom), (left, right)),
    "valid" (none) or "same" (y as large as x; needs stride 1; an even kernel pads the end).
    """
    dtype = float_dtype("conv2d", x=x, weight=weight, bias=bias)
    y = empty(conv2d_shape(x.shape, weight.shape, stride=stride, padding=padding), dtype)
    O, _, KH, KW = weight.shape
    stride = pair("conv2d", "stride", stride)
    around = sides("conv2d", padding, (KH, KW), stride)
    matrix = weight.transpose(2, 3, 1, 0).reshape(-1, O)
    for samples, columns in _columns(x, y.shape, weight.shape, stride, around):
        np.matmul(columns, matrix, out=_rows(y[samples]))
    if bias is not None:
        same_shape("conv2d", "bias", bias, (O,))
        y += bias[:, None, None]
    return y, (x, weight, bias is not None, stride, around)


def conv2d_backward(
    grad_y: Array, saved: Saved, *, needs_input_grad: bool = True
) -> tuple[Array | None, Array, Array | None]:
    """Return (grad_x, grad_weight, grad_bias).

    grad_x is None where `needs_input_grad` is false (the first layer of a net), grad_bias where there was no bias.
    """
    x, weight, has_bias, stride, around = saved
    O, C, KH, KW = weight.shape
    same_shape("conv2d", "grad_y", grad_y, conv2d_shape(x.shape, weight.shape, stride=stride, padding=around))
    float_dtype("conv2d", x=x, grad_y=grad_y)
    grad_matrix, grad_bias = np.zeros((KH * KW * C, O), x.dtype), np.zeros(O, x.dtype)
    for samples, columns in _columns(x, grad_y.shape, weight.shape, stride, around):
        g = _rows(grad_y[samples])
        grad_matrix += columns.T @ g
        grad_bias += np.ones(len(g), g.dtype) @ g  # a sum over rows; as a product it is five times quicker
    grad_weight = grad_matrix.reshape(KH, KW, C, O).transpose(3, 2, 0, 1)
    grad_x = _grad_x(grad_y, x.shape, weight, stride, around) if needs_input_grad else None
    return grad_x, grad_weight, grad_bias if has_bias else None


def _grad_x(grad_y: Array, x_shape: Shape, weight: Array, stride: Pair, around: Sides) -> Array:
    (N, C, H, W), (OH, OW) = x_shape, grad_y.shape[2:]
    (SH, SW), ((top, bottom), (left, right)) = stride, around
    grad_xp = empty((N, C, H + top + bottom, W + left + right), grad_y.dtype)
    grad_xp[...] = 0
    g, taps = _rows(grad_y), np.ascontiguousarray(weight.transpose(2, 3, 0, 1))
    for u, v in np.ndindex(taps.shape[:2]):
        tap = np.matmul(g, taps[u, v], out=scratch((len(g), C), g.dtype))
        window = grad_xp[:, :, u : u + SH * OH : SH, v : v + SW * OW : SW]
        window += tap.reshape(N, OH, OW, C).transpose(0, 3, 1, 2)
    return grad_xp[:, :, top : top + H, left : left + W]


def _columns(
    x: Array, y_shape: Shape, weight_shape: Shape, stride: Pair, around: Sides
) -> Iterator[tuple[slice, Array]]:
    """Yield (some samples, their windows as rows of a matrix): one reused buffer, columns ordered (u, v, c)."""
    pixels = x.transpose(0, 2, 3, 1)
    if any(map(any, around)):
        pixels = np.pad(pixels, ((0, 0), *around, (0, 0)))
    windows = sliding_window_view(pixels, weight_shape[2:], axis=(1, 2))  # (N, OH, OW, C, KH, KW): a view
    windows = windows[:, :: stride[0], :: stride[1]].transpose(0, 1, 2, 4, 5, 3)
    at_once = max(1, _BLOCK // max(1, windows[:1].size))
    for start in range(0, y_shape[0], at_once):
        some = windows[start : start + at_once]
        columns = scratch(some.shape, x.dtype)
        if some.shape[-1] >= 4:
            columns[...] = some
        else:  # few channels make short runs: tap by tap NumPy copies whole rows of pixels
            for u, v in np.ndindex(weight_shape[2:]):
                columns[:, :, :, u, v] = some[:, :, :, u, v]
        rows = len(some) * y_shape[2] * y_shape[3]
        yield slice(start, start + at_once), columns.reshape(rows, -1)


def _rows(y: Array) -> Array:
    """(N, O, OH, OW) as one row of O numbers for each pixel: a view of channels-last memory, else a copy."""
    N, O, OH, OW = y.shape
    return y.transpose(0, 2, 3, 1).reshape(N * OH * OW, O)
