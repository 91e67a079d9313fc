"""Losses, one number for each sample; nn/loss.py takes the mean.

cross_entropy on logits (scores before softmax), with targets t:

    p = softmax(logits)                       y[n] = -sum_k t[n,k] * log p[n,k]
    grad_logits[n,k] = g[n] * (p[n,k] * sum_j t[n,j] - t[n,k])

For a class label the target is 1 at the label and 0 elsewhere: y[n] = -log p[n,label], and the gradient is
predictions - targets.  Softmax and logarithm are taken together (log_softmax), so no probability is ever rounded to 0.

With label smoothing s each target gives up a part s, spread evenly over all K classes, its own among them, and with
class weights each class counts as often as its weight says; t above then is

    t[n,k] = weight[k] * ((1 - s) * target[n,k] + s / K)

C. Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016.

logits (N,K)   targets: labels (N,) of any integer type in [0, K), or float probabilities (N,K)   y, g (N,)
weight (K,) or None   s = label_smoothing in [0, 1]
"""

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, DtypeError, ShapeError
from ._check import axes, float_dtype, same_shape
from ._dispatch import twin
from ._memory import empty
from .softmax import _log_softmax_forward, log_softmax_shape

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


def cross_entropy_forward(
    logits: Array, targets: Array, *, label_smoothing: float = 0.0, weight: Array | None = None
) -> tuple[Array, Saved]:
    """Return (y, saved): the loss of each sample.

    >>> y, _ = cross_entropy_forward(np.zeros((1, 2)), np.array([1]), weight=np.array([1.0, 3.0]))
    >>> y.round(4).tolist()     # 3 * log 2
    [2.0794]
    """
    dtype = float_dtype("cross_entropy", logits=logits, weight=weight)
    check_options("cross_entropy", label_smoothing, weight)
    y = empty(cross_entropy_shape(logits.shape, targets.shape), dtype)
    if weight is not None:
        same_shape("cross_entropy", "weight", weight, logits.shape[1:])
    log_p = empty(log_softmax_shape(logits.shape), dtype)
    if targets.ndim == 2:
        float_dtype("cross_entropy", logits=logits, targets=targets)
    else:
        given, targets = targets, _labels(targets)
    if label_smoothing or weight is not None:
        targets = _soft_targets(targets, logits, label_smoothing, weight)
    try:
        _cross_entropy_forward(logits, *_either(targets), log_p, y)
    except ValueError:  # the kernel's message names no label
        if targets.ndim == 1:
            _check_labels(given, logits.shape[1])
        raise
    return y, (log_p, targets)


def cross_entropy_backward(grad_y: Array, saved: Saved) -> Array:
    """Return grad_logits."""
    log_p, targets = saved
    grad_logits = empty(log_p.shape, float_dtype("cross_entropy", logits=log_p, grad_y=grad_y))
    same_shape("cross_entropy", "grad_y", grad_y, log_p.shape[:1])
    _cross_entropy_backward(grad_y, log_p, *_either(targets), grad_logits)
    return grad_logits


@twin
def _cross_entropy_forward(logits: Array, labels: Array | None, targets: Array | None, log_p: Array, y: Array) -> None:
    if labels is not None:
        _check_labels(labels, logits.shape[1])
    _log_softmax_forward(logits, log_p)
    if targets is None:
        np.negative(log_p[np.arange(len(log_p)), labels], out=y)
    else:
        # A class whose target is 0 says nothing, even where its logit is -inf: 0 * log 0 is left out.
        terms = np.multiply(targets, log_p, out=np.zeros_like(log_p), where=targets != 0)
        np.negative(terms.sum(axis=1), out=y)


@twin
def _cross_entropy_backward(
    grad_y: Array, log_p: Array, labels: Array | None, targets: Array | None, grad_logits: Array
) -> None:
    np.exp(log_p, out=grad_logits)
    if targets is None:
        grad_logits[np.arange(len(log_p)), labels] -= 1
    else:
        grad_logits *= targets.sum(axis=1, keepdims=True)
        grad_logits -= targets
    grad_logits *= grad_y[:, None]


def check_options(op: str, label_smoothing: float, weight: Array | None) -> None:
    """Refuse a smoothing outside [0, 1], and class weights that are negative or not finite."""
    if not 0 <= label_smoothing <= 1:
        raise ConfigError(f"{op}: label_smoothing is {label_smoothing}, a number from 0 to 1 is needed")
    if weight is not None and not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ConfigError(f"{op}: the class weights are {weight.tolist()}, finite numbers from 0 on are needed")


def _either(targets: Array) -> tuple[Array | None, Array | None]:
    """Return (labels, None) or (None, class probabilities)."""
    return (targets, None) if targets.ndim == 1 else (None, targets)


def _soft_targets(targets: Array, logits: Array, label_smoothing: float, weight: Array | None) -> Array:
    """Return t (N, K)."""
    if targets.ndim == 1:
        _check_labels(targets, logits.shape[1])
        soft = np.zeros(logits.shape, logits.dtype)
        soft[np.arange(len(targets)), targets] = 1
    else:
        soft = targets.copy()
    if label_smoothing:
        soft *= 1 - label_smoothing
        soft += label_smoothing / logits.shape[1]
    if weight is not None:
        soft *= weight
    return soft


def _labels(labels: Array) -> Array:
    """Return labels as int64, in an array that nobody else writes to before backward has run."""
    if labels.dtype.kind not in "iu":
        raise DtypeError(f"cross_entropy: labels are {labels.dtype}, integers are needed")
    return np.array(labels, np.int64, order="C")


def _check_labels(labels: Array, K: int) -> None:
    """Refuse labels that are not from 0 to K - 1."""
    wrong = labels[(labels < 0) | (labels >= K)]
    if wrong.size:
        raise ShapeError(f"cross_entropy: label {wrong[0]} is out of range, {K} logits mean labels 0 to {K - 1}")
