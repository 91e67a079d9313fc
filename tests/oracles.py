"""Loops so plain that they need no test; they are the ground everything else stands on: windows and products here."""

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


def _pair(value):
    return (value, value) if isinstance(value, int) else value


def _sides(padding, KH, KW):
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":  # all that is missing, the larger half at the end
        return ((KH - 1) // 2, KH - 1 - (KH - 1) // 2), ((KW - 1) // 2, KW - 1 - (KW - 1) // 2)
    vertical, horizontal = _pair(padding)
    return _pair(vertical), _pair(horizontal)
