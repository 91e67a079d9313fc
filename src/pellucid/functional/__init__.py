"""The blueprint of a CNN as plain functions: arrays in, arrays out, every step written down by the reader.

Each works on one sample, as one learns it, and on a batch.  A forward gives (output, cache), its backward takes that
cache.  They are thin over `pellucid.ops`; `full_forward` is the network `mnist-cnn`.

>>> from pellucid.functional import conv2d_forward, conv2d_backward
>>> image, weight, bias = np.ones((1, 4, 4)), np.ones((2, 1, 3, 3)), np.zeros(2)
>>> y, cache = conv2d_forward(image, weight, bias)          # one image: no batch axis
>>> grad_x, grad_weight, grad_bias = conv2d_backward(np.ones(y.shape), cache)
>>> y.shape, grad_x.shape, grad_bias.tolist()
((2, 2, 2), (1, 4, 4), [4.0, 4.0])
"""

from .data import batch_iterator, load_mnist, to_one_hot
from .layers import (
    conv2d_backward,
    conv2d_forward,
    dense_backward,
    dense_forward,
    dropout_backward,
    dropout_forward,
    flatten_backward,
    flatten_forward,
    maxpool2d_backward,
    maxpool2d_forward,
    relu_backward,
    relu_forward,
)
from .loss import cross_entropy_gradient, cross_entropy_loss, softmax
from .network import evaluate, full_backward, full_forward, train
from .parameters import adam_init, adam_step, init_bias, init_weights

__all__ = [
    "adam_init",
    "adam_step",
    "batch_iterator",
    "conv2d_backward",
    "conv2d_forward",
    "cross_entropy_gradient",
    "cross_entropy_loss",
    "dense_backward",
    "dense_forward",
    "dropout_backward",
    "dropout_forward",
    "evaluate",
    "flatten_backward",
    "flatten_forward",
    "full_backward",
    "full_forward",
    "init_bias",
    "init_weights",
    "load_mnist",
    "maxpool2d_backward",
    "maxpool2d_forward",
    "relu_backward",
    "relu_forward",
    "softmax",
    "to_one_hot",
    "train",
]
