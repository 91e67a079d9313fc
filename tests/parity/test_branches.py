"""Networks with branches and PyTorch's: outputs and all gradients, with the same weights."""

import numpy as np
import pytest

from tests.checks import close
from tests.nn.branching import diamond, inception, residual, two_ways

BOUND = 1e-9
SHAPE = (2, 9, 8)


class Theirs:
    """The same networks on PyTorch's functions, by the names of our state."""

    def __init__(self, model):
        import torch
        import torch.nn.functional as f

        self.torch, self.f = torch, f
        state = model.state_dict()
        self.state = {name: torch.tensor(value, requires_grad=True) for name, value in state.items()}

    def conv(self, x, name, **options):
        return self.f.conv2d(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"], **options)

    def linear(self, x, name):
        return self.f.linear(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def block(self, x, name, stride, shortcut):
        y = self.f.relu(self.conv(x, f"{name}.body.0", stride=stride, padding=1))
        y = self.conv(y, f"{name}.body.2", padding=1)
        return y + (self.conv(x, f"{name}.shortcut", stride=stride) if shortcut else x)

    def residual(self, x):
        x = self.f.relu(self.conv(x, "0", padding=1))
        x = self.block(self.f.relu(self.block(x, "2", 1, False)), "4", 2, True)
        return self.linear(x.mean((2, 3)), "7")

    def inception(self, x):
        f, cat = self.f, self.torch.cat
        deep = f.relu(self.conv(f.relu(self.conv(x, "0.branches.1.0")), "0.branches.1.2", padding=1))
        pool = self.conv(f.max_pool2d(x, 3, 1, 1), "0.branches.2.1")
        x = f.max_pool2d(cat([self.conv(x, "0.branches.0"), deep, pool], 1), 2)
        x = cat([self.conv(x, "2.branches.0"), f.avg_pool2d(x, 3, 1, 1)], 1)
        return self.linear(f.adaptive_avg_pool2d(x, (2, 1)).flatten(1), "5")

    def diamond(self, x):
        act = self.f.relu(self.conv(x, "0.left", padding=1))
        both = act + self.conv(x, "0.right") + act
        wide = self.torch.cat([both, x], 1)
        return self.linear(self.f.max_pool2d(self.f.relu(wide), 2).flatten(1), "4")

    def two_ways(self, image, numbers):
        pool = self.f.relu(self.conv(image, "conv")).amax((2, 3))
        rows = self.torch.cat([pool, self.linear(numbers, "hidden"), numbers], 1)
        gated = rows * self.torch.sigmoid(self.linear(rows, "gate.0"))
        return self.linear(gated + rows, "first"), self.linear(gated, "second")


def gradients_agree(model, theirs):
    for name, parameter in model.named_parameters():
        close(parameter.grad, theirs.state[name].grad.numpy(), BOUND)


@pytest.mark.parametrize("make", [residual, inception, diamond])
def test_one_input_and_one_output(make, rng):
    model = make().build(SHAPE, seed=1, dtype=np.float64).eval()
    theirs, array = Theirs(model), rng.standard_normal((4, *SHAPE))
    x = theirs.torch.tensor(array, requires_grad=True)
    expected, y = getattr(theirs, make.__name__)(x), model(array)
    close(y, expected.detach().numpy(), BOUND)
    g = rng.standard_normal(y.shape)
    expected.backward(theirs.torch.tensor(g))
    close(model.backward(g), x.grad.numpy(), BOUND)
    gradients_agree(model, theirs)


@pytest.mark.parametrize("missing", [None, 0, 1])
def test_two_inputs_and_two_outputs(missing, rng):
    """Gradients into both outputs, or into one of them."""
    model = two_ways().build((SHAPE, (5,)), seed=1, dtype=np.float64)
    theirs, arrays = Theirs(model), (rng.standard_normal((4, *SHAPE)), rng.standard_normal((4, 5)))
    inputs = [theirs.torch.tensor(array, requires_grad=True) for array in arrays]
    expected, outputs = theirs.two_ways(*inputs), model(arrays)
    gradients = [rng.standard_normal(y.shape) for y in outputs]
    loss = 0
    for i, (y, other, g) in enumerate(zip(outputs, expected, gradients, strict=True)):
        close(y, other.detach().numpy(), BOUND)
        loss += 0 if i == missing else (other * theirs.torch.tensor(g)).sum()
    loss.backward()
    found = model.backward(tuple(None if i == missing else g for i, g in enumerate(gradients)))
    for grad_x, x in zip(found, inputs, strict=True):
        close(grad_x, x.grad.numpy(), BOUND)
    for name, parameter in model.named_parameters():
        their = theirs.state[name].grad
        close(parameter.grad, np.zeros(parameter.shape) if their is None else their.numpy(), BOUND)
