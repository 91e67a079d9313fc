"""Losses: one number to make small, and the gradient that starts the backward pass."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .._core.arrays import Array, ordered_sum
from .._core.errors import ConfigError, ShapeError
from ..ops import cross_entropy_backward, cross_entropy_forward
from ..ops._memory import outside
from ..ops.loss import Saved, check_options


class CrossEntropyLoss:
    """Softmax and cross-entropy in one, on scores (logits); as in PyTorch.

    loss = sum_n losses[n] / sum_n weights[n], and for reduction "sum" the sum above alone, where

        losses[n]  = s[n] * y[n]        y[n] = -log softmax(logits)[label], smoothed and weighted as ops/loss.py says
        weights[n] = s[n] * d[n]        d[n] = weight[label]; 1 for class probabilities and without class weights

    and s are the sample weights, 1 where none are given: without any weights it is the mean over the samples.

    Parameters
    ----------
    reduction : "mean" or "sum"
    label_smoothing : float
        How much of each target is spread evenly over all classes, from 0 to 1.
    weight : sequence of K floats, optional
        How much each class counts.

    Attributes
    ----------
    losses, weights : array (N,)
        Of each sample in the last forward, as above; with reduction "sum" the weights are 1.  The mean over many
        batches is ``ordered_sum`` of all losses over that of all weights.  `weights` may be read-only.

    Examples
    --------
    >>> loss = CrossEntropyLoss()
    >>> round(loss(np.zeros((2, 10)), np.array([3, 7])), 4)     # log 10
    2.3026
    >>> loss.backward().shape
    (2, 10)
    """

    def __init__(
        self,
        reduction: str = "mean",
        *,
        label_smoothing: float = 0.0,
        weight: Sequence[float] | Array | None = None,
    ) -> None:
        if reduction not in ("mean", "sum"):
            raise ConfigError(f"CrossEntropyLoss: reduction is {reduction!r}, expected 'mean' or 'sum'")
        self.reduction, self.label_smoothing = reduction, label_smoothing
        self.weight = None if weight is None else np.array(weight, np.float64)
        check_options("CrossEntropyLoss", label_smoothing, self.weight)
        if self.weight is not None and self.weight.ndim != 1:
            raise ShapeError(
                f"CrossEntropyLoss: weight has shape {self.weight.shape}, one number for each class is needed"
            )
        self.losses, self.weights = np.empty(0), np.empty(0)
        self._saved: tuple[Saved, Array] | None = None

    def __call__(self, logits: Array, targets: Array, sample_weights: Array | None = None) -> float:
        """Same as `forward`."""
        return self.forward(logits, targets, sample_weights)

    def forward(self, logits: Array, targets: Array, sample_weights: Array | None = None) -> float:
        """Return the loss of logits (N, K) with targets: labels (N,), or class probabilities (N, K).

        Parameters
        ----------
        logits, targets : array
        sample_weights : array (N,), optional
            How much each sample counts: finite, not negative.

        Raises
        ------
        ShapeError
            If shapes do not fit, or there are no samples.
        ConfigError
            If a sample weighs less than 0 or is not finite.
        """
        targets = np.asarray(targets)
        if not len(logits):
            raise ShapeError("CrossEntropyLoss: no samples, so there is no mean")
        given = None if sample_weights is None else _sample_weights(sample_weights, len(logits))
        weight = None if self.weight is None else self.weight.astype(logits.dtype)
        losses, saved = cross_entropy_forward(logits, targets, label_smoothing=self.label_smoothing, weight=weight)
        N = len(logits)
        weights, share = _equal_parts(N, self.reduction, logits.dtype)
        total = float(N)
        if given is not None or (weight is not None and targets.ndim == 1):  # not simply the mean over the samples
            share = weights if given is None else given
            if self.reduction == "mean":
                weights = share if weight is None or targets.ndim == 2 else share * weight[targets]
                total = ordered_sum(weights) or 1.0  # samples that all weigh 0 have no loss and no gradient
                share = share / total
        self.losses, self.weights = outside(losses) if given is None else given * losses, weights
        self._saved = saved, share.astype(logits.dtype, copy=False)
        loss = ordered_sum(self.losses)
        return loss / total if self.reduction == "mean" else loss

    def backward(self) -> Array:
        """Return grad_logits (N, K) of the last forward."""
        if self._saved is None:
            raise ConfigError("CrossEntropyLoss: backward without a forward before it")
        (saved, share), self._saved = self._saved, None
        return cross_entropy_backward(share, saved)


@lru_cache
def _equal_parts(N: int, reduction: str, dtype: Any) -> tuple[Array, Array]:
    """Return what each of N samples weighs, 1, and its part of the loss; who gets them must not write."""
    weights, share = np.ones(N), np.full(N, 1 / N if reduction == "mean" else 1.0, dtype)
    weights.flags.writeable = share.flags.writeable = False
    return weights, share


def _sample_weights(values: Array, N: int) -> Array:
    weights = np.array(values, np.float64)
    if weights.shape != (N,):
        raise ShapeError(f"CrossEntropyLoss: sample_weights have shape {weights.shape}, expected {(N,)}")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ConfigError("CrossEntropyLoss: sample_weights must be finite and not negative")
    return weights
