"""Every function of the blueprint equals PyTorch's, on one sample and on a batch."""

import numpy as np
import pytest

from pellucid import functional as F
from tests.checks import close

BOUND = 1e-9


def tensor(array):
    import torch

    return torch.tensor(array, requires_grad=True)


def same(y, grads, theirs, inputs, rng):
    """Compare a forward's output, and the gradients that `grads(g)` gives for a random g."""
    import torch

    close(y, theirs.detach().numpy(), BOUND)
    g = rng.standard_normal(y.shape)
    found = grads(g)
    expected = torch.autograd.grad(theirs, inputs, torch.tensor(g))
    for ours, one in zip(found if isinstance(found, tuple) else (found,), expected, strict=True):
        close(ours, one.numpy(), BOUND)


@pytest.mark.parametrize("batch", [(), (3,)], ids=["one sample", "batch"])
class TestLayers:
    def test_conv2d(self, rng, batch):
        import torch.nn.functional as f

        arrays = rng.standard_normal((*batch, 2, 7, 6)), rng.standard_normal((4, 2, 3, 2)), rng.standard_normal(4)
        y, cache = F.conv2d_forward(*arrays, stride=(2, 1), padding=1)
        inputs = [tensor(a) for a in arrays]
        same(y, lambda g: F.conv2d_backward(g, cache), f.conv2d(*inputs, stride=(2, 1), padding=1), inputs, rng)

    def test_dense(self, rng, batch):
        import torch.nn.functional as f

        arrays = rng.standard_normal((*batch, 5)), rng.standard_normal((4, 5)), rng.standard_normal(4)
        y, cache = F.dense_forward(*arrays)
        inputs = [tensor(a) for a in arrays]
        same(y, lambda g: F.dense_backward(g, cache), f.linear(*inputs), inputs, rng)

    @pytest.mark.parametrize("name", ["relu", "maxpool2d", "flatten"])
    def test_without_parameters(self, rng, batch, name):
        import torch

        x = rng.standard_normal((*batch, 2, 6, 4))
        forward, backward = getattr(F, f"{name}_forward"), getattr(F, f"{name}_backward")
        y, cache = forward(x)
        t = tensor(x)
        theirs = {
            "relu": torch.relu,
            "maxpool2d": lambda t: torch.nn.functional.max_pool2d(t, 2),
            "flatten": lambda t: t.flatten(start_dim=len(batch)),
        }[name](t)
        same(y, lambda g: backward(g, cache), theirs, [t], rng)

    def test_dropout_given_the_same_mask(self, rng, batch):
        x = rng.standard_normal((*batch, 50))
        y, cache = F.dropout_forward(x, p=0.4, key=5)
        t = tensor(x)
        same(y, lambda g: F.dropout_backward(g, cache), t * tensor((y != 0) / 0.6).detach(), [t], rng)

    def test_softmax_and_cross_entropy(self, rng, batch):
        import torch

        logits, labels = rng.standard_normal((*batch, 6)), rng.integers(0, 6, batch)
        t = tensor(logits)
        close(F.softmax(logits), torch.softmax(t, -1).detach().numpy(), BOUND)
        targets = F.to_one_hot(np.atleast_1d(labels), 6).astype(np.float64).reshape(logits.shape)
        loss = torch.nn.functional.cross_entropy(t, torch.tensor(labels))
        loss.backward()
        for value in (
            F.cross_entropy_loss(F.softmax(logits), targets),
            F.cross_entropy_loss(logits, targets, from_logits=True),
        ):
            assert value == pytest.approx(loss.item(), rel=BOUND)
        close(F.cross_entropy_gradient(F.softmax(logits), targets), t.grad.numpy(), BOUND)


def test_adam_step_over_five_steps(rng):
    import torch

    parameters = {"a": rng.standard_normal((3, 2)), "b": rng.standard_normal(4)}
    theirs = {name: tensor(array) for name, array in parameters.items()}
    optimizer, state = torch.optim.Adam(theirs.values(), lr=0.01), F.adam_init(parameters)
    for _ in range(5):
        gradients = {name: rng.standard_normal(array.shape) for name, array in parameters.items()}
        for name, t in theirs.items():
            t.grad = torch.tensor(gradients[name])
        optimizer.step()
        parameters, state = F.adam_step(parameters, gradients, state, lr=0.01)
    for name, array in parameters.items():
        close(array, theirs[name].detach().numpy(), BOUND)


def test_the_whole_network(rng):
    import torch
    import torch.nn.functional as f

    shapes = {"conv1": (32, 1, 3, 3), "conv2": (64, 32, 3, 3), "linear": (10, 1600)}
    parameters = {}
    for name, shape in shapes.items():
        parameters[f"{name}.weight"] = F.init_weights(shape, "glorot", name=name, dtype=np.float64)
        parameters[f"{name}.bias"] = F.init_bias(shape[0], 0.1, dtype=np.float64)
    x, labels = rng.standard_normal((4, 1, 28, 28)), rng.integers(0, 10, 4)
    predictions, caches = F.full_forward(x, parameters)
    gradients = F.full_backward(predictions, F.to_one_hot(labels, 10).astype(np.float64), caches)
    t = {name: tensor(array) for name, array in parameters.items()}
    h = f.max_pool2d(torch.relu(f.conv2d(torch.tensor(x), t["conv1.weight"], t["conv1.bias"])), 2)
    h = f.max_pool2d(torch.relu(f.conv2d(h, t["conv2.weight"], t["conv2.bias"])), 2)
    logits = f.linear(h.flatten(1), t["linear.weight"], t["linear.bias"])
    f.cross_entropy(logits, torch.tensor(labels)).backward()
    close(predictions, torch.softmax(logits, 1).detach().numpy(), BOUND)
    for name, gradient in gradients.items():
        close(gradient, t[name].grad.numpy(), BOUND)
