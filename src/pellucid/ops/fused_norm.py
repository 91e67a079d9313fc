"""Convolution, batch-norm, ReLU and max-pooling in one, without stops that nobody needs.

    z = conv2d(x)
    conv2d_batch_norm_relu                y = relu(batch_norm(z))
    conv2d_batch_norm_relu_max_pool2d     y = max_pool2d(relu(batch_norm(z)))     windows `kernel_size` that touch

The gradients are those of the compositions.  Kept are z, its statistics and, of pooling, index[n,o,i,j] = u*KW + v of
the window's winner, KH*KW where ReLU closed it; whether ReLU let z pass is computed anew.  With g = dL/dbatch_norm(z),
so masked, batch-norm's gradient needs two sums over the batch before its first number is known:

    grad_norm_bias = sum g          grad_norm_weight = sum g * zhat          zhat = (z - mean) / sqrt(var + eps)
    dL/dz = norm_weight / sqrt(var + eps) * (g - grad_norm_bias / M - zhat * grad_norm_weight / M)

and grad_x, grad_weight, grad_bias are those of conv2d with it.  What a bias adds the mean takes away: unless mean and
var were given, grad_bias is 0, and here exactly so.  The native engine takes the statistics while each sample's z lies
in the cache, and makes dL/dz sample by sample where the gradients of the convolution want it.

With running statistics there is another way: they are constants, so batch-norm is part of the layer before it
(`fold_batch_norm`):

    weight' = weight * s        bias' = (bias - mean) * s + norm_bias        s = norm_weight / sqrt(var + eps)

Shapes and arguments as in conv2d.py, batch_norm.py and pool2d.py; norm_weight, norm_bias, mean, var (O,).
"""

from typing import Any, TypeAlias

import numpy as np

from .._core.arrays import Array
from ._check import Pair, float_dtype, pair, same_shape
from ._dispatch import twin
from ._memory import empty
from .batch_norm import (
    _batch_norm_forward,
    _batch_norm_statistics,
    batch_norm_backward,
    check_batch_norm,
    settled_statistics,
)
from .conv2d import Options, conv2d_backward, conv2d_forward, conv2d_shape, settled_shape
from .fused import check_conv2d, conv2d_relu_max_pool2d_shape
from .pool2d import max_pool2d_backward, max_pool2d_forward

# x, weight, whether there is a bias, norm_weight, norm_bias, z, statistics, whether they were given, eps, index of the
# pooling, its window, options of the convolution
Saved: TypeAlias = tuple[
    Array, Array, bool, Array | None, Array | None, Array, Array, bool, float, Array | None, Pair, Options
]
Gradients: TypeAlias = tuple[Array | None, Array, Array | None, Array | None, Array | None]
OUT: tuple[None, None, None, None] = (None, None, None, None)

conv2d_batch_norm_relu_shape = conv2d_shape
conv2d_batch_norm_relu_max_pool2d_shape = conv2d_relu_max_pool2d_shape


def conv2d_batch_norm_relu_forward(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    norm_weight: Array | None = None,
    norm_bias: Array | None = None,
    *,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
    **options: Any,
) -> tuple[Array, Saved]:
    """Return (y, saved); `mean`, `var` and `eps` as of batch_norm_forward, `options` as of conv2d_forward."""
    z, statistics, checked = _convolved(x, weight, bias, norm_weight, norm_bias, mean, var, eps, options)
    y = empty(z.shape, z.dtype)
    _batch_norm_forward(z, norm_weight, norm_bias, statistics, y, eps, True)
    more = mean is not None, eps, None, (1, 1), checked
    return y, (x, weight, bias is not None, norm_weight, norm_bias, z, statistics, *more)


def conv2d_batch_norm_relu_max_pool2d_forward(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    norm_weight: Array | None = None,
    norm_bias: Array | None = None,
    *,
    kernel_size: int | Pair,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
    **options: Any,
) -> tuple[Array, Saved]:
    """Return (y, saved); `kernel_size` of the windows, all else as of conv2d_batch_norm_relu_forward."""
    shape = conv2d_relu_max_pool2d_shape(x.shape, weight.shape, kernel_size=kernel_size, **options)
    z, statistics, checked = _convolved(x, weight, bias, norm_weight, norm_bias, mean, var, eps, options)
    y, index, window = empty(shape, z.dtype), empty(shape, np.uint8), pair("max_pool2d", "kernel_size", kernel_size)
    _batch_norm_relu_max_pool2d_forward(z, norm_weight, norm_bias, statistics, y, index, window, eps)
    more = mean is not None, eps, index, window, checked
    return y, (x, weight, bias is not None, norm_weight, norm_bias, z, statistics, *more)


def conv2d_batch_norm_relu_backward(
    grad_y: Array,
    saved: Saved,
    *,
    needs_input_grad: bool = True,
    out: tuple[Array | None, ...] = OUT,
) -> Gradients:
    """Return (grad_x, grad_weight, grad_bias, grad_norm_weight, grad_norm_bias).

    None stands for what forward was not given, and for grad_x unless `needs_input_grad`.  `out` are arrays that the
    other four are written to, None for a new one.
    """
    x, weight, has_bias, norm_weight, norm_bias, z, statistics, given, eps, index, window, options = saved
    dtype = float_dtype("conv2d", x=x, grad_y=grad_y)
    same_shape("conv2d_batch_norm_relu", "grad_y", grad_y, z.shape if index is None else index.shape)
    grad_x = empty(x.shape, dtype) if needs_input_grad else None
    wanted = True, has_bias, norm_weight is not None, norm_bias is not None
    shapes = weight.shape, *(weight.shape[:1],) * 3
    gradients: Any = [
        (empty(shape, dtype, images=False) if place is None else place) if there else None
        for place, shape, there in zip(out, shapes, wanted, strict=True)
    ]
    _conv2d_batch_norm_relu_backward(
        grad_y, index, z, x, weight, norm_weight, norm_bias, statistics, grad_x, *gradients,
        window, eps, given, *options,
    )  # fmt: skip
    return grad_x, *gradients


conv2d_batch_norm_relu_max_pool2d_backward = conv2d_batch_norm_relu_backward


def fold_batch_norm(
    weight: Array,
    bias: Array | None,
    norm_weight: Array | None,
    norm_bias: Array | None,
    mean: Array,
    var: Array,
    eps: float,
) -> tuple[Array, Array]:
    """Return weight and bias of the layer that does what a layer (O, ...) and the batch-norm behind it do."""
    folded = empty(weight.shape, weight.dtype, images=False), empty(mean.shape, weight.dtype)
    _fold_batch_norm(weight, bias, norm_weight, norm_bias, mean, var, *folded, eps)
    return folded


def _convolved(
    x: Array,
    weight: Array,
    bias: Array | None,
    norm_weight: Array | None,
    norm_bias: Array | None,
    mean: Array | None,
    var: Array | None,
    eps: float,
    options: dict[str, Any],
) -> tuple[Array, Array, Options]:
    """Return z, its statistics and the options written out."""
    dtype, checked = check_conv2d(x, weight, bias, options)
    float_dtype("batch_norm", x=x, weight=norm_weight, bias=norm_bias, mean=mean, var=var)
    shape = settled_shape(x.shape, weight.shape, checked)
    check_batch_norm(shape, shape[1], norm_weight, norm_bias, eps, mean is not None)
    if mean is not None:
        z, _ = conv2d_forward(x, weight, bias, **checked._asdict())
        return z, settled_statistics(z, mean, var), checked
    z = empty(shape, dtype)
    statistics = settled_statistics(z, mean, var)
    _conv2d_statistics(x, weight, bias, z, statistics, *checked)
    return z, statistics, checked


# --- the references: the compositions ----------------------------------------------------------------------------


@twin
def _conv2d_statistics(x: Array, weight: Array, bias: Array | None, z: Array, statistics: Array, *options: Any) -> None:
    z[...], _ = conv2d_forward(x, weight, bias, **Options(*options)._asdict())
    _batch_norm_statistics(z, statistics)


@twin
def _batch_norm_relu_max_pool2d_forward(
    z: Array,
    norm_weight: Array | None,
    norm_bias: Array | None,
    statistics: Array,
    y: Array,
    index: Array,
    window: Pair,
    eps: float,
) -> None:
    whole = empty(z.shape, z.dtype)
    _batch_norm_forward(z, norm_weight, norm_bias, statistics, whole, eps, True)
    y[...], saved = max_pool2d_forward(whole, kernel_size=window)
    index[...] = np.where(y <= 0, window[0] * window[1], saved[1])


@twin
def _conv2d_batch_norm_relu_backward(
    grad_y: Array,
    index: Array | None,
    z: Array,
    x: Array,
    weight: Array,
    norm_weight: Array | None,
    norm_bias: Array | None,
    statistics: Array,
    grad_x: Array | None,
    grad_weight: Array,
    grad_bias: Array | None,
    grad_norm_weight: Array | None,
    grad_norm_bias: Array | None,
    window: Pair,
    eps: float,
    given: bool,
    *options: Any,
) -> None:
    y = None
    if index is None:
        y = empty(z.shape, z.dtype)
        _batch_norm_forward(z, norm_weight, norm_bias, statistics, y, eps, True)
    else:
        grad_y = max_pool2d_backward(grad_y, (z.shape, index, window, window, ((0, 0), (0, 0))))
    of_norm = z, norm_weight, norm_bias is not None, statistics, given, eps, y
    grad_z, _, _ = batch_norm_backward(grad_y, of_norm, out=(grad_norm_weight, grad_norm_bias))
    assert grad_z is not None
    saved = x, weight, given and grad_bias is not None, Options(*options)
    found = conv2d_backward(grad_z, saved, needs_input_grad=grad_x is not None, out=(grad_weight, grad_bias))
    if grad_bias is not None and not given:
        grad_bias[...] = 0
    if grad_x is not None:
        grad_x[...] = found[0]


@twin
def _fold_batch_norm(
    weight: Array,
    bias: Array | None,
    norm_weight: Array | None,
    norm_bias: Array | None,
    mean: Array,
    var: Array,
    folded_weight: Array,
    folded_bias: Array,
    eps: float,
) -> None:
    scale = (1 if norm_weight is None else norm_weight) / np.sqrt(var.astype(np.float64) + eps)
    folded_weight[...] = weight * scale.reshape(-1, *(1,) * (weight.ndim - 1))
    moved = (0 if bias is None else bias) - mean.astype(np.float64)
    folded_bias[...] = moved * scale + (0 if norm_bias is None else norm_bias)
