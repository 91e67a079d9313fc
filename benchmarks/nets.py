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


def ready(name: str) -> Callable[[], Any]:
    """Return the function that makes this network of `pellucid.models`, unbuilt."""

    def make() -> Any:
        from pellucid import models

        return models.find(name).make()

    return make


MOMENTUM = {"lr": 1e-2, "momentum": 0.9}
NETS = {
    "A": Net("mnist-cnn", ready("mnist-cnn"), torch_nets.mnist_cnn, "Adam", {"lr": 1e-3}),
    "B": Net("cnn, two blocks with batch-norm", ready("cnn"), torch_nets.cnn, "Adam", {"lr": 1e-3}),
    "C": Net("LeNet-like", ready("lenet5"), torch_nets.lenet5, "SGD", {"lr": 1e-2}),
    "D": Net("two convolutions, two linear layers", ready("scratch2d"), torch_nets.scratch2d, "SGD", {"lr": 1e-2}),
    "E": Net("cnn-lstm, one frame", ready("cnn-lstm"), torch_nets.cnn_lstm, "SGD", MOMENTUM),
    "E8": Net("cnn-lstm, eight frames", ready("cnn-lstm"), torch_nets.cnn_lstm, "SGD", MOMENTUM, (8, 1, 28, 28)),
}
