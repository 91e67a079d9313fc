"""Schedules follow PyTorch's trajectories, step for step."""

import numpy as np
import pytest

from pellucid import optim
from pellucid.nn import Linear

STEPS = 60


def made(o, rate):
    """Schedules by name, of our module or theirs, for an optimiser made with `rate`."""
    return {
        "StepLR": lambda: o.StepLR(rate, 4, 0.3),
        "MultiStepLR": lambda: o.MultiStepLR(rate, [3, 4, 17, 40], 0.3),
        "MultiStepLR as it comes": lambda: o.MultiStepLR(rate, [20]),
        "ExponentialLR": lambda: o.ExponentialLR(rate, 0.87),
        "PolynomialLR as it comes": lambda: o.PolynomialLR(rate),
        "PolynomialLR": lambda: o.PolynomialLR(rate, 41, 2.5),
        "LambdaLR": lambda: o.LambdaLR(rate, lambda step: 0.9**step / (1 + step)),
        "ConstantLR as it comes": lambda: o.ConstantLR(rate),
        "ConstantLR": lambda: o.ConstantLR(rate, 0.3, 11),
        "CosineAnnealingLR": lambda: o.CosineAnnealingLR(rate, 50, 0.01),
        "CosineAnnealingWarmRestarts": lambda: o.CosineAnnealingWarmRestarts(rate, 7, eta_min=0.02),
        "CosineAnnealingWarmRestarts, longer": lambda: o.CosineAnnealingWarmRestarts(rate, 3, 2),
        "LinearLR": lambda: o.LinearLR(rate),
        "LinearLR down": lambda: o.LinearLR(rate, 0.9, 0.2, 8),
        "CyclicLR": lambda: o.CyclicLR(rate, 0.1, 0.6, 7),
        "CyclicLR, two sides": lambda: o.CyclicLR(rate, 0.1, 0.6, 7, 4, "triangular2", base_momentum=0.5),
        "CyclicLR, exp_range": lambda: o.CyclicLR(rate, 0.1, 0.6, 5, 9, "exp_range", 0.97, max_momentum=0.95),
        "OneCycleLR": lambda: o.OneCycleLR(rate, 0.3, STEPS),
        "warm-up": lambda: o.SequentialLR(
            rate, [o.LinearLR(rate, 0.1, total_iters=5), o.CosineAnnealingLR(rate, 20, 0.01)], [5]
        ),
        "three parts": lambda: o.SequentialLR(
            rate, [o.LinearLR(rate, 0.1, total_iters=9), o.StepLR(rate, 2), o.CosineAnnealingLR(rate, 10)], [4, 11]
        ),
        "multi-step after a warm-up": lambda: o.SequentialLR(
            rate, [o.ConstantLR(rate, 0.1, 6), o.MultiStepLR(rate, [9, 30]), o.PolynomialLR(rate, 20)], [6, 38]
        ),
        "a chain": lambda: o.ChainedScheduler(
            [o.ConstantLR(rate, 0.1, 20), o.ExponentialLR(rate, 0.9), o.StepLR(rate, 7), o.CosineAnnealingLR(rate, 70)]
        ),
    }


@pytest.mark.parametrize("name", made(None, None))
@pytest.mark.filterwarnings("ignore:The epoch parameter")  # PyTorch's SequentialLR warns of its own call
def test_a_whole_trajectory(name):
    import torch

    optimizer = optim.SGD(Linear(1, 1).build((1,)).parameters(), 0.7, momentum=0.9)
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.7, momentum=0.9)
    schedule = made(optim, optimizer)[name]()
    torch_schedule = made(torch.optim.lr_scheduler, theirs)[name]()
    for step in range(STEPS):
        (group,) = theirs.param_groups
        assert optimizer.lr == schedule.lr(step)
        assert optimizer.lr == pytest.approx(group["lr"], rel=1e-12, abs=1e-15)
        assert optimizer.momentum == pytest.approx(group["momentum"], rel=1e-12)
        theirs.step()
        if step < STEPS - 1:
            schedule.step()
            torch_schedule.step()


PLATEAUS = {
    "as it comes": {},
    "impatient": {"patience": 0, "factor": 0.7},
    "absolute": {"patience": 2, "threshold": 0.05, "threshold_mode": "abs", "factor": 0.5},
    "relative": {"patience": 2, "threshold": 0.1, "factor": 0.5},
    "cooled": {"patience": 1, "cooldown": 3, "factor": 0.5},
    "to a floor": {"patience": 1, "min_lr": 0.02, "factor": 0.5},
    "small falls left out": {"patience": 1, "eps": 0.03, "factor": 0.5},
}


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("name", PLATEAUS)
def test_a_plateau(name, mode, rng):
    import torch

    optimizer = optim.SGD(Linear(1, 1).build((1,)).parameters(), 0.7)
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.7)
    schedule = optim.ReduceLROnPlateau(optimizer, mode, **PLATEAUS[name])
    torch_schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, mode, **PLATEAUS[name])
    rates = set()
    sign = 1 if mode == "min" else -1
    for value in sign * (2 * np.exp(-np.arange(STEPS) / 8) + 0.2 * rng.standard_normal(STEPS)):
        schedule.step(value)
        torch_schedule.step(value)
        assert optimizer.lr == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)
        rates.add(optimizer.lr)
    assert len(rates) > 1, "it has fallen"
