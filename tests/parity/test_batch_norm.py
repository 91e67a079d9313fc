"""Batch-norm layers follow PyTorch's step for step: outputs, gradients and running statistics, then evaluation."""

import numpy as np
import pytest

from pellucid import ShapeError
from pellucid.nn import BatchNorm1d, BatchNorm2d
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
