"""The networks in PyTorch: peers of the benchmarks, and what the parity tests compare with.

Parameters come in the order of ours.
"""

from typing import Any


def mnist_cnn() -> Any:
    """Return net A, mnist-cnn."""
    from torch import nn

    features = nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*features, nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))


def cnn() -> Any:
    """Return net B, cnn."""
    from torch import nn

    def block(C: int, O: int) -> list[Any]:
        convolutions = [[nn.Conv2d(i, O, 3, padding=1), nn.BatchNorm2d(O), nn.ReLU()] for i in (C, O)]
        return [*convolutions[0], *convolutions[1], nn.MaxPool2d(2), nn.Dropout2d(0.25)]

    head = nn.Flatten(), nn.Linear(3136, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
    return nn.Sequential(*block(1, 32), *block(32, 64), *head)


def lenet5() -> Any:
    """Return net C, lenet5."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def lenet() -> Any:
    """Return lenet: lenet5 without the padding."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def scratch2d() -> Any:
    """Return net D, scratch2d."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def cnn_lstm() -> Any:
    """Return net E, for pictures or sequences of them."""
    from torch import nn

    class CNNLSTM(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.frames = nn.Sequential(
                nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                nn.MaxPool2d(2), nn.Flatten(),
            )  # fmt: skip
            self.lstm = nn.LSTM(1568, 128, batch_first=True)
            self.linear = nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            x = x.unsqueeze(1) if x.ndim == 4 else x
            features = self.frames(x.flatten(0, 1)).unflatten(0, x.shape[:2])
            return self.linear(self.lstm(features)[0][:, -1])

    return CNNLSTM()


def row_lstm() -> Any:
    """Return row-lstm, for sequences of rows."""
    from torch import nn

    class RowLSTM(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(28, 128, batch_first=True)
            self.linear = nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            return self.linear(self.lstm(x)[0][:, -1])

    return RowLSTM()


def best_mnist() -> Any:
    """Return best-mnist."""
    from torch import nn

    def block(C: int, O: int) -> list[Any]:
        return [
            layer
            for inputs in (C, O)
            for layer in (nn.Conv2d(inputs, O, 3, padding=1, bias=False), nn.BatchNorm2d(O), nn.ReLU())
        ]

    narrower = [[*block(C, O), nn.MaxPool2d(2), nn.Dropout2d(0.1)] for C, O in ((1, 32), (32, 64))]
    mean = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(*narrower[0], *narrower[1], *block(64, 128), *mean, nn.Dropout(0.1), nn.Linear(128, 10))
