"""conv2d: 2-D cross-correlation over images, the operation of every convolutional layer.

    y[n,o,i,j] = bias[o] + sum_{c,u,v} weight[o,c,u,v] * xp[n, first+c, i*SH+u*DH, j*SW+v*DW]

where xp is x with zeros put around it (`padding`).  The channels are cut into `groups` that do not see each other:
outputs and inputs both fall into G runs of neighbours, and output o sums over the C/G channels of its own run, from
first = (o // (O/G)) * C/G on (G = 1: first = 0, all channels).  With g = dL/dy the chain rule gives

    grad_bias[o]                                    = sum_{n,i,j} g[n,o,i,j]
    grad_weight[o,c,u,v]                            = sum_{n,i,j} g[n,o,i,j] * xp[n, first+c, i*SH+u*DH, j*SW+v*DW]
    grad_xp[n, first+c, i*SH+u*DH, j*SW+v*DW]      += sum_o       g[n,o,i,j] * weight[o,c,u,v]     (o of c's run)

and grad_x is grad_xp without its border.

    x (N,C,H,W)   weight (O,C/G,KH,KW)   bias (O,) or None   y (N,O,OH,OW)
    OH = floor((H + top + bottom - DH*(KH - 1) - 1) / SH) + 1, OW likewise

The windows of x become the rows of a matrix for each group (im2col), so that the sum over c,u,v is one matrix product;
groups of one channel (depthwise) go their own way, see _depthwise.py.
"""

from functools import lru_cache
from math import prod
from typing import NamedTuple, TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import Padding, Pair, Sides, axes, float_dtype, pair, same_shape, sides, whole, window_counts
from ._depthwise import depthwise_forward, depthwise_grad_tap, depthwise_grad_weight
from ._dispatch import twin
from ._im2col import by_group, columns_of, lines_of, rows_of, windows_of
from ._memory import NOWHERE, empty, places, scratch


class Options(NamedTuple):
    """The keyword arguments, checked and written out."""

    stride: Pair
    padding: Sides
    dilation: Pair
    groups: int
    exact: bool


Saved: TypeAlias = tuple[Array, Array, bool, Options]


def conv2d_shape(
    x_shape: Shape,
    weight_shape: Shape,
    *,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
    exact: bool = False,
) -> Shape:
    """Return the shape of y; a ShapeError names sizes that do not fit."""
    kernel = axes("conv2d weight", weight_shape, "OCHW")[2:]
    return settled_shape(
        tuple(x_shape), tuple(weight_shape), written_out(kernel, stride, padding, dilation, groups, exact)
    )


@lru_cache(maxsize=1024)
def settled_shape(x_shape: Shape, weight_shape: Shape, options: Options, op: str = "conv2d") -> Shape:
    """Return what conv2d_shape does, for options that are written out already."""
    N, C, H, W = axes(op, x_shape, "NCHW")
    O, C_group, KH, KW = weight_shape
    if C % options.groups or O % options.groups:
        raise ShapeError(f"{op}: {C} channels in and {O} out do not divide into {options.groups} groups")
    if C_group * options.groups != C:
        each = f" in each of {options.groups} groups" if options.groups > 1 else ""
        raise ShapeError(f"{op}: x has {C // options.groups} channels{each} but weight expects {C_group}")
    return N, O, *window_counts(op, (H, W), (KH, KW), options.stride, options.padding, options.dilation)


def conv2d_forward(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
    exact: bool = False,
) -> tuple[Array, Saved]:
    """Return (y, saved).

    `stride` is an int or (SH, SW); `padding` an int, (PH, PW), ((top, bottom), (left, right)),
    "valid" (none) or "same" (y as large as x; needs stride 1; where the zeros are odd in number the end gets one more).
    `dilation`, an int or (DH, DW), is how far apart in x the kernel's taps lie; `groups` divides C and O.
    `exact` keeps the native engine from Winograd's algorithms, which round a little more; the NumPy one has none.

    >>> y, _ = conv2d_forward(np.arange(5.0).reshape(1, 1, 1, 5), np.ones((1, 1, 1, 2)), dilation=3)
    >>> y.tolist()     # 0 + 3, 1 + 4
    [[[[3.0, 5.0]]]]
    """
    dtype = float_dtype("conv2d", x=x, weight=weight, bias=bias)
    kernel = axes("conv2d weight", weight.shape, "OCHW")[2:]
    options = written_out(kernel, stride, padding, dilation, groups, exact)
    y = empty(settled_shape(x.shape, weight.shape, options), dtype)
    if bias is not None:
        same_shape("conv2d", "bias", bias, weight.shape[:1])
    _conv2d_forward(x, weight, bias, y, *options)
    return y, (x, weight, bias is not None, options)


def conv2d_backward(
    grad_y: Array,
    saved: Saved,
    *,
    needs_input_grad: bool = True,
    out: tuple[Array | None, Array | None] = NOWHERE,
) -> tuple[Array | None, Array, Array | None]:
    """Return (grad_x, grad_weight, grad_bias).

    grad_x is None where `needs_input_grad` is false (the first layer of a net), grad_bias where there was no bias.
    `out` are arrays that grad_weight and grad_bias are written to, None for a new one.
    """
    x, weight, has_bias, options = saved
    same_shape("conv2d", "grad_y", grad_y, settled_shape(x.shape, weight.shape, options))
    dtype = float_dtype("conv2d", x=x, grad_y=grad_y)
    grad_x = empty(x.shape, dtype) if needs_input_grad else None
    grad_weight, grad_bias = places(out, weight, has_bias)
    _conv2d_backward(grad_y, x, weight, grad_x, grad_weight, grad_bias, *options)
    return grad_x, grad_weight, grad_bias


@twin
def _conv2d_forward(
    x: Array,
    weight: Array,
    bias: Array | None,
    y: Array,
    stride: Pair,
    padding: Sides,
    dilation: Pair,
    groups: int,
    exact: bool,
) -> None:
    windows = windows_of(x, weight.shape[2:], stride, padding, dilation)
    if _is_depthwise(weight, groups):
        depthwise_forward(windows, weight, y)
    else:
        O, depth = len(weight), prod(weight.shape[1:])
        matrices = _weight_by_group(weight, groups).transpose(0, 3, 4, 2, 1).reshape(groups, depth, O // groups)
        for samples, columns in columns_of(windows, groups):
            np.matmul(columns, matrices, out=by_group(rows_of(y[samples]), groups))
    if bias is not None:
        lines = lines_of(y)
        lines += np.tile(bias, y.shape[3])


@twin
def _conv2d_backward(
    grad_y: Array,
    x: Array,
    weight: Array,
    grad_x: Array | None,
    grad_weight: Array,
    grad_bias: Array | None,
    stride: Pair,
    padding: Sides,
    dilation: Pair,
    groups: int,
    exact: bool,
) -> None:
    options = Options(stride, padding, dilation, groups, exact)
    grad_weight[...], grad_of_bias = _grad_parameters(grad_y, x, weight, options)
    if grad_bias is not None:
        grad_bias[...] = grad_of_bias
    if grad_x is not None:
        _grad_x(grad_y, weight, grad_x, options)


def _grad_parameters(grad_y: Array, x: Array, weight: Array, options: Options) -> tuple[Array, Array]:
    O, C_group, KH, KW = weight.shape
    groups, lines = options.groups, lines_of(grad_y)
    # A sum over lines; as a product it is several times quicker.
    grad_bias = (np.ones(len(lines), lines.dtype) @ lines).reshape(grad_y.shape[3], O).sum(axis=0)
    windows = windows_of(x, (KH, KW), options.stride, options.padding, options.dilation)
    if _is_depthwise(weight, groups):
        return depthwise_grad_weight(windows, grad_y), grad_bias
    grad_matrices = np.zeros((groups, KH * KW * C_group, O // groups), x.dtype)
    for samples, columns in columns_of(windows, groups):
        grad_matrices += columns.transpose(0, 2, 1) @ by_group(rows_of(grad_y[samples]), groups)
    grad_weight = (
        grad_matrices.reshape(groups, KH, KW, C_group, O // groups).transpose(0, 4, 3, 1, 2).reshape(weight.shape)
    )
    return grad_weight, grad_bias


def _grad_x(grad_y: Array, weight: Array, grad_x: Array, options: Options) -> None:
    (N, C, H, W), (OH, OW) = grad_x.shape, grad_y.shape[2:]
    (SH, SW), ((top, bottom), (left, right)), (DH, DW), groups, _ = options
    padded = any(map(any, options.padding))
    grad_xp = empty((N, C, H + top + bottom, W + left + right), grad_y.dtype) if padded else grad_x
    grad_xp[...] = 0
    g, depthwise = rows_of(grad_y), _is_depthwise(weight, groups)
    tap = scratch((len(g), C), g.dtype)  # what one (u, v) hands back
    tap_pixels = tap.reshape(N, OH, OW, C).transpose(0, 3, 1, 2)
    g_by_group, tap_by_group = by_group(g, groups), by_group(tap, groups)
    taps = np.ascontiguousarray(_weight_by_group(weight, groups).transpose(3, 4, 0, 1, 2))
    for u, v in np.ndindex(weight.shape[2:]):
        if depthwise:
            depthwise_grad_tap(g, weight[:, 0, u, v], tap)
        else:
            np.matmul(g_by_group, taps[u, v], out=tap_by_group)
        window = grad_xp[:, :, u * DH : u * DH + SH * OH : SH, v * DW : v * DW + SW * OW : SW]
        window += tap_pixels
    if padded:
        grad_x[...] = grad_xp[:, :, top : top + H, left : left + W]


def written_out(
    kernel: Shape, stride: int | Pair, padding: Padding, dilation: int | Pair, groups: int, exact: bool
) -> Options:
    """Return forward's keyword arguments, checked."""
    kernel, stride = pair("conv2d", "kernel", kernel), pair("conv2d", "stride", stride)
    dilation = pair("conv2d", "dilation", dilation)
    around = sides("conv2d", padding, kernel, stride, dilation)
    return Options(stride, around, dilation, whole("conv2d", "groups", groups), exact)


def _is_depthwise(weight: Array, groups: int) -> bool:
    return groups > 1 and weight.shape[1] == 1


def _weight_by_group(weight: Array, groups: int) -> Array:
    """(O, C/G, KH, KW) as (G, O/G, C/G, KH, KW)."""
    return weight.reshape(groups, len(weight) // groups, *weight.shape[1:])
