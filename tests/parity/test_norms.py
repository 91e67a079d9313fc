"""Normalising layers equal PyTorch's: outputs, all gradients, names and layouts of their state, in float64."""

import numpy as np
import pytest

from pellucid.nn import GroupNorm, LayerNorm
from tests.checks import close

BOUND = 1e-9
LAYERS = {
    "LayerNorm": (LayerNorm, (6,), {}, (4, 6)),
    "LayerNorm over time": (LayerNorm, (6,), {"eps": 1e-3}, (4, 3, 6)),
    "LayerNorm of images": (LayerNorm, ((3, 4, 5),), {}, (2, 3, 4, 5)),
    "LayerNorm without a shift": (LayerNorm, (6,), {"bias": False}, (4, 6)),
    "LayerNorm alone": (LayerNorm, (6,), {"elementwise_affine": False}, (4, 6)),
    "GroupNorm": (GroupNorm, (3, 6), {}, (2, 6, 4, 5)),
    "GroupNorm of sequences": (GroupNorm, (2, 6), {"eps": 1e-3}, (2, 6, 5)),
    "GroupNorm of rows": (GroupNorm, (2, 6), {}, (4, 6)),
    "GroupNorm alone": (GroupNorm, (6, 6), {"affine": False}, (2, 6, 4, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name, rng):
    import torch

    make, arguments, settings, shape = LAYERS[name]
    ours = make(*arguments, **settings).build(shape[1:], dtype=np.float64)
    theirs = getattr(torch.nn, make.__name__)(*arguments, **settings, dtype=torch.float64)
    state = {k: rng.standard_normal(v.shape) for k, v in ours.state_dict().items()}
    ours.load_state_dict(state)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
    x, g = 3 + rng.standard_normal(shape), rng.standard_normal(shape)
    tensor = torch.tensor(x, requires_grad=True)
    expected = theirs(tensor)
    close(ours(x), expected.detach().numpy(), BOUND)
    expected.backward(torch.tensor(g))
    close(ours.backward(g), tensor.grad.numpy(), BOUND)
    for key, parameter in theirs.named_parameters():
        close(getattr(ours, key).grad, parameter.grad.numpy(), BOUND)
