"""Update rules against the formulas, number by number in plain Python."""

import math
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import native
from pellucid.nn import Linear
from pellucid.optim import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    RMSprop,
)
from tests.checks import ENGINES

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


def test_amsgrad_never_forgets_how_large_v_was(model, rng):
    lr, b1, b2, eps = 0.05, 0.8, 0.3, 1e-3
    p = model.parameters().data.tolist()
    m, v, largest = [0.0] * len(p), [0.0] * len(p), [0.0] * len(p)
    optimizer = Adam(model.parameters(), lr, (b1, b2), eps, amsgrad=True)
    for t, (grad, data) in enumerate(run(model, optimizer, rng), start=1):
        for i, g in enumerate(grad):
            m[i] = b1 * m[i] + (1 - b1) * g
            v[i] = b2 * v[i] + (1 - b2) * g * g
            largest[i] = max(largest[i], v[i])
            p[i] -= lr * (m[i] / (1 - b1**t)) / (math.sqrt(largest[i] / (1 - b2**t)) + eps)
        assert_allclose(data, p, rtol=1e-12)


def test_dampening_begins_with_the_second_step(model, rng):
    p = model.parameters().data.tolist()
    velocity = [0.0] * len(p)
    optimizer = SGD(model.parameters(), 0.1, 0.9, dampening=0.4)
    for t, (grad, data) in enumerate(run(model, optimizer, rng), start=1):
        for i, g in enumerate(grad):
            velocity[i] = 0.9 * velocity[i] + (g if t == 1 else 0.6 * g)
            p[i] -= 0.1 * velocity[i]
        assert_allclose(data, p, rtol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_rmsprop_is_its_formula(model, rng, momentum, centered, decay):
    p = model.parameters().data.tolist()
    square, mean, velocity = ([0.0] * len(p) for _ in range(3))
    optimizer = RMSprop(model.parameters(), 0.1, 0.8, 1e-3, decay, momentum, centered)
    for grad, data in run(model, optimizer, rng):
        for i, g in enumerate(grad):
            g += decay * p[i]
            square[i] = 0.8 * square[i] + 0.2 * g * g
            mean[i] = 0.8 * mean[i] + 0.2 * g
            size = math.sqrt(square[i] - mean[i] ** 2 if centered else square[i]) + 1e-3
            velocity[i] = momentum * velocity[i] + g / size
            p[i] -= 0.1 * velocity[i]
        assert_allclose(data, p, rtol=1e-12)


@pytest.mark.parametrize("engine", [*ENGINES, "numpy"])
def test_rmsprop_is_finite_where_rounding_makes_a_variance_negative(engine):
    """A gradient that stays the same: in float32 its square's mean falls below its mean's square."""
    model = Linear(100, 100).build((100,), seed=1)
    flat, optimizer = model.parameters(), RMSprop(model.parameters(), centered=True, alpha=0.5)
    gradients = np.random.default_rng(0).standard_normal(flat.data.size).astype(np.float32)
    below = 0
    for _ in range(40):
        flat.grad = gradients
        with native.using(engine):
            optimizer.step()
        below += int((optimizer.slots["square"] < optimizer.slots["mean"] ** 2).sum())
    assert below
    assert np.isfinite(flat.data).all()


@pytest.mark.parametrize(("falls", "start", "decay"), [(0.0, 0.0, 0.0), (0.2, 0.5, 0.3)])
def test_adagrad_is_its_formula(model, rng, falls, start, decay):
    p = model.parameters().data.tolist()
    total = [start] * len(p)
    optimizer = Adagrad(model.parameters(), 0.1, falls, decay, start, 1e-3)
    for t, (grad, data) in enumerate(run(model, optimizer, rng), start=1):
        for i, g in enumerate(grad):
            g += decay * p[i]
            total[i] += g * g
            p[i] -= 0.1 / (1 + (t - 1) * falls) * g / (math.sqrt(total[i]) + 1e-3)
        assert_allclose(data, p, rtol=1e-12)


RULES = {
    "Adam": lambda p: Adam(p),
    "Adam, decay": lambda p: Adam(p, weight_decay=0.1),
    "AdamW": lambda p: AdamW(p),
    "Adam, amsgrad": lambda p: Adam(p, amsgrad=True),
    "SGD": lambda p: SGD(p, momentum=0.9),
    "RMSprop, all of it": lambda p: RMSprop(p, momentum=0.9, weight_decay=0.1, centered=True),
    "Adagrad": lambda p: Adagrad(p, weight_decay=0.1),
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
