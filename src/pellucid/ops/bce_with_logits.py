"""bce_with_logits: binary cross-entropy of scores (logits): each entry a yes or no of its own.

With p = sigmoid(x), the probability of yes, the target t (0, 1 or between) and w = pos_weight

    y[n] = -1/M sum_m (w[m] * t * log p + (1 - t) * log(1 - p))
         =  1/M sum_m (w[m] * t * softplus(-x) + (1 - t) * softplus(x))        softplus(x) = log(1 + exp(x))
    grad_x[n,m] = g[n] / M * ((1 - t) * sigmoid(x) - w[m] * t * sigmoid(-x))

The second line is what is computed, as softplus(x) = max(x, 0) + log(1 + exp(-|x|)): no power is positive and no
probability is rounded to 0 or 1.

logits x, targets t (N, ...), of one shape; m counts the M entries of a sample, (N,) has one.   y, g = dL/dy (N,)
pos_weight w (...), of one sample's shape, or None for ones: how much a yes counts.
"""

from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ._check import float_dtype, same_shape
from ._dispatch import twin
from ._entries import gradient, losses, mean_of_entries, per_entry, samples_shape
from .activation import _sigmoid_forward

Saved: TypeAlias = tuple[Array, Array, Array | None]


def bce_with_logits_shape(logits_shape: Shape, targets_shape: Shape) -> Shape:
    """Return the shape of y: (N,)."""
    return samples_shape("bce_with_logits", logits_shape, targets_shape)


def bce_with_logits_forward(logits: Array, targets: Array, *, pos_weight: Array | None = None) -> tuple[Array, Saved]:
    """Return (y, saved): the loss of each sample.

    >>> y, _ = bce_with_logits_forward(np.array([0.0, 1000.0, -1000.0]), np.array([0.5, 0.0, 0.0]))
    >>> y.round(4).tolist()     # log 2; sure and wrong; sure and right
    [0.6931, 1000.0, 0.0]
    """
    y = losses("bce_with_logits", logits, targets)
    if pos_weight is not None:
        float_dtype("bce_with_logits", logits=logits, pos_weight=pos_weight)
        same_shape("bce_with_logits", "pos_weight", pos_weight, logits.shape[1:])
        check_pos_weight("bce_with_logits", pos_weight)
        pos_weight = pos_weight[None]  # a batch of one: it lies in memory as the others do
    _bce_with_logits_forward(logits, targets, pos_weight, y)
    return y, (logits, targets, pos_weight)


def bce_with_logits_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_logits."""
    logits, targets, pos_weight = saved
    grad_logits = gradient("bce_with_logits", grad_y, logits)
    _bce_with_logits_backward(grad_y, logits, targets, pos_weight, grad_logits)
    return grad_logits


@twin
def _bce_with_logits_forward(logits: Array, targets: Array, pos_weight: Array | None, y: Array) -> None:
    rest = np.log1p(np.exp(-np.abs(logits)))
    yes, no = _weighted(targets, pos_weight), 1 - targets
    mean_of_entries(yes * (rest - np.minimum(logits, 0)) + no * (rest + np.maximum(logits, 0)), y)


@twin
def _bce_with_logits_backward(
    grad_y: Array, logits: Array, targets: Array, pos_weight: Array | None, grad_logits: Array
) -> None:
    p_yes, p_no = np.empty_like(logits), np.empty_like(logits)
    _sigmoid_forward(logits, p_yes)
    _sigmoid_forward(-logits, p_no)
    np.subtract((1 - targets) * p_yes, _weighted(targets, pos_weight) * p_no, out=grad_logits)
    grad_logits *= per_entry(grad_y, grad_logits)


def check_pos_weight(op: str, pos_weight: Array) -> None:
    """Refuse weights that are negative or not finite."""
    if not (np.isfinite(pos_weight).all() and (pos_weight >= 0).all()):
        raise ConfigError(f"{op}: pos_weight is {pos_weight.tolist()}, finite numbers from 0 on are needed")


def _weighted(targets: Array, pos_weight: Array | None) -> Array:
    return targets if pos_weight is None else targets * pos_weight
