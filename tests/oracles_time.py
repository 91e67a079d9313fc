"""Loops over time, forwards and back, so plain that they need no test: one sample, one step, one unit at a time."""

import math

import numpy as np


def lstm_loops(x, weight_ih, weight_hh, bias_ih=None, bias_hh=None, h0=None, c0=None, *, mask=None, reverse=False):
    """Return y, h_n, c_n."""
    return _lstm_run(x, weight_ih, weight_hh, bias_ih, bias_hh, h0, c0, mask, reverse)[:3]


def lstm_backward_loops(grads, arrays, *, mask=None, reverse=False):
    """Return the gradients of all seven arrays of `lstm_loops` for those of y, h_n, c_n; nothing may be None."""
    x, weight_ih, weight_hh = arrays[:3]
    grad_y, grad_h_n, grad_c_n = grads
    *_, trace = _lstm_run(*arrays, mask, reverse)
    H = weight_hh.shape[1]
    grad_x, grad_weight_ih, grad_weight_hh, grad_bias, _, grad_h0, grad_c0 = (np.zeros(a.shape) for a in arrays)
    for n in range(len(x)):
        dh, dc = list(grad_h_n[n]), list(grad_c_n[n])
        for t, h, c, i, f, g, o in reversed(trace[n]):
            new = [f[k] * c[k] + i[k] * g[k] for k in range(H)]
            dz = [0.0] * (4 * H)
            for k in range(H):
                shown, up = math.tanh(new[k]), dh[k] + grad_y[n, t, k]
                into = dc[k] + up * o[k] * (1 - shown**2)
                dz[k] = into * g[k] * i[k] * (1 - i[k])
                dz[H + k] = into * c[k] * f[k] * (1 - f[k])
                dz[2 * H + k] = into * i[k] * (1 - g[k] ** 2)
                dz[3 * H + k] = up * shown * o[k] * (1 - o[k])
                dc[k] = into * f[k]
            _spread(dz, n, t, x, h, grad_weight_ih, grad_weight_hh, grad_bias)
            grad_x[n, t] = [sum(dz[r] * weight_ih[r, j] for r in range(4 * H)) for j in range(x.shape[2])]
            dh = [sum(dz[r] * weight_hh[r, j] for r in range(4 * H)) for j in range(H)]
        grad_h0[n], grad_c0[n] = dh, dc
    return grad_x, grad_weight_ih, grad_weight_hh, grad_bias, grad_bias, grad_h0, grad_c0


def gru_loops(x, weight_ih, weight_hh, bias_ih=None, bias_hh=None, h0=None, *, mask=None, reverse=False):
    """Return y, h_n."""
    return _gru_run(x, weight_ih, weight_hh, bias_ih, bias_hh, h0, mask, reverse)[:2]


def gru_backward_loops(grads, arrays, *, mask=None, reverse=False):
    """Return the gradients of all six arrays of `gru_loops` for those of y, h_n; nothing may be None."""
    x, weight_ih, weight_hh = arrays[:3]
    grad_y, grad_h_n = grads
    *_, trace = _gru_run(*arrays, mask, reverse)
    H = weight_hh.shape[1]
    grad_x, grad_weight_ih, grad_weight_hh, grad_bias_ih, grad_bias_hh, grad_h0 = (np.zeros(a.shape) for a in arrays)
    unused = np.zeros_like(grad_weight_hh), np.zeros_like(grad_weight_ih)
    for n in range(len(x)):
        dh = list(grad_h_n[n])
        for t, h, r, z, new, q in reversed(trace[n]):
            outer, inner, straight = [0.0] * (3 * H), [0.0] * (3 * H), [0.0] * H
            for k in range(H):
                up = dh[k] + grad_y[n, t, k]
                outer[2 * H + k] = up * (1 - z[k]) * (1 - new[k] ** 2)
                outer[H + k] = up * (h[k] - new[k]) * z[k] * (1 - z[k])
                outer[k] = outer[2 * H + k] * q[k] * r[k] * (1 - r[k])
                inner[k], inner[H + k], inner[2 * H + k] = outer[k], outer[H + k], outer[2 * H + k] * r[k]
                straight[k] = up * z[k]
            _spread(outer, n, t, x, h, grad_weight_ih, unused[0], grad_bias_ih)
            _spread(inner, n, t, x, h, unused[1], grad_weight_hh, grad_bias_hh)
            grad_x[n, t] = [sum(outer[r] * weight_ih[r, j] for r in range(3 * H)) for j in range(x.shape[2])]
            dh = [straight[j] + sum(inner[r] * weight_hh[r, j] for r in range(3 * H)) for j in range(H)]
        grad_h0[n] = dh
    return grad_x, grad_weight_ih, grad_weight_hh, grad_bias_ih, grad_bias_hh, grad_h0


def _gru_run(x, weight_ih, weight_hh, bias_ih, bias_hh, h0, mask, reverse):
    """Return y, h_n, and for each sample a list of (t, h before, r, z, n, q) of the steps that count."""
    (N, T, _), H = x.shape, weight_hh.shape[1]
    y, h_n = np.zeros((N, T, H)), np.zeros((N, H))
    trace = [[] for _ in range(N)]
    for n in range(N):
        h = [0.0] * H if h0 is None else list(h0[n])
        for t in _times(T, reverse):
            if mask is not None and not mask[n, t]:
                continue
            a = _weighted(x[n, t], [], weight_ih, weight_hh, bias_ih, None if bias_hh is None else np.zeros(3 * H))
            b = _weighted([], h, weight_ih, weight_hh, None if bias_ih is None else np.zeros(3 * H), bias_hh)
            r, z = ([_sigmoid(a[part * H + k] + b[part * H + k]) for k in range(H)] for part in (0, 1))
            q = b[2 * H :]
            new = [math.tanh(a[2 * H + k] + r[k] * q[k]) for k in range(H)]
            trace[n].append((t, h, r, z, new, q))
            h = [(1 - z[k]) * new[k] + z[k] * h[k] for k in range(H)]
            y[n, t] = h
        h_n[n] = h
    return y, h_n, trace


def _lstm_run(x, weight_ih, weight_hh, bias_ih, bias_hh, h0, c0, mask, reverse):
    """Return y, h_n, c_n, and for each sample a list of (t, h before, c before, i, f, g, o) of the steps that count."""
    (N, T, _), H = x.shape, weight_hh.shape[1]
    y, h_n, c_n = np.zeros((N, T, H)), np.zeros((N, H)), np.zeros((N, H))
    trace = [[] for _ in range(N)]
    for n in range(N):
        h = [0.0] * H if h0 is None else list(h0[n])
        c = [0.0] * H if c0 is None else list(c0[n])
        for t in _times(T, reverse):
            if mask is not None and not mask[n, t]:
                continue
            z = _weighted(x[n, t], h, weight_ih, weight_hh, bias_ih, bias_hh)
            i, f, o = ([_sigmoid(z[part * H + k]) for k in range(H)] for part in (0, 1, 3))
            g = [math.tanh(z[2 * H + k]) for k in range(H)]
            trace[n].append((t, h, c, i, f, g, o))
            c = [f[k] * c[k] + i[k] * g[k] for k in range(H)]
            h = [o[k] * math.tanh(c[k]) for k in range(H)]
            y[n, t] = h
        h_n[n], c_n[n] = h, c
    return y, h_n, c_n, trace


def _times(T, reverse):
    return reversed(range(T)) if reverse else range(T)


def _weighted(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    """Return weight_ih @ x + bias_ih + weight_hh @ h + bias_hh, row by row."""
    rows = []
    for r in range(len(weight_ih)):
        total = sum(weight_ih[r, j] * x[j] for j in range(len(x))) + sum(weight_hh[r, j] * h[j] for j in range(len(h)))
        rows.append(total + (0.0 if bias_ih is None else bias_ih[r] + bias_hh[r]))
    return rows


def _spread(dz, n, t, x, h, grad_weight_ih, grad_weight_hh, grad_bias):
    """Add what the gradient of one step's sums gives to the weights."""
    for r, d in enumerate(dz):
        grad_bias[r] += d
        for j in range(x.shape[2]):
            grad_weight_ih[r, j] += d * x[n, t, j]
        for j in range(len(h)):
            grad_weight_hh[r, j] += d * h[j]


def _sigmoid(v):
    return 1 / (1 + math.exp(-v))
