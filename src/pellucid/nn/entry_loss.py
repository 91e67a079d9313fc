"""Losses of targets that have the shape of the outputs: numbers to be met, or a yes or no for each entry."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from ..ops import (
    bce_with_logits_backward,
    bce_with_logits_forward,
    huber_backward,
    huber_forward,
    mse_backward,
    mse_forward,
    sigmoid_forward,
)
from ..ops.bce_with_logits import check_pos_weight
from ..ops.huber import check_delta
from .loss import Loss


class EntryLoss(Loss):
    """Base of these: outputs and targets (N, ...) are of one shape and type.

    With reduction "mean" the loss of a sample is the mean over its entries, with "sum" their sum: as in PyTorch, where
    all samples have as many entries and weigh the same.
    """

    def entries(self, outputs: Array) -> int:
        """Return how many entries a sample has."""
        return prod(outputs.shape[1:])


class MSELoss(EntryLoss):
    """The mean squared error; as in PyTorch, with sample weights besides.

    Parameters
    ----------
    reduction : "mean" or "sum"

    Attributes
    ----------
    losses, weights : array (N,)
        Of each sample in the last forward; see `Loss`.

    Examples
    --------
    >>> loss = MSELoss()
    >>> loss(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[1.0, 4.0], [0.0, 1.0]]))     # (0 + 4 + 0 + 1) / 4
    1.25
    >>> loss.losses.tolist(), loss.backward().tolist()
    ([2.0, 0.5], [[0.0, -1.0], [0.0, -0.5]])
    """

    def op_forward(self, outputs: Array, targets: Array) -> tuple[Array, Any]:
        """Return (the loss of each sample, what `op_backward` needs)."""
        return mse_forward(outputs, targets)

    def op_backward(self, grad_y: Array, saved: Any) -> Array:
        """Return the gradient of the outputs."""
        return mse_backward(grad_y, saved)


class HuberLoss(EntryLoss):
    """Half the squared error up to `delta`, a straight line beyond, so that outliers pull less; as in PyTorch.

    Parameters
    ----------
    reduction : "mean" or "sum"
    delta : float
        Above 0.

    Attributes
    ----------
    losses, weights : array (N,)
        Of each sample in the last forward; see `Loss`.

    Examples
    --------
    >>> HuberLoss()(np.array([0.5, 10.0]), np.zeros(2))     # (0.125 + 9.5) / 2
    4.8125
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        check_delta("HuberLoss", delta)
        self.delta = delta

    def op_forward(self, outputs: Array, targets: Array) -> tuple[Array, Any]:
        """Return (the loss of each sample, what `op_backward` needs)."""
        return huber_forward(outputs, targets, delta=self.delta)

    def op_backward(self, grad_y: Array, saved: Any) -> Array:
        """Return the gradient of the outputs."""
        return huber_backward(grad_y, saved)


class BCEWithLogitsLoss(EntryLoss):
    """Sigmoid and binary cross-entropy in one, on scores (logits): a yes or no for each entry; as in PyTorch.

    Targets are floats: 1 for yes, 0 for no, or between.

    Parameters
    ----------
    reduction : "mean" or "sum"
    pos_weight : float or array, optional
        How much a yes counts: one number for all entries, or an array of one sample's shape (or one that is broadcast
        to it, such as (C, 1, 1)).  More than 1 helps where there are few.

    Attributes
    ----------
    losses, weights : array (N,)
        Of each sample in the last forward; see `Loss`.

    Examples
    --------
    >>> loss = BCEWithLogitsLoss(pos_weight=3.0)
    >>> round(loss(np.array([0.0, 1000.0]), np.array([1.0, 1.0])), 4)     # 3 * log 2 and 0, their mean
    1.0397
    >>> loss.backward().tolist()
    [-0.75, 0.0]
    """

    def __init__(self, reduction: str = "mean", *, pos_weight: npt.ArrayLike | None = None) -> None:
        super().__init__(reduction)
        self.pos_weight = None if pos_weight is None else np.array(pos_weight, np.float64)
        if self.pos_weight is not None:
            check_pos_weight("BCEWithLogitsLoss", self.pos_weight)

    def op_forward(self, outputs: Array, targets: Array) -> tuple[Array, Any]:
        """Return (the loss of each sample, what `op_backward` needs)."""
        return bce_with_logits_forward(outputs, targets, pos_weight=self._weight_of_a_yes(outputs))

    def op_backward(self, grad_y: Array, saved: Any) -> Array:
        """Return grad_logits."""
        return bce_with_logits_backward(grad_y, saved)

    def predictions(self, outputs: Array) -> Array:
        """Return the probability of yes, entry by entry."""
        return sigmoid_forward(outputs)[0]

    def _weight_of_a_yes(self, outputs: Array) -> Array | None:
        if self.pos_weight is None:
            return None
        sample, given = outputs.shape[1:], self.pos_weight
        # One number is for all; where it has axes, a misfit is told by the op.
        fits = given.ndim in (0, len(sample)) and all(a in (1, b) for a, b in zip(given.shape, sample, strict=False))
        weight = np.broadcast_to(given, sample) if fits else given
        return weight.astype(outputs.dtype)
