"""Pooling along sequences; the mathematics is in ops/pool1d.py."""

from typing import Any

from .._core.arrays import Array, Shape
from ..ops import (
    avg_pool1d_backward,
    avg_pool1d_forward,
    avg_pool1d_shape,
    max_pool1d_backward,
    max_pool1d_forward,
    max_pool1d_shape,
)
from ..ops._taps import pool_options
from ..ops.pool1d import Padding1d, windows
from .module import Module


class _Pool1d(Module):
    """What the pooling layers share: their windows."""

    def __init__(self, kernel_size: int, stride: int | None = None, padding: Padding1d = 0) -> None:
        checked = windows(type(self).__name__, kernel_size, stride, padding)  # a wrong one is told here and now
        pool_options(type(self).__name__, **checked)
        self.kernel_size, self.stride, self.padding = checked["kernel_size"][1], checked["stride"][1], padding

    def _options(self) -> dict[str, Any]:
        return {"kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding}

    def __repr__(self) -> str:
        more = f", stride={self.stride}" if self.stride != self.kernel_size else ""
        more += f", padding={self.padding!r}" if self.padding != 0 else ""
        return f"{type(self).__name__}({self.kernel_size}{more})"


class MaxPool1d(_Pool1d):
    """The largest value of each window, channel by channel; arguments as in PyTorch.

    Parameters
    ----------
    kernel_size : int
    stride : int or None
        None: the kernel's size, so that windows touch and do not overlap.
    padding : int or (before, behind)
        At most half the kernel; a padded position never wins.

    Input (N, C, L), output (N, C, OL) with OL = floor((L + padding - K) / stride) + 1.

    Examples
    --------
    >>> MaxPool1d(2)(np.arange(6.0).reshape(1, 1, 6)).tolist()
    [[[1.0, 3.0, 5.0]]]
    """

    kernels_only = True

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OL) for x (N, C, L)."""
        y, saved = max_pool1d_forward(x, **self._options())
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return max_pool1d_backward(grad_y, self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OL) for (C, L)."""
        return max_pool1d_shape((1, *input_shape), **self._options())[1:]


class AvgPool1d(_Pool1d):
    """The mean of each window, channel by channel; arguments as in PyTorch.

    Parameters
    ----------
    kernel_size : int
    stride : int or None
        None: the kernel's size, so that windows touch and do not overlap.
    padding : int or (before, behind)
        At most half the kernel.
    count_include_pad : bool
        Whether padded zeros count as values of a window.

    Input (N, C, L), output (N, C, OL) with OL = floor((L + padding - K) / stride) + 1.

    Examples
    --------
    >>> AvgPool1d(2)(np.arange(6.0).reshape(1, 1, 6)).tolist()
    [[[0.5, 2.5, 4.5]]]
    """

    kernels_only = True

    def __init__(
        self, kernel_size: int, stride: int | None = None, padding: Padding1d = 0, *, count_include_pad: bool = True
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.count_include_pad = count_include_pad

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OL) for x (N, C, L)."""
        y, saved = avg_pool1d_forward(x, **self._options())
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return avg_pool1d_backward(grad_y, self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OL) for (C, L)."""
        return avg_pool1d_shape((1, *input_shape), **self._options())[1:]

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "count_include_pad": self.count_include_pad}

    def __repr__(self) -> str:
        shown = super().__repr__()
        return shown if self.count_include_pad else f"{shown[:-1]}, count_include_pad=False)"
