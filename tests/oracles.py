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


def bins(size, count):
    """The positions of each bin of an adaptive pooling."""
    return [range(math.floor(i * size / count), math.ceil((i + 1) * size / count)) for i in range(count)]


def adaptive_pool2d_loops(x, output_size, of):
    sizes = [n if m is None else m for n, m in zip(x.shape[2:], _pair(output_size), strict=True)]
    y = np.zeros((*x.shape[:2], *sizes))
    rows, columns = (bins(n, m) for n, m in zip(x.shape[2:], sizes, strict=True))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = of([x[n, c, h, w] for h in rows[i] for w in columns[j]])
    return y


def adaptive_avg_pool2d_loops(x, *, output_size):
    return adaptive_pool2d_loops(x, output_size, lambda values: sum(values) / len(values))


def adaptive_max_pool2d_loops(x, *, output_size):
    return adaptive_pool2d_loops(x, output_size, max)


def conv1d_loops(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    K, C_group = weight.shape[2], weight.shape[1]
    reach = dilation * (K - 1)
    before, behind = (reach // 2, reach - reach // 2) if padding == "same" else _pair(padding)
    OL = (x.shape[2] + before + behind - reach - 1) // stride + 1
    y = np.zeros((len(x), len(weight), OL))
    for n, o, j in np.ndindex(y.shape):
        y[n, o, j] = 0.0 if bias is None else bias[o]
        first = o // (len(weight) // groups) * C_group
        for c, v in np.ndindex(C_group, K):
            place = j * stride + v * dilation - before
            if 0 <= place < x.shape[2]:
                y[n, o, j] += weight[o, c, v] * x[n, first + c, place]
    return y


def pool1d_loops(x, kernel_size, stride, padding, of):
    S, (before, behind) = stride or kernel_size, _pair(padding)
    y = np.zeros((*x.shape[:2], (x.shape[2] + before + behind - kernel_size) // S + 1))
    for n, c, j in np.ndindex(y.shape):
        places = range(j * S - before, j * S - before + kernel_size)
        y[n, c, j] = of([x[n, c, k] for k in places if 0 <= k < x.shape[2]])
    return y


def max_pool1d_loops(x, *, kernel_size, stride=None, padding=0):
    return pool1d_loops(x, kernel_size, stride, padding, max)


def avg_pool1d_loops(x, *, kernel_size, stride=None, padding=0, count_include_pad=True):
    count = (lambda values: kernel_size) if count_include_pad else len
    return pool1d_loops(x, kernel_size, stride, padding, lambda values: sum(values) / count(values))


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


def dropout2d_loops(x, *, p, key):
    y = np.zeros(x.shape)
    for i, channel in enumerate(np.ndindex(x.shape[:2])):
        if random_bits(key, i) >= p * 2**32:
            y[channel] = x[channel] / (1 - p)
    return y


def add_loops(a, b):
    return np.array([v + w for v, w in zip(a.ravel(), b.ravel(), strict=True)]).reshape(a.shape)


def multiply_loops(a, b):
    return np.array([v * w for v, w in zip(a.ravel(), b.ravel(), strict=True)]).reshape(a.shape)


def concatenate_loops(*arrays, axis=1):
    shape = list(arrays[0].shape)
    shape[axis] = sum(x.shape[axis] for x in arrays)
    y, start = np.zeros(shape), 0
    for x in arrays:
        for place in np.ndindex(x.shape):
            y[(*place[:axis], place[axis] + start, *place[axis + 1 :])] = x[place]
        start += x.shape[axis]
    return y


def reshape_loops(x, *, shape):
    y = np.zeros((len(x), *(math.prod(x.shape[1:]) // -math.prod(shape) if n == -1 else n for n in shape)))
    for n in range(len(x)):
        for to, place in zip(np.ndindex(y.shape[1:]), np.ndindex(x.shape[1:]), strict=True):
            y[n][to] = x[n][place]
    return y


def permute_loops(x, *, axes):
    order = (0, *axes)
    y = np.zeros([x.shape[axis] for axis in order])
    for place in np.ndindex(x.shape):
        y[tuple(place[axis] for axis in order)] = x[place]
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
