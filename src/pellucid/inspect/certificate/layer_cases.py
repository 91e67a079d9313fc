"""The layers on which a certificate is given: how each is made, and the shape of a sample."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ... import nn
from ...nn import Module


class LayerCase(NamedTuple):
    """One case of one layer; `bound` is that of float32."""

    make: Callable[[], Module]
    input_shape: Any
    training: bool = True
    bound: float = 2e-5


def _block() -> Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))


def _residual() -> Module:
    body = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1))
    return nn.Sequential(nn.Residual(body), nn.ReLU(), nn.GlobalAvgPool2d(), nn.Linear(3, 4))


def _gated() -> Module:
    return nn.Graph(
        {
            "a": (nn.Conv2d(3, 4, 3, padding=1), "input"),
            "gate": (nn.Conv2d(3, 4, 1), "input"),
            "open": (nn.Sigmoid(), "gate"),
            "y": (nn.Multiply(), "a", "open"),
        }
    )


LAYERS: dict[str, LayerCase] = {
    "Linear": LayerCase(lambda: nn.Linear(5, 3), (5,)),
    "Conv2d": LayerCase(lambda: nn.Conv2d(3, 4, (2, 3), stride=(1, 2), padding=(1, 2)), (3, 6, 9)),
    "Conv2d, Winograd": LayerCase(lambda: nn.Conv2d(32, 32, 3, padding="same"), (32, 9, 8), bound=1e-4),
    "Conv1d": LayerCase(lambda: nn.Conv1d(3, 4, 3, padding=1), (3, 8)),
    "BatchNorm1d": LayerCase(lambda: nn.BatchNorm1d(5), (5,)),
    "BatchNorm2d": LayerCase(lambda: nn.BatchNorm2d(3), (3, 4, 5)),
    "BatchNorm2d, inference": LayerCase(lambda: nn.BatchNorm2d(3), (3, 4, 5), training=False),
    "LayerNorm": LayerCase(lambda: nn.LayerNorm((4, 5)), (3, 4, 5)),
    "GroupNorm": LayerCase(lambda: nn.GroupNorm(2, 6), (6, 4, 5)),
    "LSTM": LayerCase(lambda: nn.LSTM(3, 4, return_sequences=True), (5, 3)),
    "LSTM, two layers, both ways": LayerCase(lambda: nn.LSTM(3, 4, 2, bidirectional=True), (5, 3)),
    "GRU": LayerCase(lambda: nn.GRU(3, 4), (5, 3)),
    "MaxPool2d": LayerCase(lambda: nn.MaxPool2d((2, 3)), (3, 6, 7)),
    "AvgPool2d": LayerCase(lambda: nn.AvgPool2d(3, stride=2, padding=1), (3, 6, 7)),
    "MaxPool1d": LayerCase(lambda: nn.MaxPool1d(2), (3, 7)),
    "AvgPool1d": LayerCase(lambda: nn.AvgPool1d(2), (3, 7)),
    "AdaptiveAvgPool2d": LayerCase(lambda: nn.AdaptiveAvgPool2d((2, 3)), (3, 5, 7)),
    "AdaptiveMaxPool2d": LayerCase(lambda: nn.AdaptiveMaxPool2d((2, 3)), (3, 5, 7)),
    "GlobalAvgPool2d": LayerCase(nn.GlobalAvgPool2d, (3, 5, 7)),
    "GlobalMaxPool2d": LayerCase(nn.GlobalMaxPool2d, (3, 5, 7)),
    "ReLU": LayerCase(nn.ReLU, (3, 4, 5)),
    "LeakyReLU": LayerCase(nn.LeakyReLU, (7,)),
    "ELU": LayerCase(nn.ELU, (7,)),
    "GELU": LayerCase(nn.GELU, (7,)),
    "SiLU": LayerCase(nn.SiLU, (7,)),
    "Hardswish": LayerCase(nn.Hardswish, (7,)),
    "Sigmoid": LayerCase(nn.Sigmoid, (7,)),
    "Tanh": LayerCase(nn.Tanh, (7,)),
    "Softmax": LayerCase(nn.Softmax, (7,)),
    "LogSoftmax": LayerCase(nn.LogSoftmax, (7,)),
    "Dropout": LayerCase(nn.Dropout, (40,)),
    "Dropout1d": LayerCase(nn.Dropout1d, (6, 5)),
    "Dropout2d": LayerCase(nn.Dropout2d, (6, 4, 5)),
    "Flatten": LayerCase(nn.Flatten, (3, 4, 5)),
    "Identity": LayerCase(nn.Identity, (7,)),
    "Reshape": LayerCase(lambda: nn.Reshape(5, 12), (3, 4, 5)),
    "Permute": LayerCase(lambda: nn.Permute(3, 1, 2), (3, 4, 5)),
    "TimeAxis": LayerCase(nn.TimeAxis, (3, 4, 5)),
    "TimeDistributed": LayerCase(lambda: nn.TimeDistributed(nn.Linear(5, 3)), (4, 5)),
    "Add": LayerCase(nn.Add, ((3, 4), (3, 4))),
    "Multiply": LayerCase(nn.Multiply, ((3, 4), (3, 4))),
    "Concatenate": LayerCase(nn.Concatenate, ((3, 4), (2, 4))),
    "Sequential, fused": LayerCase(_block, (3, 8, 7)),
    "Residual": LayerCase(_residual, (3, 6, 5)),
    "Concat": LayerCase(lambda: nn.Concat(nn.Conv2d(3, 2, 1), nn.Conv2d(3, 4, 3, padding=1)), (3, 5, 6)),
    "Graph, gated": LayerCase(_gated, (3, 5, 6)),
}
