"""Ready-made networks by name, each with its recipe for training, and trained ones."""

from .cnn import CNN, cnn
from .mnist_cnn import mnist_cnn
from .ready import MODELS, Entry, find, network, recipe
from .trained import TRAINED, TrainedModel, load

__all__ = ["CNN", "MODELS", "TRAINED", "Entry", "TrainedModel", "cnn", "find", "load", "mnist_cnn", "network", "recipe"]
