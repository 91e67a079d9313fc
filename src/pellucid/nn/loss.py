"""Losses: one number to make small, and the gradient that starts the backward pass."""

import numpy as np

from .._core.arrays import Array, ordered_sum
from .._core.errors import ConfigError, ShapeError
from ..ops import cross_entropy_backward, cross_entropy_forward
from ..ops._memory import outside


class CrossEntropyLoss:
    """Softmax and cross-entropy in one, on scores (logits); as in PyTorch.

    loss = mean over samples of -log softmax(logits)[label]

    Parameters
    ----------
    reduction : "mean" or "sum"

    Attributes
    ----------
    losses : array (N,)
        The loss of each sample in the last forward.

    Examples
    --------
    >>> loss = CrossEntropyLoss()
    >>> round(loss(np.zeros((2, 10)), np.array([3, 7])), 4)     # log 10
    2.3026
    >>> loss.backward().shape
    (2, 10)
    """

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in ("mean", "sum"):
            raise ConfigError(f"CrossEntropyLoss: reduction is {reduction!r}, expected 'mean' or 'sum'")
        self.reduction = reduction
        self.losses = np.empty(0)
        self._saved: tuple[Array, Array] | None = None

    def __call__(self, logits: Array, targets: Array) -> float:
        """Same as `forward`."""
        return self.forward(logits, targets)

    def forward(self, logits: Array, targets: Array) -> float:
        """Return the loss of logits (N, K) with targets: labels (N,), or class probabilities (N, K)."""
        targets = np.asarray(targets)
        if not len(logits):
            raise ShapeError("CrossEntropyLoss: no samples, so there is no mean")
        losses, self._saved = cross_entropy_forward(logits, targets)
        self.losses = outside(losses)
        total = ordered_sum(losses)
        return total / len(losses) if self.reduction == "mean" else total

    def backward(self) -> Array:
        """Return grad_logits (N, K) of the last forward."""
        if self._saved is None:
            raise ConfigError("CrossEntropyLoss: backward without a forward before it")
        saved, self._saved = self._saved, None
        N = len(self.losses)
        share = np.full(N, 1 / N if self.reduction == "mean" else 1.0, saved[0].dtype)
        return cross_entropy_backward(share, saved)
