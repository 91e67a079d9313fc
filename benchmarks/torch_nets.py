"""The networks in PyTorch: peers of the benchmarks, and what the parity tests compare with."""

from typing import Any


def mnist_cnn() -> Any:
    """Return mnist-cnn as a torch.nn.Sequential, with parameters in the order of ours."""
    from torch import nn

    features = nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*features, nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))
