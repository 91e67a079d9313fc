"""Layers and networks: named parameters around the operations of `pellucid.ops`."""

from .activation import ELU, GELU, Hardswish, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Tanh
from .adaptive_pool import AdaptiveAvgPool2d, AdaptiveMaxPool2d, GlobalAvgPool2d, GlobalMaxPool2d
from .batch_norm import BatchNorm1d, BatchNorm2d
from .branches import Concat, Residual
from .combine import Add, Concatenate, Multiply
from .container import Sequential
from .conv import Conv2d
from .conv1d import Conv1d
from .dropout import Dropout, Dropout1d, Dropout2d
from .entry_loss import BCEWithLogitsLoss, HuberLoss, MSELoss
from .flatten import Flatten
from .graph import Graph
from .group_norm import GroupNorm
from .gru import GRU, GRUCell
from .layer_norm import LayerNorm
from .linear import Linear
from .loss import CrossEntropyLoss, Loss
from .lstm import LSTM, LSTMCell
from .module import Module
from .parameter import Buffer, FlatParameters, Parameter
from .pool import AvgPool2d, MaxPool2d
from .pool1d import AvgPool1d, MaxPool1d
from .predictor import Predictor
from .reshape import Identity, Permute, Reshape
from .time_distributed import TimeAxis, TimeDistributed

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "Add",
    "AvgPool1d",
    "AvgPool2d",
    "BCEWithLogitsLoss",
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
    "GRUCell",
    "GlobalAvgPool2d",
    "GlobalMaxPool2d",
    "Graph",
    "GroupNorm",
    "Hardswish",
    "HuberLoss",
    "Identity",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "Loss",
    "MSELoss",
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
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "TimeAxis",
    "TimeDistributed",
]
