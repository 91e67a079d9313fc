"""Layers and networks: named parameters around the operations of `pellucid.ops`."""

from .activation import LogSoftmax, ReLU, Softmax
from .container import Sequential
from .conv import Conv2d
from .dropout import Dropout
from .flatten import Flatten
from .linear import Linear
from .loss import CrossEntropyLoss
from .module import Module
from .parameter import Buffer, FlatParameters, Parameter
from .pool import MaxPool2d

__all__ = [
    "Buffer",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "FlatParameters",
    "Flatten",
    "Linear",
    "LogSoftmax",
    "MaxPool2d",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "Softmax",
]
