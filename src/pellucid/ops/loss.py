"""Losses, one number for each sample; nn/loss.py takes the mean.

cross_entropy on logits (scores before softmax), with targets t:

    p = softmax(logits)                       y[n] = -sum_k t[n,k] * log p[n,k]
    grad_logits[n,k] = g[n] * (p[n,k] * sum_j t[n,j] - t[n,k])

For a class label the target is 1 at the label and 0 elsewhere: y[n] = -log p[n,label], and the gradient is
predictions - targets.  Softmax and logarithm are taken together (log_softmax), so no probability is ever rounded to 0.

logits (N,K)   targets: labels (N,) of any integer type in [0, K), or float probabilities (N,K)   y, g (N,)
"""

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import DtypeError, ShapeError
from ._check import axes, float_dtype, same_shape
from ._memory import empty
from .softmax import log_softmax_forward

Saved = tuple[Array, Array]


def cross_entropy_shape(logits_shape: Shape, targets_shape: Shape) -> Shape:
    """Return the shape of y: (N,)."""
    N, K = axes("cross_entropy", logits_shape, "NK")
    if targets_shape not in ((N,), (N, K)):
        raise ShapeError(
            f"cross_entropy: targets have shape {tuple(targets_shape)}, "
            f"logits {(N, K)} need labels {(N,)} or class probabilities {(N, K)}"
        )
    return (N,)


def cross_entropy_forward(logits: Array, targets: Array) -> tuple[Array, Saved]:
    """Return (y, saved): the loss of each sample."""
    dtype = float_dtype("cross_entropy", logits=logits)
    y = empty(cross_entropy_shape(logits.shape, targets.shape), dtype)
    log_p, _ = log_softmax_forward(logits)
    if targets.ndim == 2:
        float_dtype("cross_entropy", logits=logits, targets=targets)
        np.negative((targets * log_p).sum(axis=1), out=y)
    else:
        _check_labels(targets, logits.shape[1])
        np.negative(log_p[np.arange(len(targets)), targets], out=y)
    return y, (log_p, targets)


def cross_entropy_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_logits."""
    log_p, targets = saved
    float_dtype("cross_entropy", logits=log_p, grad_y=grad_y)
    same_shape("cross_entropy", "grad_y", grad_y, log_p.shape[:1])
    grad_logits = np.exp(log_p, out=empty(log_p.shape, log_p.dtype))
    if targets.ndim == 2:
        grad_logits *= targets.sum(axis=1, keepdims=True)
        grad_logits -= targets
    else:
        grad_logits[np.arange(len(targets)), targets] -= 1
    grad_logits *= grad_y[:, None]
    return grad_logits


def _check_labels(labels: Array, K: int) -> None:
    if labels.dtype.kind not in "iu":
        raise DtypeError(f"cross_entropy: labels are {labels.dtype}, integers are needed")
    if labels.size and not (labels.min() >= 0 and labels.max() < K):
        wrong = int(labels[(labels < 0) | (labels >= K)][0])
        raise ShapeError(f"cross_entropy: label {wrong} is out of range, {K} logits mean labels 0 to {K - 1}")
