"""Activation layers: no parameters, no sizes; the mathematics is in ops/activation.py, softmax.py, elu.py and so on."""

from collections.abc import Callable
from typing import Any, ClassVar

from .. import ops
from .._core.arrays import Array
from ..ops._check import real
from ..ops.gelu import is_by_tanh
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
        self.negative_slope = real("LeakyReLU", "negative_slope", negative_slope)

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


class SiLU(Activation):
    """x * sigmoid(x), number by number; also called swish.

    Examples
    --------
    >>> SiLU()(np.array([[0.0, 1000.0]])).tolist()
    [[0.0, 1000.0]]
    """

    kernels_only = True

    op = ops.silu_forward, ops.silu_backward


class Hardswish(Activation):
    """x * min(max(x + 3, 0), 6) / 6, number by number: SiLU by straight lines.

    Examples
    --------
    >>> Hardswish()(np.array([[-3.0, -1.5, 3.0]])).tolist()
    [[-0.0, -0.375, 3.0]]
    """

    kernels_only = True

    op = ops.hard_swish_forward, ops.hard_swish_backward


class ELU(Module):
    """x where x > 0, else alpha * (exp(x) - 1), number by number.

    Parameters
    ----------
    alpha : float

    Examples
    --------
    >>> ELU(0.5)(np.array([[-1000.0, 3.0]])).tolist()
    [[-0.5, 3.0]]
    """

    kernels_only = True

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = real("ELU", "alpha", alpha)

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape."""
        y, saved = ops.elu_forward(x, alpha=self.alpha)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return ops.elu_backward(grad_y, self.kept())

    def __repr__(self) -> str:
        return f"ELU({self.alpha})"


class GELU(Module):
    """x times the probability that a standard normal number is less than x, number by number.

    Parameters
    ----------
    approximate : "none" or "tanh"
        "tanh" puts a sigmoid in the place of the probability, as networks that were trained with it need.

    Examples
    --------
    >>> GELU()(np.array([[-1.0, 0.0, 1.0]])).round(4).tolist()
    [[-0.1587, 0.0, 0.8413]]
    """

    kernels_only = True

    def __init__(self, approximate: str = "none") -> None:
        is_by_tanh("GELU", approximate)
        self.approximate = approximate

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape."""
        y, saved = ops.gelu_forward(x, approximate=self.approximate)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return ops.gelu_backward(grad_y, self.kept())

    def __repr__(self) -> str:
        return f"GELU({self.approximate!r})" if self.approximate != "none" else "GELU()"


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
