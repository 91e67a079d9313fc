"""The loops of oracles.py for what acts on each number, and softmax."""

import math

import numpy as np


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
