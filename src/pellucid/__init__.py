"""pellucid: convolutional and recurrent networks built from scratch, easy to see through.

Names are loaded when they are first used, so that importing this package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import data, estimators, functional, inspect, interop, models, native, network, nn, ops, optim, train
    from ._core.errors import ConfigError, DtypeError, FileError, NonFiniteError, PellucidError, ShapeError
    from .estimators import CNN, LeNet, Scratch2dCNNClassifier
    from .inspect.certificate import certify
    from .inspect.summary import summary
    from .network import Network
    from .nn import Sequential
    from .train import Trainer

    __version__: str

_ROOMS = (
    "data", "estimators", "functional", "inspect", "interop", "models", "native", "network", "nn", "ops", "optim",
    "train",
)  # fmt: skip
_NAMES = {
    "CNN": "estimators",
    "ConfigError": "_core.errors",
    "DtypeError": "_core.errors",
    "FileError": "_core.errors",
    "LeNet": "estimators",
    "Network": "network",
    "NonFiniteError": "_core.errors",
    "PellucidError": "_core.errors",
    "Scratch2dCNNClassifier": "estimators",
    "Sequential": "nn",
    "ShapeError": "_core.errors",
    "Trainer": "train",
    "certify": "inspect",
    "summary": "inspect",
}

__all__ = [
    "CNN",
    "ConfigError",
    "DtypeError",
    "FileError",
    "LeNet",
    "Network",
    "NonFiniteError",
    "PellucidError",
    "Scratch2dCNNClassifier",
    "Sequential",
    "ShapeError",
    "Trainer",
    "__version__",
    "certify",
    "data",
    "estimators",
    "functional",
    "inspect",
    "interop",
    "models",
    "native",
    "network",
    "nn",
    "ops",
    "optim",
    "summary",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("pellucid")
    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
