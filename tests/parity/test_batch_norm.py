"""Batch-norm layers follow PyTorch's step for step: outputs, gradients and running statistics, then evaluation."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pellucid import ShapeError
from pellucid.nn import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    CrossEntropyLoss,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)
from pellucid.optim import SGD
from pellucid.train import load_weights, save_weights
from tests.checks import close

BOUND = 1e-9
SETTINGS = {
    "as it is": {},
    "momentum": {"momentum": 0.3, "eps": 1e-2},
    "plain means": {"momentum": None},
    "nothing learned": {"affine": False},
    "nothing kept": {"track_running_stats": False},
}
SHAPES = {"rows": (4,), "sequences": (4, 5), "images": (4, 3, 2)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_layers(settings, shape, rng):
    import torch

    images = len(shape) == 3
    ours = (BatchNorm2d if images else BatchNorm1d)(4, **settings).build(shape, dtype=np.float64)
    theirs = (torch.nn.BatchNorm2d if images else torch.nn.BatchNorm1d)(4, **settings, dtype=torch.float64)
    if ours.weight:
        start = {"weight": rng.standard_normal(4), "bias": rng.standard_normal(4)}
        ours.load_state_dict(ours.state_dict() | start)
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    for training, n in ((True, 6), (True, 6), (True, 3), (False, 2), (True, 5), (False, 7)):
        ours.train(training)
        theirs.train(training)
        ours.parameters().zero_grad()
        theirs.zero_grad()
        x, g = 2 * rng.standard_normal((n, *shape)) + 3, rng.standard_normal((n, *shape))
        tensor = torch.tensor(x, requires_grad=True)
        y = theirs(tensor)
        y.backward(torch.from_numpy(g))
        close(ours(x), y.detach().numpy(), BOUND)
        close(ours.backward(g), tensor.grad.numpy(), BOUND)
        for (name, parameter), peer in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            assert parameter.grad.shape == tuple(peer.shape), name
            close(parameter.grad, peer.grad.numpy(), BOUND)
        state = theirs.state_dict()
        assert list(state) == list(ours.state_dict())
        for name, array in ours.state_dict().items():
            close(array, state[name].numpy(), BOUND)
            assert array.dtype == state[name].numpy().dtype


def test_both_refuse_one_value_per_channel():
    import torch

    with pytest.raises(ValueError, match="more than 1 value per channel"):
        torch.nn.BatchNorm1d(3)(torch.zeros(1, 3))
    with pytest.raises(ShapeError, match="1 value for each channel"):
        BatchNorm1d(3)(np.zeros((1, 3), np.float32))


def test_a_network_in_training(rng):
    """Five steps with batches of unequal size: loss, gradients, weights and running statistics; then evaluation."""
    import torch
    from torch import nn as theirs

    ours = Sequential(
        Conv2d(2, 5, 3, padding=1), BatchNorm2d(5), ReLU(), MaxPool2d(2), Conv2d(5, 6, 3, bias=False), BatchNorm2d(6),
        ReLU(), Flatten(), Linear(24, 7), BatchNorm1d(7), ReLU(), Linear(7, 4),
    ).build((2, 9, 8), seed=1, dtype=np.float64)  # fmt: skip
    twin = theirs.Sequential(
        theirs.Conv2d(2, 5, 3, padding=1), theirs.BatchNorm2d(5), theirs.ReLU(), theirs.MaxPool2d(2),
        theirs.Conv2d(5, 6, 3, bias=False), theirs.BatchNorm2d(6), theirs.ReLU(), theirs.Flatten(),
        theirs.Linear(24, 7), theirs.BatchNorm1d(7), theirs.ReLU(), theirs.Linear(7, 4),
    ).double()  # fmt: skip
    twin.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    optimizer = SGD(ours.parameters(), lr=0.1, momentum=0.9)
    peer = torch.optim.SGD(twin.parameters(), lr=0.1, momentum=0.9)
    loss, their_loss = CrossEntropyLoss(), theirs.CrossEntropyLoss()
    for n in (8, 8, 5, 8, 3):
        x, labels = rng.standard_normal((n, 2, 9, 8)), rng.integers(0, 4, n)
        optimizer.zero_grad()
        value = loss(ours(x), labels)
        ours.backward(loss.backward())
        optimizer.step()
        peer.zero_grad()
        expected = their_loss(twin(torch.from_numpy(x)), torch.from_numpy(labels))
        expected.backward()
        peer.step()
        assert value == pytest.approx(expected.item(), rel=1e-9)
        state = twin.state_dict()
        for name, array in ours.state_dict().items():
            np.testing.assert_allclose(array, state[name].numpy(), rtol=0, atol=1e-9 * np.abs(array).max() + 1e-14)
    x = rng.standard_normal((3, 2, 9, 8))
    with torch.inference_mode(), ours.inference():
        close(ours(x), twin.eval()(torch.from_numpy(x)).numpy(), BOUND)


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_weights_come_from_pytorch_and_go_back(suffix, tmp_path):
    """The whole state, with the number of batches as whole number."""
    import torch

    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    for _ in range(3):
        theirs(torch.randn(5, 3, generator=torch.Generator().manual_seed(0)))
    path = tmp_path / f"theirs.{suffix}"
    arrays = {name: tensor.numpy() for name, tensor in theirs.state_dict().items()}
    if suffix == "npz":
        np.savez(path, **arrays)
    else:
        save_file(arrays, path)
    ours = Sequential(Linear(3, 4), BatchNorm1d(4)).build((3,), seed=5)
    load_weights(ours, path)
    assert ours[1].num_batches_tracked.data == 3
    save_weights(ours, tmp_path / "ours.safetensors")
    again = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    state = {name: torch.from_numpy(array.copy()) for name, array in load_file(tmp_path / "ours.safetensors").items()}
    again.load_state_dict(state, strict=True)
    for name, tensor in again.state_dict().items():
        assert tensor.dtype == theirs.state_dict()[name].dtype
        assert torch.equal(tensor, theirs.state_dict()[name])
