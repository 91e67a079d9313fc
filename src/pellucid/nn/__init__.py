"""Layers and networks: named parameters around the operations of `pellucid.ops`."""

from .activation import LeakyReLU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from .adaptive_pool import AdaptiveAvgPool2d, AdaptiveMaxPool2d, GlobalAvgPool2d, GlobalMaxPool2d
from .container import Sequential
from .conv import Conv2d
from .dropout import Dropout, Dropout1d, Dropout2d
from .flatten import Flatten
from .linear import Linear
from .loss import CrossEntropyLoss
from .module import Module
from .parameter import Buffer, FlatParameters, Parameter
from .pool import AvgPool2d, MaxPool2d
from .predictor import Predictor

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "Buffer",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "FlatParameters",
    "Flatten",
    "GlobalAvgPool2d",
    "GlobalMaxPool2d",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MaxPool2d",
    "Module",
    "Parameter",
    "Predictor",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
