"""The loops of oracles.py for losses."""

import math

import numpy as np

from tests.oracles_activations import log_softmax_loops


def cross_entropy_loops(logits, *, targets, label_smoothing=0.0, weight=None):
    log_p, y = log_softmax_loops(logits), np.zeros(len(logits))
    K = logits.shape[1]
    for n, k in np.ndindex(logits.shape):
        target = targets[n, k] if targets.ndim == 2 else float(targets[n] == k)
        target = (1 - label_smoothing) * target + label_smoothing / K
        y[n] -= (1 if weight is None else weight[k]) * target * log_p[n, k]
    return y


def mse_loops(x, *, targets):
    return np.array([np.mean([(a - b) ** 2 for a, b in zip(*pair, strict=True)]) for pair in _samples(x, targets)])


def huber_loops(x, *, targets, delta=1.0):
    def one(d):
        return d * d / 2 if abs(d) <= delta else delta * (abs(d) - delta / 2)

    return np.array([np.mean([one(a - b) for a, b in zip(*pair, strict=True)]) for pair in _samples(x, targets)])


def bce_with_logits_loops(x, *, targets, pos_weight=None):
    weights = np.ones(x.shape[1:]) if pos_weight is None else pos_weight

    def one(a, t, w):
        p = 1 / (1 + math.exp(-a))
        return -w * t * math.log(p) - (1 - t) * math.log(1 - p)

    return np.array(
        [np.mean([one(*e) for e in zip(*pair, weights.ravel(), strict=True)]) for pair in _samples(x, targets)]
    )


def _samples(x, targets):
    return [(a.ravel(), b.ravel()) for a, b in zip(x, targets, strict=True)]
