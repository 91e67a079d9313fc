"""Layers and networks: named parameters around the operations of `pellucid.ops`."""

from .activation import ELU, GELU, Hardswish, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Tanh
from .container import Sequential
from .conv import Conv2d
from .dropout import Dropout
from .entry_loss import BCEWithLogitsLoss, HuberLoss, MSELoss
from .flatten import Flatten
from .group_norm import GroupNorm
from .layer_norm import LayerNorm
from .linear import Linear
from .loss import CrossEntropyLoss, Loss
from .module import Module
from .parameter import Buffer, FlatParameters, Parameter
from .pool import AvgPool2d, MaxPool2d
from .predictor import Predictor

__all__ = [
    "ELU",
    "GELU",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "Buffer",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "FlatParameters",
    "Flatten",
    "GroupNorm",
    "Hardswish",
    "HuberLoss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Loss",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "Parameter",
    "Predictor",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
