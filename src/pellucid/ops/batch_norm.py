"""batch_norm: each channel is shifted and scaled to mean 0 and variance 1, then to what was learned.

    xhat = (x - mean[c]) / sqrt(var[c] + eps)              y = weight[c] * xhat + bias[c]

In training mean and var are those of the batch: over its samples and, in images, all their pixels, M values for each
channel c; var divides by M.  Then all values of a channel share in them, and with g = dL/dy

    grad_bias[c]   = sum g
    grad_weight[c] = sum g * xhat
    grad_x         = weight[c] / sqrt(var[c] + eps) * (g - grad_bias[c] / M - xhat * grad_weight[c] / M)

Where mean and var are given, as in evaluation, they are constants: grad_x = weight[c] / sqrt(var[c] + eps) * g.
For evaluation running statistics are kept from step to step, with the unbiased variance (`track_batch_norm`):

    running_mean <- (1 - f) * running_mean + f * mean                    f = momentum, or 1 / steps so far
    running_var  <- (1 - f) * running_var  + f * var * M / (M - 1)

S. Ioffe and C. Szegedy, Batch normalization: accelerating deep network training by reducing internal covariate shift,
ICML 2015.  batch_norm_relu is relu(batch_norm(x)) in one; y itself tells where the gradient passes.

x, y, g = dL/dy: (N,C), (N,C,L) or (N,C,H,W).   weight, bias, mean, var: (C,)

Statistics are sums in float64 and stay so: at a mean of 1e4 float32 would be off by a thousandth of a deviation.
"""

from math import prod
from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import NOWHERE, Out, empty

# x, weight, whether there is a bias, statistics (mean, var) in float64, whether they were given, eps, y of a ReLU
Saved: TypeAlias = tuple[Array, Array | None, bool, Array, bool, float, Array | None]
Found: TypeAlias = tuple[Array | None, Array | None, Array | None]


def batch_norm_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x."""
    if len(x_shape) not in (2, 3, 4):
        raise ShapeError(f"batch_norm: expected (N, C), (N, C, L) or (N, C, H, W), got shape {tuple(x_shape)}")
    return tuple(x_shape)


def batch_norm_forward(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Saved]:
    """Return (y, saved); with `mean` and `var` these are used instead of the batch's own.

    >>> y, _ = batch_norm_forward(np.array([[1.0, 5.0], [3.0, 5.0]]), eps=0.0625)
    >>> y.round(4).tolist()     # the second channel has no variance, and eps keeps it from 0 / 0
    [[-0.9701, 0.0], [0.9701, 0.0]]
    """
    return _forward(x, weight, bias, mean, var, eps, relu=False)


def batch_norm_backward(grad_y: Array, saved: Saved, *, needs_input_grad: bool = True, out: Out = NOWHERE) -> Found:
    """Return (grad_x, grad_weight, grad_bias), None for what forward was not given.

    `out` are arrays that grad_weight and grad_bias are written to, None for a new one.
    """
    x, weight, has_bias, statistics, given, eps, y = saved
    dtype = float_dtype("batch_norm", x=x, grad_y=grad_y)
    same_shape("batch_norm", "grad_y", grad_y, x.shape)
    grad_x = empty(x.shape, dtype) if needs_input_grad else None
    grad_weight, grad_bias = (
        (empty(x.shape[1:2], dtype) if place is None else place) if there else None
        for place, there in zip(out, (weight is not None, has_bias), strict=True)
    )
    _batch_norm_backward(grad_y, y, x, weight, statistics, grad_x, grad_weight, grad_bias, eps, given)
    return grad_x, grad_weight, grad_bias


batch_norm_relu_shape = batch_norm_shape


def batch_norm_relu_forward(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Saved]:
    """Return (y, saved), as of batch_norm_forward."""
    return _forward(x, weight, bias, mean, var, eps, relu=True)


def batch_norm_relu_backward(
    grad_y: Array, saved: Saved, *, needs_input_grad: bool = True, out: Out = NOWHERE
) -> Found:
    """Return (grad_x, grad_weight, grad_bias), as of batch_norm_backward."""
    return batch_norm_backward(grad_y, saved, needs_input_grad=needs_input_grad, out=out)


def track_batch_norm(
    running_mean: Array, running_var: Array, steps: Array, statistics: Array, count: int, momentum: float | None
) -> None:
    """Take the `statistics` of a batch, of `count` values for each channel, into the running ones.

    `steps`, int64 and without axes, counts one up; with `momentum` None the running statistics are plain means.
    """
    _track_batch_norm(running_mean, running_var, steps, statistics, count, momentum)


def values_per_channel(x_shape: Shape) -> int:
    """Return M, how many values share a mean."""
    return x_shape[0] * prod(x_shape[2:])


def settled_statistics(x: Array, mean: Array | None, var: Array | None) -> Array:
    """Return (mean, var) as one float64 array (2, C): the given ones, or room for those of the batch."""
    if (mean is None) != (var is None):
        raise ConfigError("batch_norm: give both mean and var, or neither")
    statistics = empty((2, x.shape[1]), np.float64)
    if mean is not None and var is not None:
        for name, array in (("mean", mean), ("var", var)):
            same_shape("batch_norm", name, array, x.shape[1:2])
        _batch_norm_given(mean, var, statistics)
    return statistics


def check_batch_norm(
    x_shape: Shape, channels: int, weight: Array | None, bias: Array | None, eps: float, given: bool
) -> None:
    """Refuse what does not fit x."""
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None:
            same_shape("batch_norm", name, array, (channels,))
    if not eps >= 0:
        raise ConfigError(f"batch_norm: eps is {eps}, a number from 0 is needed")
    if not given and (M := values_per_channel(x_shape)) < 2:
        raise ShapeError(
            f"batch_norm: x of shape {tuple(x_shape)} has {M} value{'s' * (M != 1)} for each channel, its statistics "
            "need 2 or more; give it more samples, or evaluate with running statistics"
        )


def _forward(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    mean: Array | None,
    var: Array | None,
    eps: float,
    relu: bool,
) -> tuple[Array, Saved]:
    shape = batch_norm_shape(x.shape)
    dtype = float_dtype("batch_norm", x=x, weight=weight, bias=bias, mean=mean, var=var)
    check_batch_norm(shape, shape[1], weight, bias, eps, mean is not None)
    y, statistics = empty(shape, dtype), settled_statistics(x, mean, var)
    if mean is None:
        _batch_norm_statistics(x, statistics)
    _batch_norm_forward(x, weight, bias, statistics, y, eps, relu)
    return y, (x, weight, bias is not None, statistics, mean is not None, eps, y if relu else None)


# --- what fills the outputs ---------------------------------------------------------------------------------------


@twin
def _batch_norm_statistics(x: Array, statistics: Array) -> None:
    np.mean(x, axis=_others(x), dtype=np.float64, out=statistics[0])
    np.mean(np.square(x - _along(statistics[0], x)), axis=_others(x), out=statistics[1])


@twin
def _batch_norm_given(mean: Array, var: Array, statistics: Array) -> None:
    statistics[0], statistics[1] = mean, var


@twin
def _batch_norm_forward(
    x: Array, weight: Array | None, bias: Array | None, statistics: Array, y: Array, eps: float, relu: bool
) -> None:
    y[...] = (x - _along(statistics[0], x)) * _along(_scale(weight, statistics, eps), x)
    if bias is not None:
        y += _along(bias, x)
    if relu:
        np.maximum(y, 0, out=y)


@twin
def _batch_norm_backward(
    grad_y: Array,
    y_relu: Array | None,
    x: Array,
    weight: Array | None,
    statistics: Array,
    grad_x: Array | None,
    grad_weight: Array | None,
    grad_bias: Array | None,
    eps: float,
    given: bool,
) -> None:
    g = grad_y if y_relu is None else grad_y * (y_relu > 0)
    xhat = (x - _along(statistics[0], x)) * _along(_scale(None, statistics, eps), x)
    sum_g, sum_gx = g.sum(axis=_others(x), dtype=np.float64), np.sum(g * xhat, axis=_others(x))
    if grad_weight is not None:
        grad_weight[...] = sum_gx
    if grad_bias is not None:
        grad_bias[...] = sum_g
    if grad_x is not None:
        M = values_per_channel(x.shape)
        shared = 0 if given else _along(sum_g / M, x) + xhat * _along(sum_gx / M, x)
        grad_x[...] = (g - shared) * _along(_scale(weight, statistics, eps), x)


@twin
def _track_batch_norm(
    running_mean: Array, running_var: Array, steps: Array, statistics: Array, count: int, momentum: float | None
) -> None:
    steps += 1
    f = 1 / float(steps) if momentum is None else momentum
    for running, now in ((running_mean, statistics[0]), (running_var, statistics[1] * (count / (count - 1)))):
        running[...] = (1 - f) * running.astype(np.float64) + f * now


def _scale(weight: Array | None, statistics: Array, eps: float) -> Array:
    deviation = np.sqrt(statistics[1] + eps)
    return (1 if weight is None else weight) / deviation  # type: ignore[no-any-return]


def _others(x: Array) -> tuple[int, ...]:
    return 0, *range(2, x.ndim)


def _along(channels: Array, x: Array) -> Array:
    """Return (C,) as it goes with x."""
    return channels.reshape(-1, *(1,) * (x.ndim - 2))
