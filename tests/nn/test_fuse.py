"""Fusion: the groups of the table compute what their layers compute one by one."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import native
from pellucid.nn import (
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
)
from pellucid.nn.fuse import TABLE, Fused, steps
from tests.checks import ENGINES, FLOAT32_BOUND, close

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")


def network(pool):
    return Sequential(
        Conv2d(2, 5, 3, padding=1), ReLU(), pool(2), Conv2d(5, 6, 3), ReLU(), Flatten(), Linear(6 * 4 * 3, 7), ReLU(),
        Linear(7, 3),
    )  # fmt: skip


def gradients(model, x, g):
    model.parameters().zero_grad()
    y = model(x).copy()
    grad_x = model.backward(g)
    return [y, grad_x.copy(), *(p.grad.copy() for p in model.parameters())]


def shape_of(model):
    return [type(step).__name__ if not isinstance(step, Fused) else len(step.layers) for step in model]


@pytest.mark.parametrize("pool", [MaxPool2d, AvgPool2d])
@pytest.mark.parametrize("engine", ENGINES)
def test_fused_equals_plain(engine, pool, rng):
    model = network(pool).build((2, 12, 10), seed=3)
    x, g = rng.standard_normal((5, 2, 12, 10)).astype(np.float32), rng.standard_normal((5, 3)).astype(np.float32)
    with native.using(engine):
        fused = gradients(model, x, g)
        assert shape_of(model._plan.steps) == [3, 2, "Flatten", 2, "Linear"], "or nothing is compared here"
        with model.plain():
            plain = gradients(model, x, g)
            assert shape_of(model._plan.steps) == [type(layer).__name__ for layer in model]
    for one, other in zip(fused, plain, strict=True):
        close(one, other, FLOAT32_BOUND)


def test_every_row_of_the_table_is_met_by_a_network_here():
    met = {
        step.row for pool in (MaxPool2d, AvgPool2d) for step in steps(tuple(network(pool))) if isinstance(step, Fused)
    }
    assert met == {row for row in TABLE if not {BatchNorm1d, BatchNorm2d} & set(row.layers)}


@pytest.mark.parametrize(
    "layers",
    [
        (Conv2d(1, 2, 3), MaxPool2d(2)),
        (Linear(3, 3), Dropout(0.5), ReLU()),
        (ReLU(), MaxPool2d(2)),
    ],
)
def test_others_stay_by_themselves(layers):
    assert steps(layers) == layers


@pytest.mark.parametrize("pool", [MaxPool2d(3, stride=2), MaxPool2d(2, padding=1), MaxPool2d(16), AvgPool2d(3)])
def test_a_pool_that_does_not_fit_is_left_out(pool):
    fused, alone = steps((Conv2d(1, 2, 3), ReLU(), pool))
    assert isinstance(fused, Fused)
    assert len(fused.layers) == 2
    assert alone is pool


def test_a_subclass_is_no_row():
    class Mine(ReLU):
        pass

    assert len(steps((Linear(2, 2), Mine()))) == 2


def test_a_hook_on_a_layer_sees_what_passes(rng):
    model = network(MaxPool2d).build((2, 12, 10))
    x, seen = rng.standard_normal((2, 2, 12, 10)).astype(np.float32), []
    fused = model(x).copy()
    handle = model[0].register_forward_hook(lambda layer, before, after: seen.append(after.shape))
    watched = model(x).copy()
    assert seen == [(2, 5, 12, 10)]
    handle.remove()
    model(x)
    assert len(seen) == 1
    assert shape_of(model._plan.steps)[0] == 3, "fused again"
    assert_allclose(watched, fused, rtol=1e-5, atol=1e-6)


def test_float64_and_the_numpy_engine_run_plain(rng):
    model = network(MaxPool2d).build((2, 12, 10), dtype=np.float64)
    model(rng.standard_normal((1, 2, 12, 10)))
    assert len(model._plan.steps) == len(model)
    model = network(MaxPool2d).build((2, 12, 10))
    with native.using("numpy"):
        model(rng.standard_normal((1, 2, 12, 10)).astype(np.float32))
        assert len(model._plan.steps) == len(model)


def test_the_plan_of_a_copy_is_its_own(rng):
    model = network(MaxPool2d).build((2, 12, 10))
    x = rng.standard_normal((2, 2, 12, 10)).astype(np.float32)
    before = model(x).copy()
    other = copy.deepcopy(model)
    other.parameters().data[...] = 0
    assert not other(x).any()
    assert model(x).tobytes() == before.tobytes()


def test_the_first_layer_skips_its_input_gradient(rng):
    model = network(MaxPool2d).build((2, 12, 10))
    model.require_input_grad(False)
    model(rng.standard_normal((2, 2, 12, 10)).astype(np.float32))
    assert model.backward(np.ones((2, 3), np.float32)) is None
    assert model[0].weight.grad.any()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_trains_as_the_network_does(again, rng):
    """Also one that was made after a step, when gradients count as zero that are not."""
    model = network(MaxPool2d).build((2, 12, 10), seed=3)
    x, g = rng.standard_normal((5, 2, 12, 10)).astype(np.float32), rng.standard_normal((5, 3)).astype(np.float32)
    gradients(model, x, g)
    model.parameters().zero_grad()
    other = again(model)
    assert not other.parameters().grad.any()
    for one, two in zip(gradients(model, x, g), gradients(other, x, g), strict=True):
        assert one.tobytes() == two.tobytes()


def test_changed_attributes_change_the_plan(rng):
    model, x = network(MaxPool2d).build((2, 12, 10)), rng.standard_normal((2, 2, 12, 10)).astype(np.float32)
    model(x)
    seen = []
    forward = model[1].forward
    model[1].forward = lambda x: seen.append(x.shape) or forward(x)
    model(x)
    assert seen == [(2, 5, 12, 10)], "a forward of a layer's own is run"
    pooled = Sequential(Conv2d(1, 2, 3), ReLU(), MaxPool2d(2)).build((1, 8, 8))
    image = rng.standard_normal((1, 1, 8, 8)).astype(np.float32)
    assert pooled(image).shape == (1, 2, 3, 3)
    pooled[2].stride = (1, 1)
    assert pooled(image).shape == (1, 2, 5, 5)
