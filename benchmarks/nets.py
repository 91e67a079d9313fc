"""The networks that are measured: ours, PyTorch's, and with which update rule.  A new network is a row of `NETS`.

Nothing is imported before it is used: a process that measures one engine does not load the other.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks import torch_nets

SEED = 0


@dataclass(frozen=True)
class Net:
    """One network and how it is trained."""

    about: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    optimizer: str  # the same name in pellucid.optim and torch.optim, as its arguments are
    settings: dict[str, Any] = field(default_factory=dict)
    input_shape: tuple[int, ...] = (1, 28, 28)

    def our_optimizer(self, model: Any) -> Any:
        """Return pellucid's update rule for `model`."""
        from pellucid import optim

        return getattr(optim, self.optimizer)(model.parameters(), **self.settings)

    def their_optimizer(self, model: Any, **settings: Any) -> Any:
        """Return PyTorch's update rule for `model`."""
        import torch

        return getattr(torch.optim, self.optimizer)(model.parameters(), **self.settings, **settings)

    def data(self) -> Any:
        """Return MNIST's training images as a Dataset of this network's inputs; sequences are images in a row."""
        from dataclasses import replace

        from pellucid.data import mnist

        train, _ = mnist()
        inputs = train.inputs.reshape(-1, *self.input_shape)
        return replace(train, inputs=inputs, labels=train.labels[:: len(train) // len(inputs)])

    def flops(self, training: bool) -> int | None:
        """Return the additions and multiplications for one sample; None where a layer's are not known.

        Training takes forward, grad_x and grad_weight, each as many; the first layer with weights needs no grad_x.
        It is what the formulas ask for: an engine that leaves out work whose result is known does fewer.
        """
        from pellucid import summary

        rows = summary(self.ours(), self.input_shape)
        if rows.multiply_adds is None:
            return None
        first = next(row.multiply_adds for row in rows.rows if row.multiply_adds)
        return 2 * (3 * rows.multiply_adds - first if training else rows.multiply_adds)


def mnist_cnn() -> Any:
    """Return net A."""
    from pellucid import models

    return models.mnist_cnn()


def batch_norm_cnn() -> Any:
    """Return net B, unbuilt: two blocks of convolutions with batch-norm, 468,458 parameters."""
    from pellucid import nn

    def block(C: int, O: int) -> list[Any]:
        first = nn.Conv2d(C, O, 3, padding=1), nn.BatchNorm2d(O), nn.ReLU()
        return [*first, nn.Conv2d(O, O, 3, padding=1), nn.BatchNorm2d(O), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]

    head = nn.Flatten(), nn.Linear(3136, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
    return nn.Sequential(*block(1, 32), *block(32, 64), *head)


def lenet() -> Any:
    """Return net C, unbuilt: 61,706 parameters."""
    from pellucid.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

    return Sequential(
        Conv2d(1, 6, 5, padding=2), ReLU(), MaxPool2d(2), Conv2d(6, 16, 5), ReLU(), MaxPool2d(2), Flatten(),
        Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10),
    )  # fmt: skip


def two_convolutions() -> Any:
    """Return net D, unbuilt: 421,642 parameters, most of them in a linear layer."""
    from pellucid.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

    return Sequential(
        Conv2d(1, 32, 3, padding=1), ReLU(), MaxPool2d(2), Conv2d(32, 64, 3, padding=1), ReLU(), MaxPool2d(2),
        Flatten(), Linear(3136, 128), ReLU(), Linear(128, 10),
    )  # fmt: skip


NETS = {
    "A": Net("mnist-cnn", mnist_cnn, torch_nets.mnist_cnn, "Adam", {"lr": 1e-3}),
    "B": Net("two blocks with batch-norm", batch_norm_cnn, torch_nets.batch_norm_cnn, "Adam", {"lr": 1e-3}),
    "C": Net("LeNet-like", lenet, torch_nets.lenet, "SGD", {"lr": 1e-2}),
    "D": Net("two convolutions, two linear layers", two_convolutions, torch_nets.two_convolutions, "SGD", {"lr": 1e-2}),
}
