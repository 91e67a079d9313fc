"""Losses of targets of the outputs' shape equal PyTorch's, value and gradient, in float64."""

import numpy as np
import pytest

from pellucid.nn import BCEWithLogitsLoss, HuberLoss, MSELoss
from tests.checks import close

BOUND = 1e-9
LOSSES = {
    "MSELoss": (MSELoss, {}),
    "HuberLoss": (HuberLoss, {}),
    "HuberLoss, delta": (HuberLoss, {"delta": 0.3}),
    "BCEWithLogitsLoss": (BCEWithLogitsLoss, {}),
    "BCEWithLogitsLoss, weighted": (BCEWithLogitsLoss, {"pos_weight": [0.5, 3.0, 1.0]}),
    "BCEWithLogitsLoss, one weight": (BCEWithLogitsLoss, {"pos_weight": 2.5}),
}


@pytest.mark.parametrize("shape", [(7, 3), (7, 1, 1, 3), (4, 2, 5, 3)])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
def test_loss(name, reduction, shape, rng):
    import torch

    make, settings = LOSSES[name]
    outputs, targets = 2 * rng.standard_normal(shape), rng.random(shape)
    if "pos_weight" in settings and len(shape) == 4 and np.ndim(settings["pos_weight"]):
        settings = {"pos_weight": np.array(settings["pos_weight"]).reshape(1, 1, 3)}
    ours = make(reduction, **settings)
    theirs = {k: torch.tensor(v, dtype=torch.float64) if k == "pos_weight" else v for k, v in settings.items()}
    tensor = torch.tensor(outputs, requires_grad=True)
    expected = getattr(torch.nn, make.__name__)(reduction=reduction, **theirs)(tensor, torch.tensor(targets))
    assert ours(outputs, targets) == pytest.approx(expected.item(), rel=BOUND)
    expected.backward()
    close(ours.backward(), tensor.grad.numpy(), BOUND)
