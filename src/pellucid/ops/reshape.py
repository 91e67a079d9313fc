"""reshape and permute: the same numbers by other axes.

reshape: numbers keep their order, the one of flatten: y[n].ravel() = x[n].ravel(), C, H, W
permute: y[n, i_1, i_2, ...] = x[n, j_1, j_2, ...] with j_axes[k] = i_k: axis k of y is axis axes[k] of x

Their gradients go back the same way.  Both copy, since images lie channels-last in memory.

x (N, ...)   y (N, ...), as many numbers
"""

from collections.abc import Sequence
from math import prod

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ._check import float_dtype, same_shape
from ._copy import copy
from ._memory import empty
from .flatten import _flatten_backward, _flatten_forward


def reshape_shape(x_shape: Shape, *, shape: Shape) -> Shape:
    """Return the shape of y: ``(N, *shape)``; one size of `shape` may be -1, which stands for what is left."""
    if not x_shape:
        raise ShapeError("reshape: x has no axes, the first one must count the samples")
    size, known = prod(x_shape[1:]), prod(n for n in shape if n != -1)
    if any(n < -1 for n in shape) or list(shape).count(-1) > 1:
        raise ConfigError(f"reshape: {tuple(shape)} has impossible sizes; one of them may be -1")
    if (size % known if known else size) if -1 in shape else size != known:
        raise ShapeError(f"reshape: samples of shape {tuple(x_shape[1:])} do not become {tuple(shape)}")
    return (x_shape[0], *(size // known if n == -1 and known else max(n, 0) for n in shape))


def reshape_forward(x: Array, *, shape: Shape) -> tuple[Array, tuple[Shape, Shape]]:
    """Return (y, saved).

    >>> reshape_forward(np.arange(6.0).reshape(1, 6), shape=(2, -1))[0].tolist()
    [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]]
    """
    float_dtype("reshape", x=x)
    y = _reshaped(x, reshape_shape(x.shape, shape=shape))
    return y, (x.shape, y.shape)


def reshape_backward(grad_y: Array, saved: tuple[Shape, Shape]) -> Array:
    """Return grad_x."""
    x_shape, y_shape = saved
    same_shape("reshape", "grad_y", grad_y, y_shape)
    float_dtype("reshape", grad_y=grad_y)
    return _reshaped(grad_y, x_shape)


def as_row(x: Array) -> Array:
    """Return sequences (N, C, L) as images (N, C, 1, L)."""
    N, C, L = x.shape
    return _reshaped(x, (N, C, 1, L))


def as_sequence(y: Array) -> Array:
    """Return images (N, C, 1, L) as sequences (N, C, L)."""
    N, C, _, L = y.shape
    return _reshaped(y, (N, C, L))


def _reshaped(x: Array, shape: Shape) -> Array:
    y = empty(shape, x.dtype)
    if y.ndim != 4:
        _flatten_forward(x, y)
    elif x.ndim != 4:
        _flatten_backward(x, y)
    else:  # from image to image by way of a row
        row = empty((shape[0], prod(shape[1:])), x.dtype)
        _flatten_forward(x, row)
        _flatten_backward(row, y)
    return y


def permute_shape(x_shape: Shape, *, axes: Sequence[int]) -> Shape:
    """Return the shape of y; `axes` are the samples' axes 1, 2, ... of x in the order in which y has them."""
    if sorted(axes) != list(range(1, len(x_shape))):
        raise ShapeError(
            f"permute: axes {tuple(axes)} are not 1 to {len(x_shape) - 1} of x {tuple(x_shape)}, each once"
        )
    return (x_shape[0], *(x_shape[axis] for axis in axes))


def permute_forward(x: Array, *, axes: Sequence[int]) -> tuple[Array, tuple[Shape, tuple[int, ...]]]:
    """Return (y, saved).

    >>> permute_forward(np.arange(6.0).reshape(1, 2, 3), axes=(2, 1))[0].tolist()
    [[[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]]
    """
    y = empty(permute_shape(x.shape, axes=axes), float_dtype("permute", x=x))
    order = (0, *axes)
    copy(x.transpose(order), y)
    return y, (y.shape, order)


def permute_backward(grad_y: Array, saved: tuple[Shape, tuple[int, ...]]) -> Array:
    """Return grad_x."""
    y_shape, order = saved
    same_shape("permute", "grad_y", grad_y, y_shape)
    back = sorted(range(len(order)), key=order.__getitem__)
    grad_x = empty(tuple(y_shape[axis] for axis in back), float_dtype("permute", grad_y=grad_y))
    copy(grad_y.transpose(back), grad_x)
    return grad_x
