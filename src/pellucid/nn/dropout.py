"""Dropout: when to leave numbers out, and by which key; the mathematics is in ops/dropout.py and dropout2d.py."""

from collections.abc import Callable
from typing import Any, cast

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ..ops import dropout2d_backward, dropout2d_forward, dropout_backward, dropout_forward
from ..ops._check import axes
from .module import Module


class _Dropout(Module):
    """What the kinds of dropout share: a probability, and when to do nothing."""

    _ops: tuple[Callable[..., Any], Callable[..., Any]] = dropout2d_forward, dropout2d_backward
    _axes = ""  # what each axis of x is, where that matters

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ConfigError(f"{type(self).__name__}: p is {p}, a probability from 0 to 1 is needed")
        self.p = p

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape."""
        self.output_shape(x.shape[1:])
        if not self.training or self.p == 0:
            self.keep(None)
            return x
        y, saved = self._ops[0](x, p=self.p, key=self.random_key())
        self.keep(saved)
        return cast(Array, y)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        saved = self.kept()
        return grad_y if saved is None else cast(Array, self._ops[1](grad_y, saved))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`, if it has the axes that are needed."""
        if self._axes:
            axes(type(self).__name__, (1, *input_shape), self._axes)
        return input_shape

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.p})"


class Dropout(_Dropout):
    """In training leave out each number with probability `p`, and divide the others by 1 - p; else do nothing.

    Parameters
    ----------
    p : float
        Probability from 0 to 1.

    The mask is a function of (seed, step, name of the layer, which use in this step): see `Module.start_step`.

    Examples
    --------
    >>> y = Dropout(0.5)(np.ones((1, 1000)))
    >>> sorted(set(y.ravel().tolist())), 400 < int(np.count_nonzero(y)) < 600
    ([0.0, 2.0], True)
    """

    kernels_only = True
    _ops = dropout_forward, dropout_backward


class Dropout1d(_Dropout):
    """In training leave out each channel of a sequence with probability `p`, and divide the others by 1 - p.

    Parameters
    ----------
    p : float
        Probability from 0 to 1.

    Input and output (N, C, L).  Each sample has channels of its own left out.  See `Dropout` for the mask.

    Examples
    --------
    >>> y = Dropout1d(0.5)(np.ones((4, 100, 3)))
    >>> sorted(set(y.mean(axis=2).ravel().tolist()))
    [0.0, 2.0]
    """

    kernels_only = True
    _axes = "NCL"


class Dropout2d(_Dropout):
    """In training leave out each channel of an image with probability `p`, and divide the others by 1 - p.

    Parameters
    ----------
    p : float
        Probability from 0 to 1.

    Input and output (N, C, H, W).  Each sample has channels of its own left out.  See `Dropout` for the mask.

    Examples
    --------
    >>> y = Dropout2d(0.5)(np.ones((4, 100, 3, 3)))
    >>> sorted(set(y.mean(axis=(2, 3)).ravel().tolist()))
    [0.0, 2.0]
    """

    kernels_only = True
    _axes = "NCHW"
