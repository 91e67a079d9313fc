"""Layers and networks: named parameters around the operations of `pellucid.ops`."""

from .activation import LeakyReLU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from .adaptive_pool import AdaptiveAvgPool2d, AdaptiveMaxPool2d, GlobalAvgPool2d, GlobalMaxPool2d
from .batch_norm import BatchNorm1d, BatchNorm2d
from .branches import Concat, Residual
from .combine import Add, Concatenate, Multiply
from .container import Sequential
from .conv import Conv2d
from .conv1d import Conv1d
from .dropout import Dropout, Dropout1d, Dropout2d
from .flatten import Flatten
from .graph import Graph
from .linear import Linear
from .loss import CrossEntropyLoss
from .module import Module
from .parameter import Buffer, FlatParameters, Parameter
from .pool import AvgPool2d, MaxPool2d
from .pool1d import AvgPool1d, MaxPool1d
from .predictor import Predictor
from .reshape import Identity, Permute, Reshape

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "Add",
    "AvgPool1d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "Concat",
    "Concatenate",
    "Conv1d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "FlatParameters",
    "Flatten",
    "GlobalAvgPool2d",
    "GlobalMaxPool2d",
    "Graph",
    "Identity",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "Multiply",
    "Parameter",
    "Permute",
    "Predictor",
    "ReLU",
    "Reshape",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
