"""The networks in PyTorch: peers of the benchmarks, and what the parity tests compare with.

Parameters come in the order of ours.
"""

from typing import Any


def mnist_cnn() -> Any:
    """Return net A, mnist-cnn."""
    from torch import nn

    features = nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*features, nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))


def batch_norm_cnn() -> Any:
    """Return net B."""
    from torch import nn

    def block(C: int, O: int) -> list[Any]:
        first = nn.Conv2d(C, O, 3, padding=1), nn.BatchNorm2d(O), nn.ReLU()
        return [*first, nn.Conv2d(O, O, 3, padding=1), nn.BatchNorm2d(O), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]

    head = nn.Flatten(), nn.Linear(3136, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
    return nn.Sequential(*block(1, 32), *block(32, 64), *head)


def lenet() -> Any:
    """Return net C."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def two_convolutions() -> Any:
    """Return net D."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip
