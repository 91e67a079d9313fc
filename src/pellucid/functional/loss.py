"""softmax and cross-entropy on probabilities and one-hot targets, as they are first taught."""

import numpy as np

from .. import ops
from .._core.arrays import Array
from .._core.errors import ShapeError
from .layers import as_batch, as_given


def softmax(logits: Array) -> Array:
    """Return the probabilities exp(logits) / sum exp(logits) along the last axis, without overflow.

    Examples
    --------
    >>> from pellucid.functional import softmax
    >>> softmax(np.array([1000.0, 1000.0])).tolist()
    [0.5, 0.5]
    """
    return ops.softmax_forward(np.asarray(logits))[0]


def cross_entropy_loss(predictions: Array, targets: Array, *, from_logits: bool = False, eps: float = 1e-12) -> float:
    """Return -sum_k targets[k] * log(predictions[k]), of a batch the mean over its samples.

    Parameters
    ----------
    predictions : array (K,) or (N, K)
        Probabilities, which are clipped to at least `eps`, so that a 0 gives a large loss and no infinite one.
    targets : array of the same shape
        One-hot, or probabilities.
    from_logits : bool
        `predictions` are raw scores: their log-softmax is taken, which needs no clipping.

    Examples
    --------
    >>> from pellucid.functional import cross_entropy_loss
    >>> round(cross_entropy_loss(np.array([0.25, 0.75]), np.array([0.0, 1.0])), 4)
    0.2877
    """
    p, t, _ = _pair("cross_entropy_loss", predictions, targets)
    logs = ops.log_softmax_forward(p)[0] if from_logits else np.log(np.maximum(p, eps))
    terms = np.multiply(t, logs, out=np.zeros_like(logs), where=t != 0)  # 0 * log 0 counts as 0
    return float(-terms.sum() / len(p))


def cross_entropy_gradient(predictions: Array, targets: Array) -> Array:
    """Return the gradient of softmax and cross-entropy together, in the logits: predictions - targets.

    Of a batch it is divided by N, since the loss is a mean: what the layers' backwards then sum over the samples are
    the averages of the samples' gradients.

    Parameters
    ----------
    predictions : array (K,) or (N, K)
        Probabilities, by `softmax`.
    targets : array of the same shape
    """
    p, t, single = _pair("cross_entropy_gradient", predictions, targets)
    return as_given((p - t) / p.dtype.type(len(p)), single)


def _pair(name: str, predictions: Array, targets: Array) -> tuple[Array, Array, bool]:
    p, single = as_batch(name, predictions, 1)
    t = np.asarray(targets, p.dtype)
    if t.shape != np.shape(predictions):
        raise ShapeError(
            f"{name}: predictions have shape {np.shape(predictions)} but targets {t.shape}; "
            "labels become rows by to_one_hot"
        )
    return p, t.reshape(p.shape), single
