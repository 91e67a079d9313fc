"""Loops so plain that they need no test; they are the ground everything else stands on."""

import math

import numpy as np


def conv2d_loops(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    N, _, H, W = x.shape
    O, C_group, KH, KW = weight.shape
    (SH, SW), (DH, DW) = _pair(stride), _pair(dilation)
    reach = DH * (KH - 1) + 1, DW * (KW - 1) + 1
    (top, bottom), (left, right) = _sides(padding, *reach)
    OH, OW = (H + top + bottom - reach[0]) // SH + 1, (W + left + right - reach[1]) // SW + 1
    y = np.zeros((N, O, OH, OW))
    for n, o, i, j in np.ndindex(y.shape):
        y[n, o, i, j] = 0.0 if bias is None else bias[o]
        group = o // (O // groups)
        for c, u, v in np.ndindex(C_group, KH, KW):
            row, column = i * SH + u * DH - top, j * SW + v * DW - left
            if 0 <= row < H and 0 <= column < W:
                y[n, o, i, j] += weight[o, c, u, v] * x[n, group * C_group + c, row, column]
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


def avg_pool2d_loops(x, *, kernel_size, stride=None, padding=0, count_include_pad=True):
    N, C, H, W = x.shape
    KH, KW = _pair(kernel_size)
    SH, SW = (KH, KW) if stride is None else _pair(stride)
    (top, bottom), (left, right) = _sides(padding, KH, KW)
    OH, OW = (H + top + bottom - KH) // SH + 1, (W + left + right - KW) // SW + 1
    y = np.zeros((N, C, OH, OW))
    for n, c, i, j in np.ndindex(y.shape):
        rows = [r for r in range(i * SH - top, i * SH - top + KH) if 0 <= r < H]
        columns = [k for k in range(j * SW - left, j * SW - left + KW) if 0 <= k < W]
        total = sum(x[n, c, r, k] for r in rows for k in columns)
        y[n, c, i, j] = total / (KH * KW if count_include_pad else len(rows) * len(columns))
    return y


def linear_loops(x, weight, bias=None):
    O, I = weight.shape
    y = np.zeros((*x.shape[:-1], O))
    for n in np.ndindex(x.shape[:-1]):
        for o in range(O):
            y[n][o] = sum((x[n][i] * weight[o, i] for i in range(I)), 0.0 if bias is None else bias[o])
    return y


def im2col_loops(x, *, kernel_size, stride=1, padding=0, dilation=1):
    N, C, H, W = x.shape
    (KH, KW), (SH, SW), (DH, DW) = _pair(kernel_size), _pair(stride), _pair(dilation)
    reach = DH * (KH - 1) + 1, DW * (KW - 1) + 1
    (top, bottom), (left, right) = _sides(padding, *reach)
    OH, OW = (H + top + bottom - reach[0]) // SH + 1, (W + left + right - reach[1]) // SW + 1
    y = np.zeros((N, C * KH * KW, OH * OW))
    for n, c, u, v, i, j in np.ndindex(N, C, KH, KW, OH, OW):
        row, column = i * SH + u * DH - top, j * SW + v * DW - left
        if 0 <= row < H and 0 <= column < W:
            y[n, (c * KH + u) * KW + v, i * OW + j] = x[n, c, row, column]
    return y


def col2im_loops(x, *, output_size, kernel_size, stride=1, padding=0, dilation=1):
    (N, rows, _), (KH, KW) = x.shape, _pair(kernel_size)
    y = np.zeros((N, rows // (KH * KW), *output_size))
    for place in np.ndindex(y.shape):  # what im2col copies a pixel to is what comes back to it
        one = np.zeros(y.shape)
        one[place] = 1
        columns = im2col_loops(one, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)
        y[place] = (columns * x).sum()
    return y


def relu_loops(x):
    return np.array([v if v > 0 else 0.0 for v in x.ravel()]).reshape(x.shape)


def leaky_relu_loops(x, *, negative_slope=0.01):
    return np.array([v if v > 0 else negative_slope * v for v in x.ravel()]).reshape(x.shape)


def sigmoid_loops(x):
    return np.array([1 / (1 + math.exp(-v)) for v in x.ravel()]).reshape(x.shape)


def tanh_loops(x):
    return np.array([math.tanh(v) for v in x.ravel()]).reshape(x.shape)


def elu_loops(x, *, alpha=1.0):
    return np.array([v if v > 0 else alpha * (math.exp(v) - 1) for v in x.ravel()]).reshape(x.shape)


def gelu_loops(x, *, approximate="none"):
    def tanh_one(v):
        return v / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3)))

    def exact_one(v):
        return v / 2 * (1 + math.erf(v / math.sqrt(2)))

    return np.array([(tanh_one if approximate == "tanh" else exact_one)(v) for v in x.ravel()]).reshape(x.shape)


def silu_loops(x):
    return np.array([v / (1 + math.exp(-v)) for v in x.ravel()]).reshape(x.shape)


def hard_swish_loops(x):
    return np.array([v * min(max(v + 3, 0), 6) / 6 for v in x.ravel()]).reshape(x.shape)


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


def cross_entropy_loops(logits, *, targets, label_smoothing=0.0, weight=None):
    log_p, y = log_softmax_loops(logits), np.zeros(len(logits))
    K = logits.shape[1]
    for n, k in np.ndindex(logits.shape):
        target = targets[n, k] if targets.ndim == 2 else float(targets[n] == k)
        target = (1 - label_smoothing) * target + label_smoothing / K
        y[n] -= (1 if weight is None else weight[k]) * target * log_p[n, k]
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
