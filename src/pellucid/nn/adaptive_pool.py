"""Pooling into as many bins as asked for, one for the whole image among them; see ops/adaptive_pool2d.py."""

from collections.abc import Callable
from typing import Any, cast

from .._core.arrays import Array, Shape
from ..ops import (
    adaptive_avg_pool2d_backward,
    adaptive_avg_pool2d_forward,
    adaptive_max_pool2d_backward,
    adaptive_max_pool2d_forward,
    adaptive_max_pool2d_shape,
)
from ..ops.adaptive_pool2d import Bins, output_pair
from .module import Module

Ops = tuple[Callable[..., Any], Callable[..., Any]]
_AVERAGE: Ops = adaptive_avg_pool2d_forward, adaptive_avg_pool2d_backward
_MAX: Ops = adaptive_max_pool2d_forward, adaptive_max_pool2d_backward


class _AdaptivePool2d(Module):
    """What the mean and the maximum share."""

    _ops = _AVERAGE

    def __init__(self, output_size: Bins) -> None:
        self.output_size = output_pair(type(self).__name__, output_size)

    def forward(self, x: Array) -> Array:
        """Return y (N, C, OH, OW) for x (N, C, H, W)."""
        y, saved = self._ops[0](x, output_size=self.output_size)
        self.keep(saved)
        return cast(Array, y)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return cast(Array, self._ops[1](grad_y, self.kept()))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, OH, OW) for (C, H, W)."""
        return adaptive_max_pool2d_shape((1, *input_shape), output_size=self.output_size)[1:]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.output_size})"


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """The mean of each of OH x OW bins, channel by channel, whatever the size of the image.

    Parameters
    ----------
    output_size : int or (OH, OW)
        None for one of them keeps the size of the image.

    Input (N, C, H, W), output (N, C, OH, OW).  Bin i holds the rows from floor(i*H/OH) to ceil((i+1)*H/OH) - 1, as in
    PyTorch.

    Examples
    --------
    >>> AdaptiveAvgPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """

    kernels_only = True


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """The largest value of each of OH x OW bins, channel by channel, whatever the size of the image.

    Parameters
    ----------
    output_size : int or (OH, OW)
        None for one of them keeps the size of the image.

    Input (N, C, H, W), output (N, C, OH, OW).  Bin i holds the rows from floor(i*H/OH) to ceil((i+1)*H/OH) - 1, as in
    PyTorch; of several equal largest values the first in reading order gets the gradient.

    Examples
    --------
    >>> AdaptiveMaxPool2d((1, 2))(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0].tolist()
    [[13.0, 15.0]]
    """

    kernels_only = True
    _ops = _MAX


class _GlobalPool2d(Module):
    """One bin, whose two axes are left out."""

    _ops = _AVERAGE

    def forward(self, x: Array) -> Array:
        """Return y (N, C) for x (N, C, H, W)."""
        y, saved = self._ops[0](x, output_size=1)
        self.keep(saved)
        return cast(Array, y[:, :, 0, 0])

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return cast(Array, self._ops[1](grad_y[..., None, None], self.kept()))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C,) for (C, H, W)."""
        return adaptive_max_pool2d_shape((1, *input_shape), output_size=1)[1:2]

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class GlobalAvgPool2d(_GlobalPool2d):
    """The mean of each channel: (N, C, H, W) becomes (N, C).

    Examples
    --------
    >>> GlobalAvgPool2d()(np.arange(8.0).reshape(1, 2, 2, 2)).tolist()
    [[1.5, 5.5]]
    """

    kernels_only = True


class GlobalMaxPool2d(_GlobalPool2d):
    """The largest value of each channel: (N, C, H, W) becomes (N, C).

    Examples
    --------
    >>> GlobalMaxPool2d()(np.arange(8.0).reshape(1, 2, 2, 2)).tolist()
    [[3.0, 7.0]]
    """

    kernels_only = True
    _ops = _MAX
