"""Optimisers, schedules and whole networks follow PyTorch's trajectories."""

import numpy as np
import pytest

from benchmarks import torch_nets
from pellucid.models import mnist_cnn
from pellucid.nn import CrossEntropyLoss, Linear
from pellucid.optim import SGD, Adam, OneCycleLR
from tests.checks import close

PAIRS = {
    "Adam": (lambda p: Adam(p, 0.01, (0.8, 0.99), 1e-6), lambda t, p: t.Adam(p, 0.01, (0.8, 0.99), 1e-6)),
    "Adam as it comes": (lambda p: Adam(p), lambda t, p: t.Adam(p)),
    "SGD": (lambda p: SGD(p, 0.1), lambda t, p: t.SGD(p, 0.1)),
    "SGD with momentum": (lambda p: SGD(p, 0.1, momentum=0.9), lambda t, p: t.SGD(p, 0.1, momentum=0.9)),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("cycle", [None, {}, {"pct_start": 0.4, "div_factor": 7, "final_div_factor": 50}])
def test_twenty_steps_of_an_optimizer(name, cycle, rng):
    import torch

    ours, theirs = PAIRS[name]
    model = Linear(4, 3).build((4,), dtype=np.float64)
    flat = model.parameters()
    tensor = torch.tensor(flat.data.copy(), requires_grad=True)
    optimizer, torch_optimizer = ours(flat), theirs(torch.optim, [tensor])
    if cycle is not None:
        schedule = OneCycleLR(optimizer, 0.3, 20, **cycle)
        torch_schedule = torch.optim.lr_scheduler.OneCycleLR(torch_optimizer, 0.3, 20, **cycle)
    for step in range(20):
        flat.grad[...] = rng.standard_normal(flat.grad.size)
        tensor.grad = torch.tensor(flat.grad.copy())
        optimizer.step()
        torch_optimizer.step()
        close(flat.data, tensor.detach().numpy(), 1e-9)
        if cycle is not None and step < 19:
            schedule.step()
            torch_schedule.step()
            assert optimizer.lr == pytest.approx(torch_optimizer.param_groups[0]["lr"], rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_whole_network(dtype, rng):
    """Same weights, same batch: logits, loss, all gradients, five optimiser steps.  No dropout: the masks differ."""
    import torch

    model = mnist_cnn().build((1, 28, 28), seed=2, dtype=dtype).eval()
    twin = torch_nets.mnist_cnn().to(torch.float64).eval()
    tensors = list(twin.parameters())
    for (_, parameter), tensor in zip(model.named_parameters(), tensors, strict=True):
        tensor.data = torch.tensor(parameter.data.astype(np.float64))
    optimizer, torch_optimizer = Adam(model.parameters()), torch.optim.Adam(tensors)
    loss, torch_loss = CrossEntropyLoss(), torch.nn.CrossEntropyLoss()
    exact = dtype == np.float64
    for step in range(5):
        x, labels = rng.standard_normal((6, 1, 28, 28)), rng.integers(0, 10, 6)
        logits = model(x.astype(dtype))
        value = loss(logits, labels)
        optimizer.zero_grad()
        model.backward(loss.backward())
        torch_logits = twin(torch.tensor(x))
        expected = torch_loss(torch_logits, torch.tensor(labels))
        torch_optimizer.zero_grad()
        expected.backward()
        assert value == pytest.approx(expected.item(), rel=1e-9 if exact else 1e-4)
        if exact or step == 0:
            close(logits, torch_logits.detach().numpy(), 1e-9 if exact else 2e-5)
            for (_, parameter), tensor in zip(model.named_parameters(), tensors, strict=True):
                close(parameter.grad, tensor.grad.numpy(), 1e-9 if exact else 2e-5)
        optimizer.step()
        torch_optimizer.step()
        if exact:
            for (_, parameter), tensor in zip(model.named_parameters(), tensors, strict=True):
                close(parameter.data, tensor.detach().numpy(), 1e-9)
