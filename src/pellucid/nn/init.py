"""Start values of parameters, by name.  Every number is a function of (key, i): no generator, no global state.

    zeros           0                                               biases
    ones            1                                               scales
    normal          N(0, 0.01**2)                                   "small_normal" is another name of it
    glorot_uniform  U(-a, a), a = sqrt(6 / (fan_in + fan_out))      X. Glorot and Y. Bengio, AISTATS 2010
    glorot_normal   N(0, 2 / (fan_in + fan_out))
    he_uniform      U(-a, a), a = sqrt(6 / fan_in)                  K. He et al., ICCV 2015: made for ReLU
    he_normal       N(0, 2 / fan_in)
    orthogonal      rows (or columns, where they are fewer) of length 1, at right angles      A. Saxe et al., ICLR 2014

A weight (O, I, KH, KW) has fan_in = I*KH*KW, the numbers that one output sums over, and fan_out = O*KH*KW;
a weight (O, I) likewise with KH = KW = 1.  In a convolution with groups I is the channels of one group, since that is
what an output sums over; fan_out counts all outputs, as PyTorch does.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from .._core.random import normal as standard_normal
from .._core.random import uniform

Initializer: TypeAlias = Callable[[Shape, int], Array]  # (shape, key) -> array


def fans(shape: Shape) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a weight.

    >>> fans((32, 16, 3, 3))
    (144, 288)
    """
    if len(shape) < 2:
        raise ConfigError(f"init: shape {shape} has no fan; weights have two axes or more, outputs first")
    taps = math.prod(shape[2:])
    return shape[1] * taps, shape[0] * taps


def zeros(shape: Shape, key: int) -> Array:
    """Return zeros."""
    return np.zeros(shape)


def ones(shape: Shape, key: int) -> Array:
    """Return ones."""
    return np.ones(shape)


def normal(shape: Shape, key: int, std: float = 0.01) -> Array:
    """Return normal numbers of mean 0 and standard deviation `std`."""
    return std * standard_normal(key, math.prod(shape)).reshape(shape)


def glorot_uniform(shape: Shape, key: int) -> Array:
    """Return uniform numbers of variance 2 / (fan_in + fan_out)."""
    return _uniform(shape, key, math.sqrt(6 / sum(fans(shape))))


def glorot_normal(shape: Shape, key: int) -> Array:
    """Return normal numbers of variance 2 / (fan_in + fan_out)."""
    return normal(shape, key, math.sqrt(2 / sum(fans(shape))))


def he_uniform(shape: Shape, key: int) -> Array:
    """Return uniform numbers of variance 2 / fan_in."""
    return _uniform(shape, key, math.sqrt(6 / fans(shape)[0]))


def he_normal(shape: Shape, key: int) -> Array:
    """Return normal numbers of variance 2 / fan_in."""
    return normal(shape, key, math.sqrt(2 / fans(shape)[0]))


def orthogonal(shape: Shape, key: int, gain: float = 1.0) -> Array:
    """Return a weight whose rows, or columns if they are fewer, have length `gain` and stand at right angles.

    The weight counts as a matrix of shape[0] rows, as in PyTorch.  Normal vectors are taken one by one, and from each
    its part along those before is taken away, twice (Gram-Schmidt).  Sums are added in order, so that the bits do not
    depend on the machine's linear algebra.

    >>> q = orthogonal((3, 2, 2, 2), key=7).reshape(3, 8)
    >>> bool(np.allclose(q @ q.T, np.eye(3)))
    True
    """
    fans(shape)
    rows, columns = shape[0], math.prod(shape[1:])
    vectors = standard_normal(key, rows * columns).reshape(min(rows, columns), -1)
    for i, vector in enumerate(vectors):
        before = vectors[:i]
        for _ in range(2 if i else 0):
            along = np.add.accumulate(before * vector, axis=1)[:, -1:]
            vector -= np.add.accumulate(before * along, axis=0)[-1]
        vector /= math.sqrt(np.add.accumulate(vector * vector)[-1])
    return gain * (vectors if rows <= columns else vectors.T).reshape(shape)


_BY_NAME: dict[str, Initializer] = {
    f.__name__: f for f in (zeros, ones, normal, glorot_uniform, glorot_normal, he_uniform, he_normal, orthogonal)
}
_BY_NAME["small_normal"] = normal


def initializer(name: str | Initializer) -> Initializer:
    """Return the initialiser of that name; a function (shape, key) -> array stands for itself."""
    if not isinstance(name, str):
        return name
    if name not in _BY_NAME:
        raise ConfigError(f"init: {name!r} is unknown, known are {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def _uniform(shape: Shape, key: int, bound: float) -> Array:
    return (bound * (2 * uniform(key, math.prod(shape)) - 1)).reshape(shape)
