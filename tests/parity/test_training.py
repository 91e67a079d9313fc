"""Optimisers, schedules and a network of odd layers follow PyTorch's trajectories."""

import numpy as np
import pytest

from pellucid.nn import AvgPool2d, Conv2d, CrossEntropyLoss, Flatten, LeakyReLU, Linear, Sequential, Sigmoid, Tanh
from pellucid.optim import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    MovingAverage,
    OneCycleLR,
    RMSprop,
    clip_grad_norm,
    clip_grad_value,
)
from tests.checks import close

PAIRS = {
    "Adam": (lambda p: Adam(p, 0.01, (0.8, 0.99), 1e-6), lambda t, p: t.Adam(p, 0.01, (0.8, 0.99), 1e-6)),
    "Adam as it comes": (lambda p: Adam(p), lambda t, p: t.Adam(p)),
    "Adam with decay": (lambda p: Adam(p, 0.01, weight_decay=0.3), lambda t, p: t.Adam(p, 0.01, weight_decay=0.3)),
    "Adam, amsgrad": (
        lambda p: Adam(p, 0.01, (0.8, 0.4), weight_decay=0.3, amsgrad=True),
        lambda t, p: t.Adam(p, 0.01, (0.8, 0.4), weight_decay=0.3, amsgrad=True),
    ),
    "AdamW as it comes": (lambda p: AdamW(p), lambda t, p: t.AdamW(p)),
    "AdamW": (lambda p: AdamW(p, 0.1, weight_decay=0.3), lambda t, p: t.AdamW(p, 0.1, weight_decay=0.3)),
    "SGD": (lambda p: SGD(p, 0.1), lambda t, p: t.SGD(p, 0.1)),
    "SGD with momentum": (lambda p: SGD(p, 0.1, momentum=0.9), lambda t, p: t.SGD(p, 0.1, momentum=0.9)),
    "SGD with decay": (lambda p: SGD(p, 0.1, weight_decay=0.3), lambda t, p: t.SGD(p, 0.1, weight_decay=0.3)),
    "SGD with dampening": (
        lambda p: SGD(p, 0.1, momentum=0.9, dampening=0.3, weight_decay=0.3),
        lambda t, p: t.SGD(p, 0.1, momentum=0.9, dampening=0.3, weight_decay=0.3),
    ),
    "RMSprop as it comes": (lambda p: RMSprop(p), lambda t, p: t.RMSprop(p)),
    "RMSprop, momentum": (
        lambda p: RMSprop(p, 0.02, 0.8, 1e-4, 0.3, 0.9),
        lambda t, p: t.RMSprop(p, 0.02, 0.8, 1e-4, 0.3, 0.9),
    ),
    "RMSprop, centered": (
        lambda p: RMSprop(p, 0.02, 0.8, 1e-4, centered=True),
        lambda t, p: t.RMSprop(p, 0.02, 0.8, 1e-4, centered=True),
    ),
    "RMSprop with all": (
        lambda p: RMSprop(p, 0.02, 0.8, 1e-4, 0.3, 0.9, True),
        lambda t, p: t.RMSprop(p, 0.02, 0.8, 1e-4, 0.3, 0.9, True),
    ),
    "Adagrad as it comes": (lambda p: Adagrad(p), lambda t, p: t.Adagrad(p)),
    "Adagrad with all": (
        lambda p: Adagrad(p, 0.1, 0.05, 0.3, 0.2, 1e-4),
        lambda t, p: t.Adagrad(p, 0.1, 0.05, 0.3, 0.2, 1e-4),
    ),
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
        if "momentum" not in torch_optimizer.defaults and "betas" not in torch_optimizer.defaults:
            cycle = cycle | {"cycle_momentum": False}  # PyTorch's refuses what has none
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


@pytest.mark.parametrize("clip_value", [0.1, 1.0, 100.0])
def test_clipping_by_value(clip_value, rng):
    import torch

    model = Linear(4, 3).build((4,), dtype=np.float64)
    model.weight.grad = rng.standard_normal((3, 4))
    tensor = torch.zeros((3, 4), dtype=torch.float64, requires_grad=True)
    tensor.grad = torch.tensor(model.weight.grad.copy())
    torch.nn.utils.clip_grad_value_([tensor], clip_value)
    clip_grad_value(model.parameters(), clip_value)
    assert np.array_equal(model.weight.grad, tensor.grad.numpy())


@pytest.mark.parametrize("decay", [0.5, 0.999])
def test_the_average_of_weights(decay, rng):
    """PyTorch's begins with the first weights and corrects nothing; with its mean of zeros it is ours, uncorrected."""
    import torch
    from torch.optim.swa_utils import get_ema_multi_avg_fn

    theirs, ours = [torch.zeros(5, dtype=torch.float64)], MovingAverage([np.zeros(5)], decay)
    for t in range(1, 21):
        values = rng.standard_normal(5)
        get_ema_multi_avg_fn(decay)(theirs, [torch.tensor(values)], t)
        ours.update([values])
        close(ours.means[0], theirs[0].numpy() / (1 - decay**t), 1e-9)


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
