"""A network's twin in PyTorch: the same outputs and gradients, for parts that the ready networks do not have."""

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.interop import torch_twin
from pellucid.nn import (
    LSTM,
    AvgPool2d,
    Concat,
    Conv1d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    Module,
    Permute,
    Residual,
    Sequential,
)

NETWORKS = {
    "sequences": (lambda: LSTM(3, 4, return_sequences=True), (5, 3)),
    "residual": (lambda: Residual(Sequential(Linear(4, 4))), (4,)),
    "branches": (lambda: Concat(Conv2d(3, 2, 3, padding=1), Conv2d(3, 4, 1)), (3, 5, 6)),
    "even kernel, same length": (lambda: Conv1d(3, 4, 4, padding="same"), (3, 8)),
    "both sides": (lambda: Conv1d(3, 4, 3, padding=(2, 1)), (3, 8)),
    "sides by themselves": (lambda: Conv2d(3, 4, 3, padding=((0, 1), (2, 0))), (3, 6, 7)),
    "padded maximum": (lambda: MaxPool2d(3, 2, padding=((1, 1), (0, 0))), (3, 6, 7)),
    "padded mean": (lambda: AvgPool2d(2, padding=(1, 0)), (3, 6, 7)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_and_gradients(name, rng):
    import torch

    make, shape = NETWORKS[name]
    model = make().build(shape, seed=1, dtype=np.float64)
    twin = torch_twin(model)
    x = rng.standard_normal((3, *shape))
    tensor = torch.tensor(x, requires_grad=True)
    y, theirs = model(x), twin(tensor)
    np.testing.assert_allclose(y, theirs.detach().numpy(), atol=1e-12)
    g = rng.standard_normal(y.shape)
    theirs.backward(torch.tensor(g))
    np.testing.assert_allclose(model.backward(g), tensor.grad.numpy(), atol=1e-12)
    ours = np.concatenate([p.grad.ravel() for _, p in model.named_parameters()] or [np.zeros(0)])
    other = [p.grad.numpy().ravel() for p in twin.parameters()]
    np.testing.assert_allclose(ours, np.concatenate(other or [np.zeros(0)]), atol=1e-12)


def test_it_says_what_it_does():
    twin = torch_twin(Sequential(Permute(2, 3, 1), Flatten()).build((2, 3, 4), seed=0))
    assert "axes (2, 3, 1)" in repr(twin)


class Own(Module):
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("make", "shape", "words"),
    [
        (lambda: Sequential(Own()), (4,), "PyTorch has no twin of a Own"),
        (lambda: LSTM(3, 4, return_state=True), (5, 3), "no twin for a module that returns its state"),
        (lambda: MaxPool2d(2, padding=((0, 1), (0, 1))), (3, 6, 6), "PyTorch pads both sides alike"),
    ],
)
def test_what_has_no_twin(make, shape, words):
    with pytest.raises(ConfigError, match=words):
        torch_twin(make().build(shape, seed=0))
