"""The loops of oracles.py for what normalises."""

import math

import numpy as np


def batch_norm_loops(x, weight=None, bias=None, *, mean=None, var=None, eps=1e-5):
    y = np.zeros(x.shape)
    for c in range(x.shape[1]):
        places = [n for n in np.ndindex(x.shape) if n[1] == c]
        centre = sum(x[n] for n in places) / len(places) if mean is None else mean[c]
        spread = sum((x[n] - centre) ** 2 for n in places) / len(places) if var is None else var[c]
        for n in places:
            y[n] = (x[n] - centre) / math.sqrt(spread + eps)
            y[n] = y[n] * (1.0 if weight is None else weight[c]) + (0.0 if bias is None else bias[c])
    return y


def layer_norm_loops(x, weight=None, bias=None, *, normalized_shape, eps=1e-5):
    last = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    y = np.zeros(x.shape)
    for n in np.ndindex(x.shape[: x.ndim - len(last)]):
        mean = sum(x[n].ravel()) / x[n].size
        variance = sum((v - mean) ** 2 for v in x[n].ravel()) / x[n].size
        for m in np.ndindex(last):
            y[n][m] = (x[n][m] - mean) / math.sqrt(variance + eps)
            y[n][m] = y[n][m] * (1 if weight is None else weight[m]) + (0 if bias is None else bias[m])
    return y


def group_norm_loops(x, weight=None, bias=None, *, num_groups, eps=1e-5):
    N, C, y = x.shape[0], x.shape[1], np.zeros(x.shape)
    for n, k in np.ndindex(N, num_groups):
        members = [c for c in range(C) if c // (C // num_groups) == k]
        numbers = [v for c in members for v in x[n, c].ravel()]
        mean = sum(numbers) / len(numbers)
        variance = sum((v - mean) ** 2 for v in numbers) / len(numbers)
        for c in members:
            scale, shift = 1 if weight is None else weight[c], 0 if bias is None else bias[c]
            y[n, c] = (x[n, c] - mean) / math.sqrt(variance + eps) * scale + shift
    return y
