"""Ready-made networks by name, each with its recipe for training, and trained ones."""

from .mnist_cnn import mnist_cnn
from .ready import MODELS, Entry, find, network, recipe
from .trained import TRAINED, TrainedModel, load

__all__ = ["MODELS", "TRAINED", "Entry", "TrainedModel", "find", "load", "mnist_cnn", "network", "recipe"]
