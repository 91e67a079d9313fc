"""Flatten: images become rows; the op is in ops/flatten.py."""

from .._core.arrays import Array, Shape
from ..ops import flatten_backward, flatten_forward, flatten_shape
from .module import Module


class Flatten(Module):
    """(N, C, H, W) becomes (N, C*H*W), in the order C, H, W.

    Examples
    --------
    >>> Flatten()(np.zeros((2, 64, 5, 5))).shape
    (2, 1600)
    """

    kernels_only = True

    def forward(self, x: Array) -> Array:
        """Return y (N, product of the other axes)."""
        y, saved = flatten_forward(x)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return flatten_backward(grad_y, self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (product,)."""
        return flatten_shape((1, *input_shape))[1:]

    def __repr__(self) -> str:
        return "Flatten()"
