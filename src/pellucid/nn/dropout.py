"""Dropout: when to leave numbers out, and by which key; the mathematics is in ops/dropout.py."""

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..ops import dropout_backward, dropout_forward
from .module import Module


class Dropout(Module):
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

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ConfigError(f"Dropout: p is {p}, a probability from 0 to 1 is needed")
        self.p = p

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape."""
        if not self.training or self.p == 0:
            self.keep(None)
            return x
        y, saved = dropout_forward(x, p=self.p, key=self.random_key())
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        saved = self.kept()
        return grad_y if saved is None else dropout_backward(grad_y, saved)

    def __repr__(self) -> str:
        return f"Dropout({self.p})"
