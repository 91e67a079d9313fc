"""Loops so plain that they need no test; they are the ground everything else stands on."""

import math

import numpy as np


def conv2d_loops(x, weight, bias=None, *, stride=1, padding=0):
    N, C, H, W = x.shape
    O, _, KH, KW = weight.shape
    (SH, SW), ((top, bottom), (left, right)) = _pair(stride), _sides(padding, KH, KW)
    OH, OW = (H + top + bottom - KH) // SH + 1, (W + left + right - KW) // SW + 1
    y = np.zeros((N, O, OH, OW))
    for n, o, i, j in np.ndindex(y.shape):
        y[n, o, i, j] = 0.0 if bias is None else bias[o]
        for c, u, v in np.ndindex(C, KH, KW):
            row, column = i * SH + u - top, j * SW + v - left
            if 0 <= row < H and 0 <= column < W:
                y[n, o, i, j] += weight[o, c, u, v] * x[n, c, row, column]
    return y


def max_pool2d_loops(x, *, kernel_size, stride=None, padding=0):
    N, C, H, W = x.shape
    KH, KW = _pair(kernel_size)
    SH, SW = (KH, KW) if stride is None else _pair(stride)
    (top, bottom), (left, right) = _sides(padding, KH, KW)
    OH, OW = (H + top + bottom - KH) // SH + 1, (W + left + right - KW) // SW + 1
    y = np.zeros((N, C, OH, OW))
    for n, c, i, j in np.ndindex(y.shape):
        rows = [r for r in range(i * SH - top, i * SH - top + KH) if 0 <= r < H]
        columns = [k for k in range(j * SW - left, j * SW - left + KW) if 0 <= k < W]
        y[n, c, i, j] = max(x[n, c, r, k] for r in rows for k in columns)
    return y


def linear_loops(x, weight, bias=None):
    O, I = weight.shape
    y = np.zeros((*x.shape[:-1], O))
    for n in np.ndindex(x.shape[:-1]):
        for o in range(O):
            y[n][o] = sum((x[n][i] * weight[o, i] for i in range(I)), 0.0 if bias is None else bias[o])
    return y


def relu_loops(x):
    return np.array([v if v > 0 else 0.0 for v in x.ravel()]).reshape(x.shape)


def softmax_loops(x):
    y = np.zeros(x.shape)
    for n in np.ndindex(x.shape[:-1]):
        for k in range(x.shape[-1]):
            y[n][k] = 1 / sum(math.exp(other - x[n][k]) for other in x[n])
    return y


def log_softmax_loops(x):
    y = np.zeros(x.shape)
    for n in np.ndindex(x.shape[:-1]):
        top = max(x[n])
        for k in range(x.shape[-1]):
            y[n][k] = x[n][k] - top - math.log(sum(math.exp(other - top) for other in x[n]))
    return y


def cross_entropy_loops(logits, *, targets):
    log_p, y = log_softmax_loops(logits), np.zeros(len(logits))
    for n, target in enumerate(targets):
        if targets.ndim == 1:
            y[n] = -log_p[n, target]
        else:
            y[n] = -sum(target[k] * log_p[n, k] for k in range(logits.shape[1]))
    return y


def flatten_loops(x):
    y = np.zeros((x.shape[0], math.prod(x.shape[1:])))
    for n in range(x.shape[0]):
        for k, place in enumerate(np.ndindex(x.shape[1:])):
            y[n, k] = x[n][place]
    return y


def random_bits(key, i):
    """Entry i of a key, in Python's whole numbers: the rule that _core/random.py states."""
    low, high, mask = key % 2**32, key // 2**32, 2**32 - 1
    x = (i * 0x9E3779B9 + low) & mask
    x = (((x ^ x >> 17) * 0xED5AD4BB) & mask) ^ high
    x = ((x ^ x >> 11) * 0xAC4C1B51) & mask
    x = ((x ^ x >> 15) * 0x31848BAB) & mask
    return x ^ x >> 14


def dropout_loops(x, *, p, key):
    y = np.zeros(x.shape)
    for i, place in enumerate(np.ndindex(x.shape)):
        if random_bits(key, i) >= p * 2**32:
            y[place] = x[place] / (1 - p)
    return y


def _pair(value):
    return (value, value) if isinstance(value, int) else value


def _sides(padding, KH, KW):
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":  # all that is missing, the larger half at the end
        return ((KH - 1) // 2, KH - 1 - (KH - 1) // 2), ((KW - 1) // 2, KW - 1 - (KW - 1) // 2)
    vertical, horizontal = _pair(padding)
    return _pair(vertical), _pair(horizontal)
