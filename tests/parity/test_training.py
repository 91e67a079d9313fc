"""Optimisers, schedules and whole networks follow PyTorch's trajectories."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.nets import NETS
from pellucid.nn import AvgPool2d, Conv2d, CrossEntropyLoss, Flatten, LeakyReLU, Linear, Sequential, Sigmoid, Tanh
from pellucid.optim import (
    SGD,
    Adam,
    AdamW,
    CosineAnnealingLR,
    LinearLR,
    OneCycleLR,
    SequentialLR,
    StepLR,
    clip_grad_norm,
)
from tests.checks import close

PAIRS = {
    "Adam": (lambda p: Adam(p, 0.01, (0.8, 0.99), 1e-6), lambda t, p: t.Adam(p, 0.01, (0.8, 0.99), 1e-6)),
    "Adam as it comes": (lambda p: Adam(p), lambda t, p: t.Adam(p)),
    "Adam with decay": (lambda p: Adam(p, 0.01, weight_decay=0.3), lambda t, p: t.Adam(p, 0.01, weight_decay=0.3)),
    "AdamW as it comes": (lambda p: AdamW(p), lambda t, p: t.AdamW(p)),
    "AdamW": (lambda p: AdamW(p, 0.1, weight_decay=0.3), lambda t, p: t.AdamW(p, 0.1, weight_decay=0.3)),
    "SGD": (lambda p: SGD(p, 0.1), lambda t, p: t.SGD(p, 0.1)),
    "SGD with momentum": (lambda p: SGD(p, 0.1, momentum=0.9), lambda t, p: t.SGD(p, 0.1, momentum=0.9)),
    "SGD with decay": (lambda p: SGD(p, 0.1, weight_decay=0.3), lambda t, p: t.SGD(p, 0.1, weight_decay=0.3)),
    "SGD with all": (
        lambda p: SGD(p, 0.1, momentum=0.9, weight_decay=0.3, nesterov=True),
        lambda t, p: t.SGD(p, 0.1, momentum=0.9, weight_decay=0.3, nesterov=True),
    ),
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


def torch_schedules(optimizer):
    import torch

    scheduler = torch.optim.lr_scheduler
    return {
        "StepLR": lambda: scheduler.StepLR(optimizer, 4, 0.3),
        "CosineAnnealingLR": lambda: scheduler.CosineAnnealingLR(optimizer, 11, 0.01),
        "LinearLR": lambda: scheduler.LinearLR(optimizer),
        "LinearLR down": lambda: scheduler.LinearLR(optimizer, 0.9, 0.2, 8),
        "warm-up": lambda: scheduler.SequentialLR(
            optimizer,
            [scheduler.LinearLR(optimizer, 0.1, total_iters=5), scheduler.CosineAnnealingLR(optimizer, 20, 0.01)],
            [5],
        ),
        "three parts": lambda: scheduler.SequentialLR(
            optimizer,
            [
                scheduler.LinearLR(optimizer, 0.1, total_iters=9),
                scheduler.StepLR(optimizer, 2),
                scheduler.CosineAnnealingLR(optimizer, 10),
            ],
            [4, 11],
        ),
    }


def our_schedules(optimizer):
    return {
        "StepLR": lambda: StepLR(optimizer, 4, 0.3),
        "CosineAnnealingLR": lambda: CosineAnnealingLR(optimizer, 11, 0.01),
        "LinearLR": lambda: LinearLR(optimizer),
        "LinearLR down": lambda: LinearLR(optimizer, 0.9, 0.2, 8),
        "warm-up": lambda: SequentialLR(
            optimizer, [LinearLR(optimizer, 0.1, total_iters=5), CosineAnnealingLR(optimizer, 20, 0.01)], [5]
        ),
        "three parts": lambda: SequentialLR(
            optimizer,
            [LinearLR(optimizer, 0.1, total_iters=9), StepLR(optimizer, 2), CosineAnnealingLR(optimizer, 10)],
            [4, 11],
        ),
    }


@pytest.mark.parametrize("name", our_schedules(None))
@pytest.mark.filterwarnings("ignore:The epoch parameter")  # PyTorch's SequentialLR warns of its own call
def test_thirty_steps_of_a_schedule(name):
    import torch

    optimizer = SGD(Linear(1, 1).build((1,)).parameters(), 0.7)
    torch_optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.7)
    schedule, torch_schedule = our_schedules(optimizer)[name](), torch_schedules(torch_optimizer)[name]()
    for step in range(30):
        assert optimizer.lr == pytest.approx(torch_optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-15)
        assert optimizer.lr == schedule.lr(step)
        torch_optimizer.step()
        schedule.step()
        torch_schedule.step()


@pytest.mark.parametrize("max_norm", [0.1, 1.0, 100.0])
def test_clipping(max_norm, rng):
    import torch

    model = Linear(4, 3).build((4,), dtype=np.float64)
    tensors = [torch.zeros(p.shape, dtype=torch.float64, requires_grad=True) for p in model.parameters()]
    for parameter, tensor in zip(model.parameters(), tensors, strict=True):
        parameter.grad = rng.standard_normal(parameter.shape)
        tensor.grad = torch.tensor(parameter.grad.copy())
    norm = torch.nn.utils.clip_grad_norm_(tensors, max_norm).item()
    assert clip_grad_norm(model.parameters(), max_norm) == pytest.approx(norm, rel=1e-12)
    for parameter, tensor in zip(model.parameters(), tensors, strict=True):
        close(parameter.grad, tensor.grad.numpy(), 1e-12)


def test_a_network_of_the_other_layers(rng):
    """Dilated, grouped and depthwise convolutions, means, the other activations; a smoothed and weighted loss."""
    import torch
    from torch import nn

    model = Sequential(
        Conv2d(4, 6, 3, padding=2, dilation=2, groups=2), LeakyReLU(0.1), AvgPool2d(3, 2, 1),
        Conv2d(6, 6, (3, 2), groups=6, bias=False), Tanh(), Conv2d(6, 3, 1), Sigmoid(), Flatten(), Linear(48, 5),
    ).build((4, 11, 9), seed=3, dtype=np.float64)  # fmt: skip
    twin = nn.Sequential(
        nn.Conv2d(4, 6, 3, 1, 2, 2, 2), nn.LeakyReLU(0.1), nn.AvgPool2d(3, 2, 1),
        nn.Conv2d(6, 6, (3, 2), groups=6, bias=False), nn.Tanh(), nn.Conv2d(6, 3, 1), nn.Sigmoid(), nn.Flatten(),
        nn.Linear(48, 5),
    ).to(torch.float64)  # fmt: skip
    assert list(model.state_dict()) == list(twin.state_dict())
    twin.load_state_dict({name: torch.tensor(array) for name, array in model.state_dict().items()})
    settings, weight = {"label_smoothing": 0.1}, [1.0, 2.0, 0.5, 1.0, 3.0]
    loss = CrossEntropyLoss(**settings, weight=weight)
    torch_loss = nn.CrossEntropyLoss(torch.tensor(weight, dtype=torch.float64), **settings)
    optimizer, torch_optimizer = AdamW(model.parameters(), 0.01), torch.optim.AdamW(twin.parameters(), 0.01)
    for _ in range(5):
        x, labels = rng.standard_normal((6, 4, 11, 9)), rng.integers(0, 5, 6)
        optimizer.zero_grad()
        value = loss(model(x), labels)
        model.backward(loss.backward())
        norm = clip_grad_norm(model.parameters(), 0.5)
        optimizer.step()
        torch_optimizer.zero_grad()
        expected = torch_loss(twin(torch.tensor(x)), torch.tensor(labels))
        expected.backward()
        torch_norm = nn.utils.clip_grad_norm_(twin.parameters(), 0.5)
        torch_optimizer.step()
        assert (value, norm) == pytest.approx((expected.item(), torch_norm.item()), rel=1e-9)
        for (_, parameter), tensor in zip(model.named_parameters(), twin.parameters(), strict=True):
            close(parameter.grad, tensor.grad.numpy(), 1e-9)
            close(parameter.data, tensor.detach().numpy(), 1e-9)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("net", [*NETS.values(), replace(NETS["E"], input_shape=(3, 1, 28, 28))], ids=[*NETS, "E3"])
def test_a_whole_network(net, dtype, rng):
    """Same weights, same batch: logits, loss, all gradients, five optimiser steps.  No dropout: the masks differ."""
    import torch

    model = net.ours().build(net.input_shape, seed=2, dtype=dtype).eval()
    twin = net.theirs().to(torch.float64).eval()
    tensors = list(twin.parameters())
    for (_, parameter), tensor in zip(model.named_parameters(), tensors, strict=True):
        tensor.data = torch.tensor(parameter.data.astype(np.float64))
    optimizer, torch_optimizer = net.our_optimizer(model), net.their_optimizer(twin)
    loss, torch_loss = CrossEntropyLoss(), torch.nn.CrossEntropyLoss()
    exact = dtype == np.float64
    for step in range(5):
        x, labels = rng.standard_normal((6, *net.input_shape)), rng.integers(0, 10, 6)
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
