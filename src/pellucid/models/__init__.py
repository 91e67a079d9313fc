"""Ready-made networks by name, each with its recipe for training, and trained ones."""

from .best_mnist import best_mnist
from .cnn import cnn
from .cnn_lstm import cnn_lstm
from .lenet import lenet
from .lenet5 import lenet5
from .mnist_cnn import mnist_cnn
from .ready import MODELS, Entry, find, network, recipe
from .row_lstm import row_lstm
from .scratch2d import scratch2d
from .sizes import conv2d_output_size, parameter_count
from .trained import TRAINED, TrainedModel, load

__all__ = [
    "MODELS",
    "TRAINED",
    "Entry",
    "TrainedModel",
    "best_mnist",
    "cnn",
    "cnn_lstm",
    "conv2d_output_size",
    "find",
    "lenet",
    "lenet5",
    "load",
    "mnist_cnn",
    "network",
    "parameter_count",
    "recipe",
    "row_lstm",
    "scratch2d",
]
