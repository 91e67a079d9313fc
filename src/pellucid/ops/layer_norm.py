"""layer_norm: the last axes of x get mean 0 and deviation 1, then each place in them a scale and a shift.

With m counting the M numbers of `normalized_shape`, the last axes of x, and n all that come before

    mean[n] = 1/M sum_m x[n,m]        var[n] = 1/M sum_m (x[n,m] - mean[n])**2
    v[n,m]  = (x[n,m] - mean[n]) / sqrt(var[n] + eps)        y[n,m] = v[n,m] * weight[m] + bias[m]

With g = dL/dy and h = g * weight

    grad_bias[m] = sum_n g[n,m]        grad_weight[m] = sum_n g[n,m] * v[n,m]
    grad_x[n,m]  = (h[n,m] - 1/M sum_k h[n,k] - v[n,m] * 1/M sum_k h[n,k] * v[n,k]) / sqrt(var[n] + eps)

J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, arXiv:1607.06450, 2016.

x, y (..., *normalized_shape)   weight, bias (*normalized_shape), or None for ones and zeros
saved statistics (..., 2): mean and 1 / sqrt(var + eps), in float64
"""

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import float_dtype, same_shape, whole
from ._dispatch import twin
from ._memory import NOWHERE, Out, empty
from ._norm import grad_groups, gradients, measure, normalised, start

Saved: TypeAlias = tuple[Array, Array | None, Array | None, Array]


def layer_norm_shape(x_shape: Shape, *, normalized_shape: int | Sequence[int], eps: float = 1e-5) -> Shape:
    """Return the shape of y, that of x; a ShapeError names sizes that do not fit."""
    last = axes_of("layer_norm", normalized_shape)
    if tuple(x_shape[-len(last) :]) != last:
        raise ShapeError(f"layer_norm: x of shape {tuple(x_shape)} does not end in normalized_shape {last}")
    return tuple(x_shape)


def layer_norm_forward(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    normalized_shape: int | Sequence[int],
    eps: float = 1e-5,
) -> tuple[Array, Saved]:
    """Return (y, saved).

    >>> layer_norm_forward(np.array([[1.0, 2.0, 3.0]]), normalized_shape=3)[0].round(3).tolist()
    [[-1.225, 0.0, 1.225]]
    """
    last = axes_of("layer_norm", normalized_shape)
    shape = layer_norm_shape(x.shape, normalized_shape=last)
    statistics = start("layer_norm", x, weight, bias, last, shape[: len(shape) - len(last)], eps)
    y = empty(shape, x.dtype, images=False)
    _layer_norm_forward(x, weight, bias, y, statistics, eps)
    return y, (x, weight, bias, statistics)


def layer_norm_backward(
    grad_y: Array, saved: Saved, *, needs_input_grad: bool = True, out: Out = NOWHERE
) -> tuple[Array | None, Array | None, Array | None]:
    """Return (grad_x, grad_weight, grad_bias), None for what there was not.

    grad_x is None where `needs_input_grad` is false.  `out` are arrays that grad_weight and grad_bias are written to,
    None for a new one.
    """
    x, weight, bias, statistics = saved
    float_dtype("layer_norm", x=x, grad_y=grad_y)
    same_shape("layer_norm", "grad_y", grad_y, x.shape)
    grad_x, grad_weight, grad_bias = gradients(x, weight, bias, needs_input_grad, out)
    _layer_norm_backward(grad_y, x, weight, statistics, grad_x, grad_weight, grad_bias)
    return grad_x, grad_weight, grad_bias


@twin
def _layer_norm_forward(
    x: Array, weight: Array | None, bias: Array | None, y: Array, statistics: Array, eps: float
) -> None:
    values = measure(_rows(x, statistics), eps, statistics)
    if weight is not None:
        values *= weight.ravel()
    if bias is not None:
        values += bias.ravel()
    y[...] = values.reshape(y.shape)


@twin
def _layer_norm_backward(
    grad_y: Array,
    x: Array,
    weight: Array | None,
    statistics: Array,
    grad_x: Array | None,
    grad_weight: Array | None,
    grad_bias: Array | None,
) -> None:
    values, g = normalised(_rows(x, statistics), statistics), _rows(grad_y, statistics)
    before = tuple(range(statistics.ndim - 1))
    if grad_weight is not None:
        grad_weight[...] = (g * values).sum(axis=before).reshape(grad_weight.shape)
    if grad_bias is not None:
        grad_bias[...] = g.sum(axis=before).reshape(grad_bias.shape)
    if grad_x is not None:
        h = g if weight is None else g * weight.ravel()
        grad_x[...] = grad_groups(h, values, statistics).reshape(x.shape)


def axes_of(op: str, normalized_shape: int | Sequence[int]) -> Shape:
    """Return `normalized_shape` as a tuple of sizes; an int is the last axis alone."""
    sizes = normalized_shape if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    if not sizes:
        raise ShapeError(f"{op}: normalized_shape is empty, at least the last axis is needed")
    return tuple(whole(op, "normalized_shape", size) for size in sizes)


def _rows(x: Array, statistics: Array) -> Array:
    """(..., *normalized_shape) as (..., M)."""
    before = statistics.ndim - 1
    return x.reshape(*x.shape[:before], prod(x.shape[before:]))
