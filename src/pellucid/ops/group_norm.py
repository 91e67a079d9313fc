"""group_norm: each group of a sample's channels gets mean 0 and deviation 1, then each channel a scale and a shift.

With m counting the M numbers of group k of sample n, C/G channels with all their places, and c the channel of m

    mean[n,k] = 1/M sum_m x[n,k,m]        var[n,k] = 1/M sum_m (x[n,k,m] - mean[n,k])**2
    v[n,k,m]  = (x[n,k,m] - mean[n,k]) / sqrt(var[n,k] + eps)        y[n,k,m] = v[n,k,m] * weight[c] + bias[c]

With g = dL/dy and h = g * weight

    grad_bias[c]  = sum of g over n and the places of channel c        grad_weight[c] = the same sum of g * v
    grad_x[n,k,m] = (h[n,k,m] - 1/M sum_j h[n,k,j] - v[n,k,m] * 1/M sum_j h[n,k,j] * v[n,k,j]) / sqrt(var[n,k] + eps)

No sample knows of another, so it does the same in training and evaluation, with a batch of one too.
Y. Wu and K. He, Group normalization, ECCV 2018.

x, y (N, C, ...)   weight, bias (C,), or None for ones and zeros   G = num_groups divides C
saved statistics (N, G, 2): mean and 1 / sqrt(var + eps), in float64
"""

from typing import TypeAlias

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import float_dtype, same_shape, whole
from ._dispatch import twin
from ._memory import NOWHERE, Out, empty
from ._norm import grad_groups, gradients, measure, normalised, start

Saved: TypeAlias = tuple[Array, Array | None, Array | None, Array]


def group_norm_shape(x_shape: Shape, *, num_groups: int, eps: float = 1e-5) -> Shape:
    """Return the shape of y, that of x; a ShapeError names sizes that do not fit."""
    if len(x_shape) < 2 or 0 in x_shape[1:]:
        raise ShapeError(f"group_norm: x has shape {tuple(x_shape)}, samples, channels and their places are needed")
    if x_shape[1] % whole("group_norm", "num_groups", num_groups):
        raise ShapeError(f"group_norm: {x_shape[1]} channels do not divide into {num_groups} groups")
    return tuple(x_shape)


def group_norm_forward(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, num_groups: int, eps: float = 1e-5
) -> tuple[Array, Saved]:
    """Return (y, saved).

    >>> x = np.array([[1.0, 3.0, 10.0, 30.0]])     # four channels of one number
    >>> group_norm_forward(x, num_groups=2)[0].round(3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """
    shape = group_norm_shape(x.shape, num_groups=num_groups)
    statistics = start("group_norm", x, weight, bias, shape[1:2], (shape[0], num_groups), eps)
    y = empty(shape, x.dtype)
    _group_norm_forward(x, weight, bias, y, statistics, eps)
    return y, (x, weight, bias, statistics)


def group_norm_backward(
    grad_y: Array, saved: Saved, *, needs_input_grad: bool = True, out: Out = NOWHERE
) -> tuple[Array | None, Array | None, Array | None]:
    """Return (grad_x, grad_weight, grad_bias), None for what there was not; arguments as of layer_norm_backward."""
    x, weight, bias, statistics = saved
    float_dtype("group_norm", x=x, grad_y=grad_y)
    same_shape("group_norm", "grad_y", grad_y, x.shape)
    grad_x, grad_weight, grad_bias = gradients(x, weight, bias, needs_input_grad, out, images=True)
    _group_norm_backward(grad_y, x, weight, statistics, grad_x, grad_weight, grad_bias)
    return grad_x, grad_weight, grad_bias


@twin
def _group_norm_forward(
    x: Array, weight: Array | None, bias: Array | None, y: Array, statistics: Array, eps: float
) -> None:
    values = measure(_groups(x, statistics), eps, statistics).reshape(x.shape)
    if weight is not None:
        values *= _by_channel(weight, x)
    if bias is not None:
        values += _by_channel(bias, x)
    y[...] = values


@twin
def _group_norm_backward(
    grad_y: Array,
    x: Array,
    weight: Array | None,
    statistics: Array,
    grad_x: Array | None,
    grad_weight: Array | None,
    grad_bias: Array | None,
) -> None:
    values = normalised(_groups(x, statistics), statistics)
    places = (0, *range(2, x.ndim))
    if grad_weight is not None:
        grad_weight[...] = (grad_y * values.reshape(x.shape)).sum(axis=places)
    if grad_bias is not None:
        grad_bias[...] = grad_y.sum(axis=places)
    if grad_x is not None:
        h = grad_y if weight is None else grad_y * _by_channel(weight, x)
        grad_x[...] = grad_groups(_groups(h, statistics), values, statistics).reshape(x.shape)


def _groups(x: Array, statistics: Array) -> Array:
    """(N, C, ...) as (N, G, M)."""
    N, G, _ = statistics.shape
    return x.reshape(N, G, x.size // max(1, N * G))


def _by_channel(parameter: Array, x: Array) -> Array:
    """(C,) to be broadcast over (N, C, ...)."""
    return parameter.reshape(-1, *(1,) * (x.ndim - 2))
