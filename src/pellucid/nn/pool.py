"""Pooling layers; the mathematics is in ops/pool2d.py."""

from .._core.arrays import Array, Shape
from ..ops import max_pool2d_backward, max_pool2d_forward, max_pool2d_shape
from ..ops._check import Padding, Pair, pair, sides
from .module import Module


class MaxPool2d(Module):
    """The largest value of each window, channel by channel; arguments as in PyTorch.

    Parameters
    ----------
    kernel_size : int or (height, width)
    stride : int, (height, width) or None
        None: the kernel's size, so that windows touch and do not overlap.
    padding : int, (height, width) or ((top, bottom), (left, right))
        At most half the kernel; a padded position never wins.

    Input (N, C, H, W), output (N, C, OH, OW) with OH = floor((H + padding - KH) / SH) + 1.
    Of several equal largest values the first in reading order gets the gradient.

    Examples
    --------
    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> MaxPool2d(2)(x)[0, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """

    def __init__(self, kernel_size: int | Pair, stride: int | Pair | None = None, padding: Padding = 0) -> None:
        self.kernel_size = pair("MaxPool2d", "kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else pair("MaxPool2d", "stride", stride)
        sides("MaxPool2d", padding, self.kernel_size, self.stride)
        self.padding = padding

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OH, OW) for x (N, C, H, W)."""
        y, saved = max_pool2d_forward(x, kernel_size=self.kernel_size, stride=self.stride, padding=self.padding)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return max_pool2d_backward(grad_y, self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OH, OW) for (C, H, W)."""
        return max_pool2d_shape(
            (1, *input_shape), kernel_size=self.kernel_size, stride=self.stride, padding=self.padding
        )[1:]

    def __repr__(self) -> str:
        KH, KW = self.kernel_size
        more = f", stride={self.stride}" if self.stride != self.kernel_size else ""
        more += f", padding={self.padding!r}" if self.padding != 0 else ""
        return f"MaxPool2d({KH}x{KW}{more})"
