"""Neighbours in one: what a convolution and the layers behind it compute, without stops in memory.

    conv2d_relu               y = relu(conv2d(x))
    conv2d_relu_max_pool2d    y = max_pool2d(relu(conv2d(x)))       windows `kernel_size` that touch: stride = size,
    conv2d_relu_avg_pool2d    y = avg_pool2d(relu(conv2d(x)))       no padding

The gradients are those of the compositions.  What lies between is not kept, only where the gradient passes:

    conv2d_relu        y itself: it passes where y > 0
    with max_pool2d    index[n,o,i,j] = u*KW + v of the window's winner, KH*KW where ReLU closed it
    with avg_pool2d    bit u*KW + v of passed[n,o,i,j] tells whether ReLU let that tap pass

Of a max-pooled layer at most one output in KH*KW has a gradient, and the native engine goes back through these alone.
Here the references are the compositions.  Where adding the bias makes two values of a window equal the winner may be
the other one of them.

Shapes and arguments as in conv2d.py and pool2d.py; a linear layer with ReLU is in linear.py.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ._check import Pair, axes, float_dtype, pair, same_shape
from ._dispatch import twin
from ._memory import NOWHERE, Gradients, Out, empty, places
from .activation import relu_backward, relu_forward
from .conv2d import Options, conv2d_backward, conv2d_forward, conv2d_shape, settled_shape, written_out
from .pool2d import avg_pool2d_backward, avg_pool2d_forward, max_pool2d_backward, max_pool2d_forward, max_pool2d_shape

ConvSaved: TypeAlias = tuple[Array, Array, bool, Options, Array]
PoolSaved: TypeAlias = tuple[Array, Array, bool, Options, Array, Pair]

conv2d_relu_shape = conv2d_shape
LARGEST = {"max_pool2d": 255, "avg_pool2d": 8}  # taps of a window that fit one byte


def conv2d_relu_forward(x: Array, weight: Array, bias: Array | None = None, **options: Any) -> tuple[Array, ConvSaved]:
    """Return (y, saved); `options` as of conv2d_forward."""
    dtype, checked = check_conv2d(x, weight, bias, options)
    y = empty(settled_shape(x.shape, weight.shape, checked), dtype)
    _conv2d_relu_forward(x, weight, bias, y, *checked)
    return y, (x, weight, bias is not None, checked, y)


def conv2d_relu_backward(
    grad_y: Array, saved: ConvSaved, *, needs_input_grad: bool = True, out: Out = NOWHERE
) -> Gradients:
    """Return (grad_x, grad_weight, grad_bias)."""
    x, weight, has_bias, options, y = saved
    float_dtype("conv2d", x=x, grad_y=grad_y)
    same_shape("conv2d", "grad_y", grad_y, y.shape)
    gradients = _gradients(x, weight, has_bias, needs_input_grad, out)
    _conv2d_relu_backward(grad_y, y, x, weight, *gradients, *options)
    return gradients


def conv2d_relu_max_pool2d_shape(
    x_shape: Shape, weight_shape: Shape, *, kernel_size: int | Pair, pool: str = "max_pool2d", **options: Any
) -> Shape:
    """Return the shape of y; a window has at most as many taps as one byte can tell apart."""
    window = pair(pool, "kernel_size", kernel_size)
    conv = _settled(axes("conv2d weight", weight_shape, "OCHW")[2:], options)
    return _pooled_shape(tuple(x_shape), tuple(weight_shape), window, pool, conv)


@lru_cache(maxsize=1024)
def _pooled_shape(x_shape: Shape, weight_shape: Shape, window: Pair, pool: str, options: Options) -> Shape:
    KH, KW = window
    if (most := LARGEST[pool]) < KH * KW:
        raise ConfigError(f"{pool}: a fused window has at most {most} taps, {KH}x{KW} are more")
    return max_pool2d_shape(settled_shape(x_shape, weight_shape, options), kernel_size=window)


def conv2d_relu_avg_pool2d_shape(
    x_shape: Shape, weight_shape: Shape, *, kernel_size: int | Pair, **options: Any
) -> Shape:
    """Return the shape of y; a window has at most 8 taps."""
    return conv2d_relu_max_pool2d_shape(x_shape, weight_shape, kernel_size=kernel_size, pool="avg_pool2d", **options)


def conv2d_relu_max_pool2d_forward(
    x: Array, weight: Array, bias: Array | None = None, *, kernel_size: int | Pair, **options: Any
) -> tuple[Array, PoolSaved]:
    """Return (y, saved); `kernel_size` of the windows, `options` as of conv2d_forward."""
    dtype, checked = check_conv2d(x, weight, bias, options)
    shape = conv2d_relu_max_pool2d_shape(x.shape, weight.shape, kernel_size=kernel_size, settled=checked)
    y, index, window = empty(shape, dtype), empty(shape, np.uint8), pair("max_pool2d", "kernel_size", kernel_size)
    _conv2d_relu_max_pool2d_forward(x, weight, bias, y, index, window, *checked)
    return y, (x, weight, bias is not None, checked, index, window)


def conv2d_relu_max_pool2d_backward(
    grad_y: Array, saved: PoolSaved, *, needs_input_grad: bool = True, out: Out = NOWHERE
) -> Gradients:
    """Return (grad_x, grad_weight, grad_bias)."""
    x, weight, has_bias, options, index, window = saved
    float_dtype("conv2d", x=x, grad_y=grad_y)
    same_shape("max_pool2d", "grad_y", grad_y, index.shape)
    gradients = _gradients(x, weight, has_bias, needs_input_grad, out)
    _conv2d_relu_max_pool2d_backward(grad_y, index, x, weight, *gradients, window, *options)
    return gradients


def conv2d_relu_avg_pool2d_forward(
    x: Array, weight: Array, bias: Array | None = None, *, kernel_size: int | Pair, **options: Any
) -> tuple[Array, PoolSaved]:
    """Return (y, saved); `kernel_size` of the windows, `options` as of conv2d_forward."""
    dtype, checked = check_conv2d(x, weight, bias, options)
    shape = conv2d_relu_avg_pool2d_shape(x.shape, weight.shape, kernel_size=kernel_size, settled=checked)
    y, passed, window = empty(shape, dtype), empty(shape, np.uint8), pair("avg_pool2d", "kernel_size", kernel_size)
    _conv2d_relu_avg_pool2d_forward(x, weight, bias, y, passed, window, *checked)
    return y, (x, weight, bias is not None, checked, passed, window)


def conv2d_relu_avg_pool2d_backward(
    grad_y: Array, saved: PoolSaved, *, needs_input_grad: bool = True, out: Out = NOWHERE
) -> Gradients:
    """Return (grad_x, grad_weight, grad_bias)."""
    x, weight, has_bias, options, passed, window = saved
    float_dtype("conv2d", x=x, grad_y=grad_y)
    same_shape("avg_pool2d", "grad_y", grad_y, passed.shape)
    gradients = _gradients(x, weight, has_bias, needs_input_grad, out)
    _conv2d_relu_avg_pool2d_backward(grad_y, passed, x, weight, *gradients, window, *options)
    return gradients


# --- the references: the compositions ----------------------------------------------------------------------------


@twin
def _conv2d_relu_forward(x: Array, weight: Array, bias: Array | None, y: Array, *options: Any) -> None:
    y[...] = _conv2d_relu(x, weight, bias, options)


@twin
def _conv2d_relu_backward(grad_y: Array, y: Array, x: Array, weight: Array, *rest: Any) -> None:
    _conv2d_back(relu_backward(grad_y, y), x, weight, rest[:3], rest[3:])


@twin
def _conv2d_relu_max_pool2d_forward(
    x: Array, weight: Array, bias: Array | None, y: Array, index: Array, window: Pair, *options: Any
) -> None:
    y[...], saved = max_pool2d_forward(_conv2d_relu(x, weight, bias, options), kernel_size=window)
    index[...] = np.where(y <= 0, window[0] * window[1], saved[1])


@twin
def _conv2d_relu_max_pool2d_backward(grad_y: Array, index: Array, x: Array, weight: Array, *rest: Any) -> None:
    *gradients, window = rest[:4]
    shape = settled_shape(x.shape, weight.shape, _options(rest[4:]))
    g = max_pool2d_backward(grad_y, (shape, index, window, window, ((0, 0), (0, 0))))
    _conv2d_back(g, x, weight, gradients, rest[4:])


@twin
def _conv2d_relu_avg_pool2d_forward(
    x: Array, weight: Array, bias: Array | None, y: Array, passed: Array, window: Pair, *options: Any
) -> None:
    z = _conv2d_relu(x, weight, bias, options)
    y[...], _ = avg_pool2d_forward(z, kernel_size=window)
    passed[...] = 0
    (KH, KW), (OH, OW) = window, y.shape[2:]
    for u, v in np.ndindex(window):
        passed |= (z[:, :, u : OH * KH : KH, v : OW * KW : KW] > 0).astype(np.uint8) << np.uint8(u * KW + v)


@twin
def _conv2d_relu_avg_pool2d_backward(grad_y: Array, passed: Array, x: Array, weight: Array, *rest: Any) -> None:
    *gradients, window = rest[:4]
    (KH, KW), (OH, OW) = window, passed.shape[2:]
    shape = settled_shape(x.shape, weight.shape, _options(rest[4:]))
    counts = np.full((OH, OW), KH * KW, grad_y.dtype)
    g = avg_pool2d_backward(grad_y, (shape, counts, window, window, ((0, 0), (0, 0))))
    for u, v in np.ndindex(window):
        g[:, :, u : OH * KH : KH, v : OW * KW : KW] *= (passed >> np.uint8(u * KW + v)) & 1
    _conv2d_back(g, x, weight, gradients, rest[4:])


def _conv2d_relu(x: Array, weight: Array, bias: Array | None, options: tuple[Any, ...]) -> Array:
    z, _ = conv2d_forward(x, weight, bias, **Options(*options)._asdict())
    return relu_forward(z)[0]


def _conv2d_back(g: Array, x: Array, weight: Array, gradients: Any, options: tuple[Any, ...]) -> None:
    saved = x, weight, gradients[2] is not None, _options(options)
    _copy(conv2d_backward(g, saved, needs_input_grad=gradients[0] is not None), gradients)


def _options(rest: tuple[Any, ...]) -> Options:
    return Options(*rest)


def _copy(found: Gradients, gradients: Any) -> None:
    for target, value in zip(gradients, found, strict=True):
        if target is not None:
            target[...] = value


def _gradients(x: Array, weight: Array, has_bias: bool, needs_input_grad: bool, out: Out) -> Gradients:
    grad_x = empty(x.shape, x.dtype, images=weight.ndim == 4) if needs_input_grad else None
    return grad_x, *places(out, weight, has_bias)


def check_conv2d(x: Array, weight: Array, bias: Array | None, options: dict[str, Any]) -> tuple[Any, Options]:
    """Return the dtype, and the options written out."""
    checked = _settled(axes("conv2d weight", weight.shape, "OCHW")[2:], options)
    if bias is not None:
        same_shape("conv2d", "bias", bias, weight.shape[:1])
    return float_dtype("conv2d", x=x, weight=weight, bias=bias), checked


def _settled(kernel: Shape, options: dict[str, Any]) -> Options:
    """Return the options of the convolution; a layer that had them checked before hands them over as `settled`."""
    if "settled" in options:
        settled: Options = options["settled"]
        return settled
    defaults: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "exact": False}
    return written_out(kernel, **(defaults | options))
