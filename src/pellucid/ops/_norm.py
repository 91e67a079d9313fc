"""What the normalising ops share: mean and deviation along the last axis, in float64 whatever the inputs are.

In float32 the mean itself would be rounded: at a mean of 10,000 that alone is 0.0005 in every normalised value.
"""

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ._check import float_dtype, same_shape
from ._memory import Out, empty


def start(
    op: str, x: Array, weight: Array | None, bias: Array | None, shape: Shape, groups: Shape, eps: float
) -> Array:
    """Check forward's arguments; return room for the statistics (*groups, 2)."""
    float_dtype(op, x=x, weight=weight, bias=bias)
    if not eps > 0:
        raise ConfigError(f"{op}: eps is {eps}, a number above 0 is needed")
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None:
            same_shape(op, name, array, shape)
    return empty((*groups, 2), np.float64, images=False)


def gradients(
    x: Array, weight: Array | None, bias: Array | None, needs_input_grad: bool, out: Out, images: bool = False
) -> list[Array | None]:
    """Return where grad_x, grad_weight and grad_bias go: `out` as far as it has a place for them, else new arrays."""
    places: list[Array | None] = [empty(x.shape, x.dtype, images=images) if needs_input_grad else None]
    for parameter, place in zip((weight, bias), out, strict=True):
        new = parameter is not None and place is None
        places.append(empty(parameter.shape, x.dtype, images=False) if new else place)  # type: ignore[union-attr]
    return places


def measure(groups: Array, eps: float, statistics: Array) -> Array:
    """Write mean and 1 / deviation of groups (..., M) to statistics (..., 2); return the values, normalised."""
    statistics[..., 0] = groups.mean(axis=-1, dtype=np.float64)
    centred = groups - statistics[..., :1]
    statistics[..., 1] = 1 / np.sqrt(np.square(centred).mean(axis=-1) + eps)
    return centred * statistics[..., 1:]


def normalised(groups: Array, statistics: Array) -> Array:
    """Return (groups - mean) / deviation."""
    values: Array = (groups - statistics[..., :1]) * statistics[..., 1:]
    return values


def grad_groups(g: Array, values: Array, statistics: Array) -> Array:
    """Return the gradient of the groups for the gradient g of their normalised values."""
    level, slope = g.mean(axis=-1, keepdims=True), (g * values).mean(axis=-1, keepdims=True)
    gradient: Array = (g - level - values * slope) * statistics[..., 1:]
    return gradient
