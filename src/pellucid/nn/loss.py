"""Losses: one number to make small, and the gradient that starts the backward pass.

A loss names its op: a loss for each sample, and backwards what each sample's gradient gives to the outputs.  The rest
is `Loss`: the mean or the sum, and the weights of samples.  Losses of targets entry by entry are in entry_loss.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .._core.arrays import Array, ordered_sum
from .._core.errors import ConfigError, ShapeError
from ..ops import cross_entropy_backward, cross_entropy_forward, softmax_forward
from ..ops._memory import outside
from ..ops.loss import check_options


class Loss(ABC):
    """Base of the losses: loss = sum_n losses[n] / sum_n weights[n], or for reduction "sum" the sum above alone.

    Parameters
    ----------
    reduction : "mean" or "sum"

    Attributes
    ----------
    losses, weights : array (N,)
        Of each sample in the last forward, sample weights included; with reduction "sum" the weights are 1.  The mean
        over many batches is ``ordered_sum`` of all losses over that of all weights.  `weights` may be read-only.
    """

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in ("mean", "sum"):
            raise ConfigError(f"{type(self).__name__}: reduction is {reduction!r}, expected 'mean' or 'sum'")
        self.reduction = reduction
        self.losses, self.weights = np.empty(0), np.empty(0)
        self._saved: tuple[Any, Array] | None = None

    @abstractmethod
    def op_forward(self, outputs: Array, targets: Array) -> tuple[Array, Any]:
        """Return (the loss of each sample, what `op_backward` needs)."""

    @abstractmethod
    def op_backward(self, grad_y: Array, saved: Any) -> Array:
        """Return the gradient of the outputs for that of each sample's loss."""

    def predictions(self, outputs: Array) -> Array:
        """Return what a network's outputs mean, as `predict` gives it: here the outputs themselves."""
        return outputs

    def counts(self, targets: Array) -> Array | None:
        """Return how much each sample counts in a mean, beside its sample weight; None for 1 each."""
        return None

    def entries(self, outputs: Array) -> int:
        """Return how many numbers the op takes the mean of in each sample; reduction "sum" makes it their sum."""
        return 1

    def __call__(self, outputs: Array, targets: Array, sample_weights: Array | None = None) -> float:
        """Same as `forward`."""
        return self.forward(outputs, targets, sample_weights)

    def forward(self, outputs: Array, targets: Array, sample_weights: Array | None = None) -> float:
        """Return the loss of a network's outputs (N, ...) with their targets.

        Parameters
        ----------
        outputs, targets : array
        sample_weights : array (N,), optional
            How much each sample counts: finite, not negative.

        Raises
        ------
        ShapeError
            If shapes do not fit, or there are no samples.
        DtypeError
            If outputs and targets are of types that do not go together.
        ConfigError
            If a sample weighs less than 0 or is not finite.
        """
        targets, name = np.asarray(targets), type(self).__name__
        if not len(outputs):
            raise ShapeError(f"{name}: no samples, so there is no mean")
        given = None if sample_weights is None else _sample_weights(sample_weights, len(outputs), name)
        losses, saved = self.op_forward(outputs, targets)
        N, counts = len(outputs), self.counts(targets)
        weights, share = _equal_parts(N, self.reduction, outputs.dtype)
        total = float(N)
        if given is not None or counts is not None:  # not simply the mean over the samples
            share = weights if given is None else given
            if self.reduction == "mean":
                weights = share if counts is None else share * counts
                total = ordered_sum(weights) or 1.0  # samples that all weigh 0 have no loss and no gradient
                share = share / total
        if self.reduction == "sum" and (entries := self.entries(outputs)) != 1:
            losses, share = losses * entries, share * entries
        self.losses, self.weights = outside(losses) if given is None else given * losses, weights
        self._saved = saved, share.astype(outputs.dtype, copy=False)
        loss = ordered_sum(self.losses)
        return loss / total if self.reduction == "mean" else loss

    def backward(self) -> Array:
        """Return the gradient of the last forward's outputs."""
        if self._saved is None:
            raise ConfigError(f"{type(self).__name__}: backward without a forward before it")
        (saved, share), self._saved = self._saved, None
        return self.op_backward(share, saved)


class CrossEntropyLoss(Loss):
    """Softmax and cross-entropy in one, on scores (logits); as in PyTorch.

    loss = sum_n losses[n] / sum_n weights[n], and for reduction "sum" the sum above alone, where

        losses[n]  = s[n] * y[n]        y[n] = -log softmax(logits)[label], smoothed and weighted as ops/loss.py says
        weights[n] = s[n] * d[n]        d[n] = weight[label]; 1 for class probabilities and without class weights

    and s are the sample weights, 1 where none are given: without any weights it is the mean over the samples.
    Logits are (N, K), targets labels (N,) or class probabilities (N, K).

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
        Of each sample in the last forward, as above; see `Loss`.

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
        super().__init__(reduction)
        self.label_smoothing = label_smoothing
        self.weight = None if weight is None else np.array(weight, np.float64)
        check_options("CrossEntropyLoss", label_smoothing, self.weight)
        if self.weight is not None and self.weight.ndim != 1:
            raise ShapeError(
                f"CrossEntropyLoss: weight has shape {self.weight.shape}, one number for each class is needed"
            )

    def op_forward(self, outputs: Array, targets: Array) -> tuple[Array, Any]:
        """Return (the loss of each sample, what `op_backward` needs)."""
        weight = None if self.weight is None else self.weight.astype(outputs.dtype)
        return cross_entropy_forward(outputs, targets, label_smoothing=self.label_smoothing, weight=weight)

    def op_backward(self, grad_y: Array, saved: Any) -> Array:
        """Return grad_logits (N, K)."""
        return cross_entropy_backward(grad_y, saved)

    def predictions(self, outputs: Array) -> Array:
        """Return the probability of each class (N, K)."""
        return softmax_forward(outputs)[0]

    def counts(self, targets: Array) -> Array | None:
        """Return the weight of each sample's class; class probabilities have no one class whose weight it could be."""
        return None if self.weight is None or targets.ndim == 2 else self.weight[targets]


@lru_cache
def _equal_parts(N: int, reduction: str, dtype: Any) -> tuple[Array, Array]:
    """Return what each of N samples weighs, 1, and its part of the loss; who gets them must not write."""
    weights, share = np.ones(N), np.full(N, 1 / N if reduction == "mean" else 1.0, dtype)
    weights.flags.writeable = share.flags.writeable = False
    return weights, share


def _sample_weights(values: Array, N: int, name: str) -> Array:
    weights = np.array(values, np.float64)
    if weights.shape != (N,):
        raise ShapeError(f"{name}: sample_weights have shape {weights.shape}, expected {(N,)}")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ConfigError(f"{name}: sample_weights must be finite and not negative")
    return weights
