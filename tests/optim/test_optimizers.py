"""Update rules against the formulas, number by number in plain Python."""

import inspect
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.nn import Linear
from pellucid.optim import SGD, Adam, OneCycleLR, Optimizer

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


def test_adam_is_its_formula(model, rng):
    lr, b1, b2, eps = 0.05, 0.8, 0.95, 1e-3
    p = model.parameters().data.tolist()
    m, v = [0.0] * len(p), [0.0] * len(p)
    optimizer = Adam(model.parameters(), lr, (b1, b2), eps)
    for t, (grad, data) in enumerate(run(model, optimizer, rng), start=1):
        for i, g in enumerate(grad):
            m[i] = b1 * m[i] + (1 - b1) * g
            v[i] = b2 * v[i] + (1 - b2) * g * g
            p[i] -= lr * (m[i] / (1 - b1**t)) / (math.sqrt(v[i] / (1 - b2**t)) + eps)
        assert_allclose(data, p, rtol=1e-12)
    assert optimizer.steps == STEPS


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_is_its_formula(model, rng, momentum):
    p = model.parameters().data.tolist()
    velocity = [0.0] * len(p)
    for grad, data in run(model, SGD(model.parameters(), 0.1, momentum), rng):
        for i, g in enumerate(grad):
            velocity[i] = momentum * velocity[i] + g
            p[i] -= 0.1 * velocity[i]
        assert_allclose(data, p, rtol=1e-12)


@pytest.mark.parametrize("make", [lambda p: Adam(p), lambda p: SGD(p, momentum=0.9)])
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
        (lambda p: Adam(p, eps=-1), "eps is -1"),
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
        for rule in (Adam, SGD, OneCycleLR)
    }
    assert defaults[Adam] == {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}
    assert defaults[SGD]["momentum"] == 0
    assert defaults[OneCycleLR] == {
        "pct_start": 0.3, "cycle_momentum": True, "base_momentum": 0.85, "max_momentum": 0.95,
        "div_factor": 25, "final_div_factor": 1e4,
    }  # fmt: skip
