"""Update rules against the formulas, number by number in plain Python."""

import inspect
import math
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.nn import Linear
from pellucid.optim import SGD, Adam, AdamW, CosineAnnealingLR, LinearLR, OneCycleLR, Optimizer, StepLR

STEPS = 7


@pytest.fixture
def model():
    return Linear(3, 2).build((3,), seed=1, dtype=np.float64)


def run(model, optimizer, rng):
    """Take some steps with random gradients; yield gradients and values after each, number by number."""
    flat = model.parameters()
    for _ in range(STEPS):
        optimizer.zero_grad()
        assert not flat.grad.any()
        flat.grad += rng.standard_normal(flat.grad.size)
        optimizer.step()
        yield flat.grad.copy(), flat.data.copy()


@pytest.mark.parametrize(("rule", "decay"), [(Adam, 0.0), (Adam, 0.3), (AdamW, 0.0), (AdamW, 0.3)])
def test_adam_is_its_formula(model, rng, rule, decay):
    lr, b1, b2, eps = 0.05, 0.8, 0.95, 1e-3
    p = model.parameters().data.tolist()
    m, v = [0.0] * len(p), [0.0] * len(p)
    optimizer = rule(model.parameters(), lr, (b1, b2), eps, decay)
    for t, (grad, data) in enumerate(run(model, optimizer, rng), start=1):
        for i, g in enumerate(grad):
            if rule is Adam:
                g += decay * p[i]
            else:
                p[i] -= lr * decay * p[i]
            m[i] = b1 * m[i] + (1 - b1) * g
            v[i] = b2 * v[i] + (1 - b2) * g * g
            p[i] -= lr * (m[i] / (1 - b1**t)) / (math.sqrt(v[i] / (1 - b2**t)) + eps)
        assert_allclose(data, p, rtol=1e-12)
    assert optimizer.steps == STEPS


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_sgd_is_its_formula(model, rng, momentum, nesterov, decay):
    p = model.parameters().data.tolist()
    velocity = [0.0] * len(p)
    optimizer = SGD(model.parameters(), 0.1, momentum, nesterov=nesterov, weight_decay=decay)
    for grad, data in run(model, optimizer, rng):
        for i, g in enumerate(grad):
            g += decay * p[i]
            velocity[i] = momentum * velocity[i] + g
            p[i] -= 0.1 * (g + momentum * velocity[i] if nesterov else velocity[i])
        assert_allclose(data, p, rtol=1e-12)


RULES = {
    "Adam": lambda p: Adam(p),
    "Adam, decay": lambda p: Adam(p, weight_decay=0.1),
    "AdamW": lambda p: AdamW(p),
    "SGD": lambda p: SGD(p, momentum=0.9),
    "SGD, all of it": lambda p: SGD(p, momentum=0.9, weight_decay=0.1, nesterov=True),
}


@pytest.mark.parametrize("make", RULES.values(), ids=RULES.keys())
def test_a_step_allocates_no_vector(make):
    """A temporary as long as the parameters would be 400 kB; what else Python needs for a step is far less."""
    model = Linear(1000, 100).build((1000,))
    optimizer = make(model.parameters())
    optimizer.step()
    tracemalloc.start()
    try:
        optimizer.step()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < model.parameters().data.nbytes / 4


@pytest.mark.parametrize("make", RULES.values(), ids=RULES.keys())
def test_gradients_are_read_only_and_arrays_stay_where_they_are(model, make):
    flat, optimizer = model.parameters(), make(model.parameters())
    flat.grad[...] = 1
    grad, addresses = (
        flat.grad.copy(),
        [flat.data.ctypes.data, *(s.ctypes.data for s in optimizer.slots.values())],
    )
    optimizer.step()
    assert_allclose(flat.grad, grad)
    assert addresses == [flat.data.ctypes.data, *(s.ctypes.data for s in optimizer.slots.values())]


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
        for rule in (Adam, AdamW, SGD, LinearLR, StepLR, CosineAnnealingLR, OneCycleLR)
    }
    assert defaults[Adam] == {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}
    assert defaults[AdamW] == {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}
    assert defaults[SGD] | {"lr": 0} == {"lr": 0, "momentum": 0, "weight_decay": 0, "nesterov": False}
    assert defaults[LinearLR] == {"start_factor": 1 / 3, "end_factor": 1, "total_iters": 5}
    assert (defaults[StepLR], defaults[CosineAnnealingLR]) == ({"gamma": 0.1}, {"eta_min": 0})
    assert defaults[OneCycleLR] == {
        "pct_start": 0.3, "cycle_momentum": True, "base_momentum": 0.85, "max_momentum": 0.95,
        "div_factor": 25, "final_div_factor": 1e4,
    }  # fmt: skip


SETTINGS = {
    SGD: {"lr": 0.3, "momentum": 0.7, "weight_decay": 0.2, "nesterov": True},
    Adam: {"lr": 0.3, "betas": (0.7, 0.8), "eps": 0.1, "weight_decay": 0.2},
    AdamW: {"lr": 0.3, "betas": (0.7, 0.8), "eps": 0.1, "weight_decay": 0.2},
}


@pytest.mark.parametrize("rule", SETTINGS)
def test_all_settings_can_be_read(model, rule):
    """By the names of the arguments, so that who goes on with a run can compare them."""
    optimizer = rule(model.parameters(), **SETTINGS[rule])
    assert {"parameters", *SETTINGS[rule]} == {*inspect.signature(rule).parameters}
    assert {name: getattr(optimizer, name) for name in SETTINGS[rule]} == SETTINGS[rule]
