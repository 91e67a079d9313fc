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

    op = ops.relu_forward, ops.relu_backward


class Softmax(Activation):
    """Probabilities from scores, along the last axis.  `CrossEntropyLoss` takes scores: it needs no Softmax before it.

    Examples
    --------
    >>> Softmax()(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """

    op = ops.softmax_forward, ops.softmax_backward


class LogSoftmax(Activation):
    """Logarithms of the probabilities, along the last axis.

    Examples
    --------
    >>> LogSoftmax()(np.array([[0.0, 0.0]])).round(4).tolist()
    [[-0.6931, -0.6931]]
    """

    op = ops.log_softmax_forward, ops.log_softmax_backward
