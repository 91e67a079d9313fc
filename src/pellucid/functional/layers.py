"""The layers: each forward gives (output, cache), each backward takes the output's gradient and that cache.

Shapes are written for one sample; a batch has one more axis in front, N.  The mathematics is in `pellucid.ops`.
"""

from typing import Any

import numpy as np

from .. import ops
from .._core.arrays import Array
from .._core.errors import ShapeError
from ..ops._check import Padding, Pair

Cache = tuple[Any, bool]  # what the op saved, and whether it was one sample


def conv2d_forward(
    x: Array, weight: Array, bias: Array | None = None, *, stride: int | Pair = 1, padding: Padding = 0
) -> tuple[Array, Cache]:
    """Slide filters over an image: y[o,i,j] = sum_{c,u,v} x[c, i*SH+u, j*SW+v] * weight[o,c,u,v] + bias[o].

    Parameters
    ----------
    x : array (C, H, W) or (N, C, H, W)
    weight : array (O, C, KH, KW)
    bias : array (O,), optional
    stride, padding
        As of `pellucid.ops.conv2d_forward`.

    Returns
    -------
    y : array (O, OH, OW) or (N, O, OH, OW), with OH = floor((H + padding - KH) / SH) + 1
    cache

    Examples
    --------
    >>> from pellucid.functional import conv2d_forward
    >>> x = np.arange(1.0, 17.0).reshape(1, 4, 4)
    >>> y, _ = conv2d_forward(x, np.array([[[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]]]))
    >>> y[0].tolist()       # each number less the one below it
    [[-4.0, -4.0], [-4.0, -4.0]]
    """
    batch, single = as_batch("conv2d", x, 3)
    y, saved = ops.conv2d_forward(batch, weight, bias, stride=stride, padding=padding)
    return as_given(y, single), (saved, single)


def conv2d_backward(grad_y: Array, cache: Cache) -> tuple[Array, Array, Array | None]:
    """Return (grad_x, grad_weight, grad_bias); of a batch the last two are sums over its samples."""
    saved, single = cache
    grad_x, grad_weight, grad_bias = ops.conv2d_backward(with_axis(grad_y, single), saved)
    assert grad_x is not None
    return as_given(grad_x, single), grad_weight, grad_bias


def relu_forward(x: Array) -> tuple[Array, Cache]:
    """Return (max(x, 0), cache) for an array of any shape."""
    y, saved = ops.relu_forward(np.asarray(x))
    return y, (saved, False)


def relu_backward(grad_y: Array, cache: Cache) -> Array:
    """Return grad_x: the gradient where y > 0, else 0."""
    return ops.relu_backward(grad_y, cache[0])


def maxpool2d_forward(
    x: Array, *, kernel_size: int | Pair = 2, stride: int | Pair | None = None
) -> tuple[Array, Cache]:
    """Return the largest value of each window: x (C, H, W) -> y (C, OH, OW), or both with N in front.

    Examples
    --------
    >>> from pellucid.functional import maxpool2d_forward
    >>> maxpool2d_forward(np.arange(16.0).reshape(1, 4, 4))[0].tolist()
    [[[5.0, 7.0], [13.0, 15.0]]]
    """
    batch, single = as_batch("maxpool2d", x, 3)
    y, saved = ops.max_pool2d_forward(batch, kernel_size=kernel_size, stride=stride)
    return as_given(y, single), (saved, single)


def maxpool2d_backward(grad_y: Array, cache: Cache) -> Array:
    """Return grad_x: the gradient goes where the largest value was, the first of several."""
    saved, single = cache
    return as_given(ops.max_pool2d_backward(with_axis(grad_y, single), saved), single)


def flatten_forward(x: Array) -> tuple[Array, Cache]:
    """Return (C, H, W) as a vector (C*H*W,), or (N, C, H, W) as (N, C*H*W); C runs slowest, W fastest."""
    batch, single = as_batch("flatten", x, 3)
    y, saved = ops.flatten_forward(batch)
    return as_given(y, single), (saved, single)


def flatten_backward(grad_y: Array, cache: Cache) -> Array:
    """Return grad_x: the same numbers in the image's shape."""
    saved, single = cache
    return as_given(ops.flatten_backward(with_axis(grad_y, single), saved), single)


def dropout_forward(x: Array, *, p: float = 0.5, key: int = 0, training: bool = True) -> tuple[Array, Cache | None]:
    """In training leave out each number with probability `p` and divide the others by 1 - p; else return x.

    Parameters
    ----------
    x : array of any shape
    p : float
        Probability from 0 to 1.
    key : int
        64 bits that settle the mask: take another one at each step.
    training : bool
        False when the network is applied.

    Examples
    --------
    >>> from pellucid.functional import dropout_forward
    >>> dropout_forward(np.ones(6), p=0.5, key=3)[0].tolist()
    [2.0, 0.0, 0.0, 0.0, 2.0, 2.0]
    """
    if not training:
        return x, None
    y, saved = ops.dropout_forward(x, p=p, key=key)
    return y, (saved, False)


def dropout_backward(grad_y: Array, cache: Cache | None) -> Array:
    """Return grad_x: what was left out gets no gradient."""
    return grad_y if cache is None else ops.dropout_backward(grad_y, cache[0])


def dense_forward(x: Array, weight: Array, bias: Array | None = None) -> tuple[Array, Cache]:
    """Return y = weight @ x + bias: x (I,) -> y (O,), or (N, I) -> (N, O), with weight (O, I)."""
    batch, single = as_batch("dense", x, 1)
    y, saved = ops.linear_forward(batch, weight, bias)
    return as_given(y, single), (saved, single)


def dense_backward(grad_y: Array, cache: Cache) -> tuple[Array, Array, Array | None]:
    """Return (grad_x, grad_weight, grad_bias); of a batch the last two are sums over its samples."""
    saved, single = cache
    grad_x, grad_weight, grad_bias = ops.linear_backward(with_axis(grad_y, single), saved)
    assert grad_x is not None
    return as_given(grad_x, single), grad_weight, grad_bias


def as_batch(name: str, x: Array, axes: int) -> tuple[Array, bool]:
    """Return x as a batch, and whether it was one sample, which has so many axes."""
    x = np.asarray(x)
    if x.ndim not in (axes, axes + 1):
        raise ShapeError(f"{name}: x has shape {x.shape}; one sample has {axes} axes, a batch one more in front")
    return with_axis(x, x.ndim == axes), x.ndim == axes


def with_axis(x: Array, single: bool) -> Array:
    """Return one sample as a batch of one."""
    return x[None] if single else x


def as_given(y: Array, single: bool) -> Array:
    """Return a batch of one as a sample, if it came as one."""
    sample: Array = y[0] if single else y
    return sample
