"""The loops of oracles.py for what moves, joins or leaves out numbers."""

import math

import numpy as np


def flatten_loops(x):
    y = np.zeros((x.shape[0], math.prod(x.shape[1:])))
    for n in range(x.shape[0]):
        for k, place in enumerate(np.ndindex(x.shape[1:])):
            y[n, k] = x[n][place]
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
