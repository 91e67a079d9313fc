"""Settings of update rules: PyTorch's, refused where they make no sense, and to be read again."""

import inspect

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.nn import Linear
from pellucid.optim import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    CosineAnnealingLR,
    LinearLR,
    OneCycleLR,
    Optimizer,
    RMSprop,
    StepLR,
)


@pytest.fixture
def model():
    return Linear(3, 2).build((3,), seed=1, dtype=np.float64)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: Adam([p]), r"pass model.parameters\(\)"),
        (lambda p: Adam(p, lr=-1), "lr is -1"),
        (lambda p: Adam(p, lr=float("nan")), "lr is nan"),
        (lambda p: Adam(p, betas=(1.0, 0.9)), "beta1 is 1.0"),
        (lambda p: Adam(p, betas=0.9), r"Adam: betas is 0.9, expected two numbers such as \(0.9, 0.999\)"),
        (lambda p: Adam(p, betas=(0.9, 0.99, 0.999)), "expected two numbers"),
        (lambda p: Adam(p, eps=-1), "eps is -1"),
        (lambda p: Adam(p, weight_decay=-1), "Adam: weight_decay is -1"),
        (lambda p: AdamW(p, betas=(0.9, 1.0)), "AdamW: beta2 is 1.0"),
        (lambda p: AdamW(p, weight_decay=-1), "AdamW: weight_decay is -1"),
        (lambda p: SGD(p, weight_decay=-1), "SGD: weight_decay is -1"),
        (lambda p: SGD(p, nesterov=True), "SGD: nesterov without momentum"),
        (lambda p: SGD(p, momentum=1.5), "momentum is 1.5"),
        (lambda p: SGD(p, momentum=0.5, dampening=0.1, nesterov=True), "SGD: nesterov with dampening 0.1"),
        (lambda p: RMSprop(p, alpha=1.0), "RMSprop: alpha is 1.0"),
        (lambda p: RMSprop(p, momentum=-0.1), "RMSprop: momentum is -0.1"),
        (lambda p: RMSprop(p, eps=-1), "RMSprop: eps is -1"),
        (lambda p: Adagrad(p, lr_decay=-1), "Adagrad: lr_decay is -1"),
        (lambda p: Adagrad(p, initial_accumulator_value=-1), "Adagrad: initial_accumulator_value is -1"),
    ],
)
def test_impossible_settings_are_refused(model, make, words):
    with pytest.raises(ConfigError, match=words):
        make(model.parameters())


def test_a_rule_that_defines_nothing_says_so(model):
    class Empty(Optimizer):
        pass

    with pytest.raises(NotImplementedError, match="Empty defines no update"):
        Empty(model.parameters(), 0.1, ()).step()


def test_defaults_are_pytorchs():
    defaults = {
        rule: {n: p.default for n, p in inspect.signature(rule).parameters.items() if p.default is not p.empty}
        for rule in (Adam, AdamW, SGD, RMSprop, Adagrad, LinearLR, StepLR, CosineAnnealingLR, OneCycleLR)
    }
    assert defaults[Adam] == {
        "lr": 1e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0,
        "amsgrad": False,
        "groups": (),
    }
    assert defaults[AdamW] == {
        "lr": 1e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.01,
        "amsgrad": False,
        "groups": (),
    }
    assert defaults[SGD] | {"lr": 0} == {
        "lr": 0, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False, "groups": (),
    }  # fmt: skip
    assert defaults[RMSprop] == {
        "lr": 0.01, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0, "momentum": 0, "centered": False, "groups": (),
    }  # fmt: skip
    assert defaults[Adagrad] == {
        "lr": 0.01, "lr_decay": 0, "weight_decay": 0, "initial_accumulator_value": 0, "eps": 1e-10, "groups": (),
    }  # fmt: skip
    assert defaults[LinearLR] == {"start_factor": 1 / 3, "end_factor": 1, "total_iters": 5}
    assert (defaults[StepLR], defaults[CosineAnnealingLR]) == ({"gamma": 0.1}, {"eta_min": 0})
    assert defaults[OneCycleLR] == {
        "pct_start": 0.3, "cycle_momentum": True, "base_momentum": 0.85, "max_momentum": 0.95,
        "div_factor": 25, "final_div_factor": 1e4,
    }  # fmt: skip


GROUPS = ({"match": "bias", "weight_decay": 0.0},)
SETTINGS = {
    SGD: {"lr": 0.3, "momentum": 0.7, "dampening": 0.0, "weight_decay": 0.2, "nesterov": True},
    Adam: {"lr": 0.3, "betas": (0.7, 0.8), "eps": 0.1, "weight_decay": 0.2, "amsgrad": True},
    AdamW: {"lr": 0.3, "betas": (0.7, 0.8), "eps": 0.1, "weight_decay": 0.2, "amsgrad": True},
    RMSprop: {"lr": 0.3, "alpha": 0.5, "eps": 0.1, "weight_decay": 0.2, "momentum": 0.7, "centered": True},
    Adagrad: {"lr": 0.3, "lr_decay": 0.1, "weight_decay": 0.2, "initial_accumulator_value": 0.4, "eps": 0.1},
}
SETTINGS = {rule: given | {"groups": GROUPS} for rule, given in SETTINGS.items()}


@pytest.mark.parametrize("rule", SETTINGS)
def test_all_settings_can_be_read(model, rule):
    """By the names of the arguments, so that who goes on with a run can compare them."""
    optimizer = rule(model.parameters(), **SETTINGS[rule])
    assert {"parameters", *SETTINGS[rule]} == {*inspect.signature(rule).parameters}
    assert {name: getattr(optimizer, name) for name in SETTINGS[rule]} == SETTINGS[rule]
