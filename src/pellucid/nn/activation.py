"""Activation layers: no parameters, no sizes; the mathematics is in ops/activation.py and ops/softmax.py."""

from collections.abc import Callable
from typing import Any, ClassVar

from .. import ops
from .._core.arrays import Array
from .module import Module


class Activation(Module):
    """A layer that is nothing but one op: a subclass names its (forward, backward)."""

    op: ClassVar[tuple[Callable[[Array], tuple[Array, Any]], Callable[[Array, Any], Array]]]

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape."""
        op_forward, _ = self.op
        y, saved = op_forward(x)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        _, op_backward = self.op
        return op_backward(grad_y, self.kept())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ReLU(Activation):
    """max(x, 0), number by number.

    Examples
    --------
    >>> ReLU()(np.array([[-1.0, 2.0]])).tolist()
    [[0.0, 2.0]]
    """

    kernels_only = True

    op = ops.relu_forward, ops.relu_backward


class LeakyReLU(Module):
    """x where x > 0, else negative_slope * x, number by number.

    Parameters
    ----------
    negative_slope : float

    Examples
    --------
    >>> LeakyReLU(0.1)(np.array([[-2.0, 3.0]])).tolist()
    [[-0.2, 3.0]]
    """

    kernels_only = True

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape."""
        y, saved = ops.leaky_relu_forward(x, negative_slope=self.negative_slope)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return ops.leaky_relu_backward(grad_y, self.kept())

    def __repr__(self) -> str:
        return f"LeakyReLU({self.negative_slope})"


class Sigmoid(Activation):
    """1 / (1 + exp(-x)), number by number: from 0 to 1, right at both ends.

    Examples
    --------
    >>> Sigmoid()(np.array([[-1000.0, 0.0]])).tolist()
    [[0.0, 0.5]]
    """

    kernels_only = True

    op = ops.sigmoid_forward, ops.sigmoid_backward


class Tanh(Activation):
    """The hyperbolic tangent, number by number: from -1 to 1.

    Examples
    --------
    >>> Tanh()(np.array([[0.0, 1000.0]])).tolist()
    [[0.0, 1.0]]
    """

    kernels_only = True

    op = ops.tanh_forward, ops.tanh_backward


class Softmax(Activation):
    """Probabilities from scores, along the last axis.  `CrossEntropyLoss` takes scores: it needs no Softmax before it.

    Examples
    --------
    >>> Softmax()(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """

    kernels_only = True

    op = ops.softmax_forward, ops.softmax_backward


class LogSoftmax(Activation):
    """Logarithms of the probabilities, along the last axis.

    Examples
    --------
    >>> LogSoftmax()(np.array([[0.0, 0.0]])).round(4).tolist()
    [[-0.6931, -0.6931]]
    """

    kernels_only = True

    op = ops.log_softmax_forward, ops.log_softmax_backward
