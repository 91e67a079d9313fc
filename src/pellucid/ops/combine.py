"""add, multiply and concatenate: what joins the branches of a network.

    y = a + b                  grad_a = grad_b = g
    y = a * b                  grad_a = g * b, grad_b = g * a           number by number
    y = [x_0, x_1, ...]        grad_x_k = the part of g where x_k lies  along one axis

a, b, y, g = dL/dy: one shape, nothing is broadcast.   x_k: alike but for their sizes along the axis, which add up in y
"""

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import float_dtype, same_shape
from ._copy import copy
from ._dispatch import twin
from ._memory import empty


def add_shape(a_shape: Shape, b_shape: Shape) -> Shape:
    """Return the shape of y: that of both."""
    return _alike("add", a_shape, b_shape)


def add_forward(a: Array, b: Array) -> tuple[Array, Shape]:
    """Return (y, saved)."""
    y = empty(add_shape(a.shape, b.shape), float_dtype("add", a=a, b=b))
    _add(a, b, y)
    return y, y.shape


def add_backward(grad_y: Array, saved: Shape) -> tuple[Array, Array]:
    """Return (grad_a, grad_b): both are `grad_y` itself."""
    same_shape("add", "grad_y", grad_y, saved)
    float_dtype("add", grad_y=grad_y)
    return grad_y, grad_y


def multiply_shape(a_shape: Shape, b_shape: Shape) -> Shape:
    """Return the shape of y: that of both."""
    return _alike("multiply", a_shape, b_shape)


def multiply_forward(a: Array, b: Array) -> tuple[Array, tuple[Array, Array]]:
    """Return (y, saved)."""
    y = empty(multiply_shape(a.shape, b.shape), float_dtype("multiply", a=a, b=b))
    _multiply(a, b, y)
    return y, (a, b)


def multiply_backward(grad_y: Array, saved: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return (grad_a, grad_b)."""
    a, b = saved
    same_shape("multiply", "grad_y", grad_y, a.shape)
    dtype = float_dtype("multiply", a=a, grad_y=grad_y)
    grad_a, grad_b = empty(a.shape, dtype), empty(b.shape, dtype)
    _multiply(grad_y, b, grad_a)
    _multiply(grad_y, a, grad_b)
    return grad_a, grad_b


def concatenate_shape(*shapes: Shape, axis: int = 1) -> Shape:
    """Return the shape of y: sizes along `axis`, counted with the samples' as 0, are added up."""
    if not shapes:
        raise ShapeError("concatenate: no arrays")
    first = shapes[0]
    if not 0 < axis < len(first):
        raise ShapeError(f"concatenate: axis {axis} is none of a sample's 1 to {len(first) - 1}; shape {tuple(first)}")
    for shape in shapes:
        if len(shape) != len(first) or any(
            m != n for i, (m, n) in enumerate(zip(shape, first, strict=False)) if i != axis
        ):
            raise ShapeError(f"concatenate: {tuple(first)} and {tuple(shape)} differ in more than axis {axis}")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def concatenate_forward(*arrays: Array, axis: int = 1) -> tuple[Array, tuple[tuple[Shape, ...], int]]:
    """Return (y, saved).

    >>> concatenate_forward(np.ones((1, 2)), np.zeros((1, 1)))[0].tolist()
    [[1.0, 1.0, 0.0]]
    """
    shapes = tuple(x.shape for x in arrays)
    shape = concatenate_shape(*shapes, axis=axis)
    y = empty(shape, float_dtype("concatenate", **{f"x{k}": x for k, x in enumerate(arrays)}))
    for x, (start, end) in zip(arrays, _parts(shapes, axis), strict=True):
        copy(x, y[(*(slice(None),) * axis, slice(start, end))], axis, 0)
    return y, (shapes, axis)


def concatenate_backward(grad_y: Array, saved: tuple[tuple[Shape, ...], int]) -> tuple[Array, ...]:
    """Return the gradient of each array."""
    shapes, axis = saved
    same_shape("concatenate", "grad_y", grad_y, concatenate_shape(*shapes, axis=axis))
    dtype = float_dtype("concatenate", grad_y=grad_y)
    gradients = tuple(empty(shape, dtype) for shape in shapes)
    for gradient, (start, _) in zip(gradients, _parts(shapes, axis), strict=True):
        copy(grad_y, gradient, axis, start)
    return gradients


@twin
def _add(a: Array, b: Array, y: Array) -> None:
    np.add(a, b, out=y)


@twin
def _multiply(a: Array, b: Array, y: Array) -> None:
    np.multiply(a, b, out=y)


def _alike(op: str, a_shape: Shape, b_shape: Shape) -> Shape:
    if tuple(a_shape) != tuple(b_shape):
        raise ShapeError(f"{op}: shapes {tuple(a_shape)} and {tuple(b_shape)} differ; nothing is broadcast")
    return tuple(a_shape)


def _parts(shapes: tuple[Shape, ...], axis: int) -> list[tuple[int, int]]:
    """Return where each array begins and ends in y."""
    ends = np.cumsum([shape[axis] for shape in shapes]).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))
