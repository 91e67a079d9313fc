"""Ready-made networks by name, each with its recipe for training, and trained ones."""

from .cnn_lstm import cnn_lstm
from .mnist_cnn import mnist_cnn
from .ready import MODELS, Entry, find, network, recipe
from .trained import TRAINED, TrainedModel, load

__all__ = ["MODELS", "TRAINED", "Entry", "TrainedModel", "cnn_lstm", "find", "load", "mnist_cnn", "network", "recipe"]
