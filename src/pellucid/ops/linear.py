"""linear: every output is a weighted sum of all inputs.

    y[n,o] = bias[o] + sum_i x[n,i] * weight[o,i]                 y = x @ weight.T + bias

With g = dL/dy

    grad_x      = g @ weight
    grad_weight = g.T @ x
    grad_bias   = sum_n g[n]

linear_relu is relu(linear(x)) in one; its gradients are those of the composition, and y itself tells where g passes.

x (..., I): any number of leading axes, all counted by n.   weight (O,I)   bias (O,) or None   y (..., O)
"""

from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from ._check import axes, float_dtype, same_shape
from ._dispatch import twin
from ._memory import NOWHERE, Gradients, Out, empty, places
from .activation import relu_backward, relu_forward

Saved: TypeAlias = tuple[Array, Array, bool]
ReLUSaved: TypeAlias = tuple[Array, Array, bool, Array]


def linear_shape(x_shape: Shape, weight_shape: Shape) -> Shape:
    """Return the shape of y; a ShapeError names sizes that do not fit."""
    O, I = axes("linear weight", weight_shape, "OI")
    if not x_shape or x_shape[-1] != I:
        got = x_shape[-1] if x_shape else "no"
        raise ShapeError(f"linear: x has {got} features but weight expects {I}")
    return *x_shape[:-1], O


def linear_forward(x: Array, weight: Array, bias: Array | None = None) -> tuple[Array, Saved]:
    """Return (y, saved)."""
    y = empty(linear_shape(x.shape, weight.shape), float_dtype("linear", x=x, weight=weight, bias=bias), images=False)
    if bias is not None:
        same_shape("linear", "bias", bias, weight.shape[:1])
    _linear_forward(x, weight, bias, y)
    return y, (x, weight, bias is not None)


def linear_backward(
    grad_y: Array,
    saved: Saved,
    *,
    needs_input_grad: bool = True,
    out: Out = NOWHERE,
) -> Gradients:
    """Return (grad_x, grad_weight, grad_bias); grad_x is None where `needs_input_grad` is false.

    `out` are arrays that grad_weight and grad_bias are written to, None for a new one.
    """
    x, weight, has_bias = saved
    dtype = float_dtype("linear", x=x, grad_y=grad_y)
    same_shape("linear", "grad_y", grad_y, linear_shape(x.shape, weight.shape))
    grad_weight, grad_bias = places(out, weight, has_bias)
    grad_x = empty(x.shape, dtype, images=False) if needs_input_grad else None
    _linear_backward(grad_y, x, weight, grad_x, grad_weight, grad_bias)
    return grad_x, grad_weight, grad_bias


linear_relu_shape = linear_shape


def linear_relu_forward(x: Array, weight: Array, bias: Array | None = None) -> tuple[Array, ReLUSaved]:
    """Return (y, saved)."""
    dtype = float_dtype("linear", x=x, weight=weight, bias=bias)
    y = empty(linear_shape(x.shape, weight.shape), dtype, images=False)
    if bias is not None:
        same_shape("linear", "bias", bias, weight.shape[:1])
    _linear_relu_forward(x, weight, bias, y)
    return y, (x, weight, bias is not None, y)


def linear_relu_backward(
    grad_y: Array, saved: ReLUSaved, *, needs_input_grad: bool = True, out: Out = NOWHERE
) -> Gradients:
    """Return (grad_x, grad_weight, grad_bias); `out` as of linear_backward."""
    x, weight, has_bias, y = saved
    dtype = float_dtype("linear", x=x, grad_y=grad_y)
    same_shape("linear", "grad_y", grad_y, y.shape)
    grad_x = empty(x.shape, dtype, images=False) if needs_input_grad else None
    grad_weight, grad_bias = places(out, weight, has_bias)
    _linear_relu_backward(grad_y, y, x, weight, grad_x, grad_weight, grad_bias)
    return grad_x, grad_weight, grad_bias


@twin
def _linear_forward(x: Array, weight: Array, bias: Array | None, y: Array) -> None:
    np.matmul(x, weight.T, out=y)
    if bias is not None:
        y += bias


@twin
def _linear_backward(
    grad_y: Array,
    x: Array,
    weight: Array,
    grad_x: Array | None,
    grad_weight: Array,
    grad_bias: Array | None,
) -> None:
    g = grad_y.reshape(-1, len(weight))
    np.matmul(g.T, x.reshape(-1, weight.shape[1]), out=grad_weight)
    if grad_bias is not None:
        np.sum(g, axis=0, out=grad_bias)
    if grad_x is not None:
        np.matmul(grad_y, weight, out=grad_x)


@twin
def _linear_relu_forward(x: Array, weight: Array, bias: Array | None, y: Array) -> None:
    y[...] = relu_forward(linear_forward(x, weight, bias)[0])[0]


@twin
def _linear_relu_backward(
    grad_y: Array,
    y: Array,
    x: Array,
    weight: Array,
    grad_x: Array | None,
    grad_weight: Array,
    grad_bias: Array | None,
) -> None:
    saved = x, weight, grad_bias is not None
    found = linear_backward(
        relu_backward(grad_y, y), saved, needs_input_grad=grad_x is not None, out=(grad_weight, grad_bias)
    )
    if grad_x is not None:
        grad_x[...] = found[0]
