"""Layers and networks: named parameters around the operations of `pellucid.ops`."""

from .activation import LeakyReLU, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from .container import Sequential
from .conv import Conv2d
from .dropout import Dropout
from .flatten import Flatten
from .gru import GRU, GRUCell
from .linear import Linear
from .loss import CrossEntropyLoss
from .lstm import LSTM, LSTMCell
from .module import Module
from .parameter import Buffer, FlatParameters, Parameter
from .pool import AvgPool2d, MaxPool2d
from .predictor import Predictor
from .time_distributed import TimeAxis, TimeDistributed

__all__ = [
    "GRU",
    "LSTM",
    "AvgPool2d",
    "Buffer",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "FlatParameters",
    "Flatten",
    "GRUCell",
    "LSTMCell",
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
    "TimeAxis",
    "TimeDistributed",
]
