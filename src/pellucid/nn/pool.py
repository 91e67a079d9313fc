"""Pooling layers; the mathematics is in ops/pool2d.py."""

from typing import Any

from .._core.arrays import Array, Shape
from ..ops import (
    avg_pool2d_backward,
    avg_pool2d_forward,
    avg_pool2d_shape,
    max_pool2d_backward,
    max_pool2d_forward,
    max_pool2d_shape,
)
from ..ops._check import Padding, Pair
from ..ops._taps import pool_options
from .module import Module


class _Pool2d(Module):
    """What the pooling layers share: their windows."""

    def __init__(self, kernel_size: int | Pair, stride: int | Pair | None = None, padding: Padding = 0) -> None:
        # A wrong one is told here and now.
        self.kernel_size, self.stride, _ = pool_options(type(self).__name__, kernel_size, stride, padding)
        self.padding = padding

    def _options(self) -> dict[str, Any]:
        return {"kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding}

    def __repr__(self) -> str:
        KH, KW = self.kernel_size
        more = f", stride={self.stride}" if self.stride != self.kernel_size else ""
        more += f", padding={self.padding!r}" if self.padding != 0 else ""
        return f"{type(self).__name__}({KH}x{KW}{more})"


class MaxPool2d(_Pool2d):
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

    kernels_only = True

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OH, OW) for x (N, C, H, W)."""
        y, saved = max_pool2d_forward(x, **self._options())
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return max_pool2d_backward(grad_y, self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OH, OW) for (C, H, W)."""
        return max_pool2d_shape((1, *input_shape), **self._options())[1:]


class AvgPool2d(_Pool2d):
    """The mean of each window, channel by channel; arguments as in PyTorch.

    Parameters
    ----------
    kernel_size : int or (height, width)
    stride : int, (height, width) or None
        None: the kernel's size, so that windows touch and do not overlap.
    padding : int, (height, width) or ((top, bottom), (left, right))
        At most half the kernel.
    count_include_pad : bool
        Whether padded zeros count as values: a window is divided by KH*KW then, else by what it holds of the image.

    Input (N, C, H, W), output (N, C, OH, OW) with OH = floor((H + padding - KH) / SH) + 1.

    Examples
    --------
    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> AvgPool2d(2)(x)[0, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """

    kernels_only = True

    def __init__(
        self,
        kernel_size: int | Pair,
        stride: int | Pair | None = None,
        padding: Padding = 0,
        *,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.count_include_pad = count_include_pad

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OH, OW) for x (N, C, H, W)."""
        y, saved = avg_pool2d_forward(x, **self._options())
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return avg_pool2d_backward(grad_y, self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OH, OW) for (C, H, W)."""
        return avg_pool2d_shape((1, *input_shape), **self._options())[1:]

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "count_include_pad": self.count_include_pad}

    def __repr__(self) -> str:
        shown = super().__repr__()
        return shown if self.count_include_pad else f"{shown[:-1]}, count_include_pad=False)"
