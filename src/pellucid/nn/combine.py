"""Modules of several inputs: Add, Multiply and Concatenate; the ops are in ops/combine.py.

They take a tuple of arrays and give one; backward gives a tuple of gradients.  In a `Graph` they join branches.
"""

from collections.abc import Callable, Sequence
from typing import Any

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ..ops import (
    add_backward,
    add_forward,
    add_shape,
    concatenate_backward,
    concatenate_forward,
    concatenate_shape,
    multiply_backward,
    multiply_forward,
)
from ..ops._check import whole
from .module import Module

Ops = tuple[Callable[..., Any], Callable[..., Any]]


def total(gradients: Sequence[Array]) -> Array:
    """Return the sum of arrays of one shape, added in order."""
    result = gradients[0]
    for gradient in gradients[1:]:
        result, _ = add_forward(result, gradient)
    return result


class _Folded(Module):
    """What `Add` and `Multiply` share: (((a, b), c), ...), pair by pair."""

    _ops: Ops = add_forward, add_backward

    def forward(self, x: tuple[Array, ...]) -> Array:  # type: ignore[override]  # several inputs
        """Return y, of the shape of each array of x."""
        arrays: tuple[Array, ...] = _several(self, x)
        y, *others = arrays
        saved = []
        for other in others:
            y, pair = self._ops[0](y, other)
            saved.append(pair)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> tuple[Array, ...]:  # type: ignore[override]
        """Return the gradient of each array."""
        gradients = []
        for pair in reversed(self.kept()):
            grad_y, gradient = self._ops[1](grad_y, pair)
            gradients.append(gradient)
        return grad_y, *reversed(gradients)

    def output_shape(self, input_shape: tuple[Shape, ...]) -> Shape:  # type: ignore[override]
        """Return the shape that all have."""
        shapes: tuple[Shape, ...] = _several(self, input_shape)
        first, *others = shapes
        for shape in others:
            add_shape(first, shape)
        return first

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Add(_Folded):
    """The sum of several arrays of one shape.

    Examples
    --------
    >>> Add()((np.ones((1, 2)), np.ones((1, 2)), np.ones((1, 2)))).tolist()
    [[3.0, 3.0]]
    """

    kernels_only = True


class Multiply(_Folded):
    """The product of several arrays of one shape, number by number, such as values and gates.

    Examples
    --------
    >>> Multiply()((np.array([[2.0, 3.0]]), np.array([[1.0, 0.0]]))).tolist()
    [[2.0, 0.0]]
    """

    kernels_only = True
    _ops = multiply_forward, multiply_backward


class Concatenate(Module):
    """Several arrays one behind the other.

    Parameters
    ----------
    axis : int
        Along which; axis 0 counts the samples, so it is 1 (channels, features) or more.

    Examples
    --------
    >>> Concatenate()((np.ones((1, 2)), np.zeros((1, 1)))).tolist()
    [[1.0, 1.0, 0.0]]
    """

    kernels_only = True

    def __init__(self, axis: int = 1) -> None:
        self.axis = whole("Concatenate", "axis", axis)

    def forward(self, x: tuple[Array, ...]) -> Array:  # type: ignore[override]  # several inputs
        """Return y, whose size along the axis is the sum of theirs."""
        y, saved = concatenate_forward(*_several(self, x), axis=self.axis)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> tuple[Array, ...]:  # type: ignore[override]
        """Return the gradient of each array."""
        return concatenate_backward(grad_y, self.kept())

    def output_shape(self, input_shape: tuple[Shape, ...]) -> Shape:  # type: ignore[override]
        """Return the shape of a sample's output."""
        return concatenate_shape(*((1, *shape) for shape in _several(self, input_shape)), axis=self.axis)[1:]

    def __repr__(self) -> str:
        return f"Concatenate({self.axis if self.axis != 1 else ''})"


def _several(module: Module, given: Any) -> Any:
    """Return `given`, arrays or shapes, if it is a tuple of them."""
    if isinstance(given, tuple) and given and not isinstance(given[0], int):
        return given
    raise ShapeError(f"{module.title}: it joins several inputs, a tuple of them is needed")
