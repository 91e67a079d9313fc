"""TimeDistributed: each step as if it came alone, whatever lies within; TimeAxis puts one step where there is none."""

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError, nn
from pellucid.nn import TimeAxis, TimeDistributed
from pellucid.ops._memory import in_memory_order
from tests.checks import close

MODULES = {
    "convolution": (lambda: nn.Conv2d(2, 3, 3), (2, 6, 5)),
    "convolution to rows": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten()), (2, 6, 5)),
    "linear": (lambda: nn.Linear(4, 3), (4,)),
    "no weights": (lambda: nn.MaxPool2d(2), (2, 6, 4)),
}


@pytest.mark.parametrize("name", MODULES)
def test_each_step_goes_through_the_module(name, rng):
    make, shape = MODULES[name]
    module, model = make().build(shape, seed=1, dtype=np.float64), TimeDistributed(make())
    model.build((4, *shape), seed=1, dtype=np.float64)
    model.load_state_dict({f"module.{key}": value for key, value in module.state_dict().items()})
    x = rng.standard_normal((3, 4, *shape))
    y = model(x)
    g = rng.standard_normal(y.shape)
    assert y.shape[1:] == model.output_shape((4, *shape))
    model.parameters().zero_grad()
    module.parameters().zero_grad()
    grad_x = model.backward(g)
    for t in range(4):
        close(y[:, t], module(x[:, t]), 1e-14)
        close(grad_x[:, t], module.backward(g[:, t]), 1e-14)
    close(model.parameters().grad, module.parameters().grad, 1e-13)


def test_one_upon_the_other_needs_no_copy(rng):
    """Activations lie channels-last; cutting N * T into N and T, and joining them again, leaves them there."""
    model = TimeDistributed(nn.ReLU())
    x = in_memory_order(rng.standard_normal((6, 3, 5, 4))).reshape(2, 3, 3, 5, 4)
    seen = []
    model.module.register_forward_hook(lambda module, x, y: seen.append((x, y)))
    y = model(x)
    assert np.shares_memory(seen[0][0], x)
    assert np.shares_memory(seen[0][1], y)


def test_training_needs_no_gradient_of_the_input(rng):
    model = nn.Sequential(TimeAxis(), TimeDistributed(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten())), nn.GRU(24, 3))
    x = rng.standard_normal((2, 1, 6, 5))
    model.build((1, 6, 5), dtype=np.float64).require_input_grad(False)
    y = model(x)
    assert model.backward(y) is None
    model.require_input_grad(True)
    model(x)
    assert model.backward(y).shape == x.shape


def test_time_axis(rng):
    x = rng.standard_normal((2, 3, 6, 5))
    layer = TimeAxis().build((3, 6, 5), dtype=np.float64)
    assert layer(x).shape == (2, 1, 3, 6, 5)
    assert (layer.backward(x[:, None]) == x).all()
    sequence = rng.standard_normal((2, 4, 3, 6, 5))
    assert (layer(sequence) == sequence).all()
    assert layer.output_shape((3, 6, 5)) == (1, 3, 6, 5)


def test_what_does_not_fit_is_named(rng):
    with pytest.raises(ConfigError, match="module is a int, not a Module"):
        TimeDistributed(3)
    with pytest.raises(ShapeError, match="TimeDistributed: got"):
        TimeDistributed(nn.ReLU()).build((4,))
    with pytest.raises(ShapeError, match=r"TimeAxis: got \(5,\)"):
        TimeAxis().build((5,))
    with pytest.raises(ShapeError, match="steps along a first axis are needed"):
        TimeDistributed(nn.ReLU()).build((4, 2))(rng.standard_normal((3, 4)).astype(np.float32))
