"""Activations: functions applied to each number by itself.

relu        y = max(x, 0)                       grad_x = g where y > 0, else 0
leaky_relu  y = x where x > 0, else slope * x   grad_x = g where x > 0, else slope * g
sigmoid     y = 1 / (1 + exp(-x))               grad_x = g * y * (1 - y)
tanh        y = tanh(x)                         grad_x = g * (1 - y**2)

At x = 0 the first two have a kink; there the derivative is taken as 0 and as slope, as PyTorch does.
leaky_relu: A. L. Maas et al., Rectifier nonlinearities improve neural network acoustic models, ICML 2013.

x, y, g = dL/dy: any one shape.   slope = negative_slope: a number.
"""

import numpy as np

from .._core.arrays import Array, Shape
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty


def relu_shape(x_shape: Shape) -> Shape:
    """Return the shape of y: that of x."""
    return tuple(x_shape)


sigmoid_shape = tanh_shape = relu_shape


def relu_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved); y itself tells where the gradient flows."""
    y = empty(x.shape, float_dtype("relu", x=x))
    _relu_forward(x, y)
    return y, y


def relu_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("relu", "grad_y", grad_y, saved.shape)
    grad_x = empty(saved.shape, float_dtype("relu", y=saved, grad_y=grad_y))
    _relu_backward(grad_y, saved, grad_x)
    return grad_x


@twin
def _relu_forward(x: Array, y: Array) -> None:
    np.maximum(x, 0, out=y)


@twin
def _relu_backward(grad_y: Array, y: Array, grad_x: Array) -> None:
    np.greater(y, 0, out=grad_x)  # 1 or 0
    grad_x *= grad_y


def leaky_relu_shape(x_shape: Shape, *, negative_slope: float = 0.01) -> Shape:
    """Return the shape of y: that of x."""
    return tuple(x_shape)


def leaky_relu_forward(x: Array, *, negative_slope: float = 0.01) -> tuple[Array, Array]:
    """Return (y, saved); saved is the derivative: 1 where x > 0, else `negative_slope`.

    >>> leaky_relu_forward(np.array([-2.0, 3.0]), negative_slope=0.1)[0].tolist()
    [-0.2, 3.0]
    """
    dtype = float_dtype("leaky_relu", x=x)
    y, slope = empty(x.shape, dtype), empty(x.shape, dtype)
    _leaky_relu_forward(x, y, slope, negative_slope)
    return y, slope


def leaky_relu_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("leaky_relu", "grad_y", grad_y, saved.shape)
    grad_x = empty(saved.shape, float_dtype("leaky_relu", x=saved, grad_y=grad_y))
    _leaky_relu_backward(grad_y, saved, grad_x)
    return grad_x


@twin
def _leaky_relu_forward(x: Array, y: Array, slope: Array, negative_slope: float) -> None:
    np.multiply(x <= 0, slope.dtype.type(negative_slope), out=slope)
    slope += x > 0  # 0 + 1 or slope + 0: exact, and backward needs no comparison again
    np.multiply(x, slope, out=y)


@twin
def _leaky_relu_backward(grad_y: Array, slope: Array, grad_x: Array) -> None:
    np.multiply(grad_y, slope, out=grad_x)


def sigmoid_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved), as exp(min(x, 0)) / (1 + exp(-abs(x))): no power is positive, so nothing overflows.

    >>> sigmoid_forward(np.array([-1000.0, 0.0, 1000.0]))[0].tolist()
    [0.0, 0.5, 1.0]
    """
    y = empty(x.shape, float_dtype("sigmoid", x=x))
    _sigmoid_forward(x, y)
    return y, y


def sigmoid_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("sigmoid", "grad_y", grad_y, saved.shape)
    grad_x = empty(saved.shape, float_dtype("sigmoid", y=saved, grad_y=grad_y))
    _sigmoid_backward(grad_y, saved, grad_x)
    return grad_x


@twin
def _sigmoid_forward(x: Array, y: Array) -> None:
    np.minimum(x, 0, out=y)
    np.exp(y, out=y)
    y /= 1 + np.exp(-np.abs(x))


@twin
def _sigmoid_backward(grad_y: Array, y: Array, grad_x: Array) -> None:
    np.subtract(1, y, out=grad_x)
    grad_x *= y
    grad_x *= grad_y


def tanh_forward(x: Array) -> tuple[Array, Array]:
    """Return (y, saved).

    >>> tanh_forward(np.array([-1000.0, 0.0, 1000.0]))[0].tolist()
    [-1.0, 0.0, 1.0]
    """
    y = empty(x.shape, float_dtype("tanh", x=x))
    _tanh_forward(x, y)
    return y, y


def tanh_backward(grad_y: Array, saved: Array) -> Array:
    """Return grad_x."""
    same_shape("tanh", "grad_y", grad_y, saved.shape)
    grad_x = empty(saved.shape, float_dtype("tanh", y=saved, grad_y=grad_y))
    _tanh_backward(grad_y, saved, grad_x)
    return grad_x


@twin
def _tanh_forward(x: Array, y: Array) -> None:
    np.tanh(x, out=y)


@twin
def _tanh_backward(grad_y: Array, y: Array, grad_x: Array) -> None:
    np.multiply(y, y, out=grad_x)
    np.subtract(1, grad_x, out=grad_x)
    grad_x *= grad_y
