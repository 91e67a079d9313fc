"""At the edges of float32: large inputs, subnormal ones, infinities, nothing, one of everything."""

import numpy as np
import pytest

from pellucid import ShapeError, native, nn, ops
from pellucid.nn import GRU, LSTM, BatchNorm2d, Conv2d, CrossEntropyLoss, Flatten, LayerNorm, Linear, ReLU, Sequential

ENGINES = ["numpy", *(native.engine.instruction_sets() if native.engine else ())]


@pytest.fixture(params=ENGINES, autouse=True)
def engine(request):
    with native.using(request.param):
        yield


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_softmax_and_cross_entropy_of_large_scores(size):
    logits = np.array([[size, 0, -size], [size, size, size]], np.float32)
    y, saved = ops.softmax_forward(logits)
    assert np.isfinite(y).all()
    assert y.sum(axis=1) == pytest.approx([1, 1], rel=1e-6)
    assert np.isfinite(ops.softmax_backward(np.ones_like(y), saved)).all()
    loss = CrossEntropyLoss()
    value = loss(logits, np.array([2, 1]))
    assert value == pytest.approx((max(2 * size, 0) + np.log(3)) / 2, rel=1e-5)
    assert np.isfinite(loss.backward()).all()


@pytest.mark.parametrize("shift", [1e4, -1e4])
def test_norms_at_a_large_mean(shift, rng):
    x = (rng.standard_normal((4, 3, 5, 5)) + shift).astype(np.float32)
    for layer in (BatchNorm2d(3), LayerNorm((3, 5, 5))):
        y = layer.build((3, 5, 5))(x)
        exact = layer.astype(np.float64)(x.astype(np.float64))
        assert np.abs(y - exact).max() < 1e-4
        grad_x = layer.backward(np.ones_like(y))
        assert np.isfinite(grad_x).all()


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_recurrent_layers_of_large_inputs(kind, size, rng):
    layer = kind(3, 5, return_sequences=True).build((4, 3), seed=0)
    y = layer((size * np.ones((2, 4, 3))).astype(np.float32))
    assert np.isfinite(y).all()
    assert np.abs(y).max() <= 1
    assert np.isfinite(layer.backward(np.ones_like(y))).all()
    assert np.isfinite(layer.parameters().grad).all()


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "sigmoid", "tanh", "gelu", "silu", "hard_swish"])
def test_activations_of_subnormal_and_infinite_numbers(name):
    forward, backward = getattr(ops, f"{name}_forward"), getattr(ops, f"{name}_backward")
    tiny = np.float32([1e-45, -1e-45, 1e-40, -1e-40, 0, -0.0])
    y, saved = forward(tiny)
    exact, _ = forward(tiny.astype(np.float64))
    assert np.abs(y - exact).max() <= 1e-7
    assert np.isfinite(backward(np.ones_like(y), saved)).all()
    y, _ = forward(np.float32([np.inf, 1e30, 1e4]))
    assert not np.isnan(y).any()
    y, _ = forward(np.float32([np.nan]))
    assert np.isnan(y).all()


def network():
    return Sequential(Conv2d(1, 4, 3, padding=1), ReLU(), Flatten(), Linear(4, 1))


def test_one_pixel_one_class_one_sample():
    model, loss = network().build((1, 1, 1), seed=0), CrossEntropyLoss()
    y = model(np.ones((1, 1, 1, 1), np.float32))
    assert loss(y, np.array([0])) == 0
    model.backward(loss.backward())
    assert not model.parameters().grad.any()


def test_an_empty_batch():
    model = network().build((1, 1, 1), seed=0)
    y = model(np.empty((0, 1, 1, 1), np.float32))
    assert y.shape == (0, 1)
    assert model.backward(y).shape == (0, 1, 1, 1)
    assert not model.parameters().grad.any()
    with pytest.raises(ShapeError, match="no samples"):
        CrossEntropyLoss()(y, np.empty(0, int))


def test_batch_norm_of_one_value_is_refused():
    with pytest.raises(ShapeError, match="value"):
        nn.BatchNorm1d(3).build((3,))(np.ones((1, 3), np.float32))


def test_an_infinity_reaches_the_loss_and_hides_nowhere():
    model, loss = network().build((1, 1, 1), seed=0), CrossEntropyLoss()
    model[0].weight.data = np.ones((4, 1, 3, 3), np.float32)
    x = np.full((2, 1, 1, 1), 3e38, np.float32)
    model[0].weight.data *= 10
    with np.errstate(over="ignore", invalid="ignore"):
        y = model(x)
        assert not np.isfinite(y).all()
        assert np.isnan(loss(np.float32([[np.inf, 0]]), np.array([0])))
