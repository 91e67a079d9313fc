"""Layers: each is its op with bookkeeping, and its gradients are the op's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, ShapeError
from pellucid.nn import (
    ELU,
    GELU,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool1d,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv1d,
    Conv2d,
    Dropout,
    Dropout1d,
    Dropout2d,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    GroupNorm,
    Hardswish,
    Identity,
    LayerNorm,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool1d,
    MaxPool2d,
    Permute,
    ReLU,
    Reshape,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from tests.checks import apart

LAYERS = {
    "Conv2d(2, 3, 3x2, stride=(2, 1), padding=(1, 0))": (Conv2d(2, 3, (3, 2), (2, 1), (1, 0)), (2, 6, 5)),
    "Conv2d(2, 3, 3x3, padding='same', bias=False)": (Conv2d(2, 3, 3, padding="same", bias=False), (2, 4, 5)),
    "Conv2d(4, 6, 2x3, padding=(1, 2), dilation=(1, 2), groups=2)": (
        Conv2d(4, 6, (2, 3), 1, (1, 2), (1, 2), 2),
        (4, 5, 6),
    ),
    "Conv2d(2, 4, 3x3, dilation=(2, 2), groups=2, bias=False)": (
        Conv2d(2, 4, 3, dilation=2, groups=2, bias=False),
        (2, 6, 5),
    ),
    "Linear(5, 3)": (Linear(5, 3), (5,)),
    "Linear(5, 3, bias=False)": (Linear(5, 3, bias=False), (4, 5)),
    "MaxPool2d(2x2)": (MaxPool2d(2), (2, 5, 6)),
    "MaxPool2d(3x2, stride=(1, 1), padding=1)": (MaxPool2d((3, 2), 1, 1), (2, 5, 6)),
    "AvgPool2d(2x2)": (AvgPool2d(2), (2, 5, 6)),
    "AvgPool2d(3x2, stride=(1, 1), padding=1, count_include_pad=False)": (
        AvgPool2d((3, 2), 1, 1, count_include_pad=False),
        (2, 5, 6),
    ),
    "BatchNorm1d(5)": (BatchNorm1d(5), (5,)),
    "BatchNorm1d(2, momentum=None)": (BatchNorm1d(2, momentum=None), (2, 5)),
    "BatchNorm2d(2, affine=False)": (BatchNorm2d(2, affine=False), (2, 5, 4)),
    "BatchNorm2d(2, eps=0.1)": (BatchNorm2d(2, eps=0.1), (2, 5, 4)),
    "AdaptiveAvgPool2d((3, 2))": (AdaptiveAvgPool2d((3, 2)), (2, 5, 6)),
    "AdaptiveMaxPool2d((None, 2))": (AdaptiveMaxPool2d((None, 2)), (2, 5, 6)),
    "GlobalAvgPool2d()": (GlobalAvgPool2d(), (2, 5, 6)),
    "GlobalMaxPool2d()": (GlobalMaxPool2d(), (2, 5, 6)),
    "Conv1d(2, 3, 3, stride=2, padding=1)": (Conv1d(2, 3, 3, 2, 1), (2, 8)),
    "Conv1d(4, 6, 2, padding='same', dilation=2, groups=2, bias=False)": (
        Conv1d(4, 6, 2, padding="same", dilation=2, groups=2, bias=False),
        (4, 7),
    ),
    "MaxPool1d(3, stride=2, padding=1)": (MaxPool1d(3, 2, 1), (2, 8)),
    "AvgPool1d(2)": (AvgPool1d(2), (2, 7)),
    "AvgPool1d(3, stride=2, padding=(1, 0), count_include_pad=False)": (
        AvgPool1d(3, 2, (1, 0), count_include_pad=False),
        (2, 8),
    ),
    "Identity()": (Identity(), (2, 3)),
    "Reshape(5, -1)": (Reshape(5, -1), (2, 5, 3)),
    "Permute(3, 1, 2)": (Permute(3, 1, 2), (2, 5, 3)),
    "LeakyReLU(0.2)": (LeakyReLU(0.2), (2, 3, 4)),
    "ELU(0.5)": (ELU(0.5), (2, 3, 4)),
    "GELU()": (GELU(), (5,)),
    "GELU('tanh')": (GELU("tanh"), (2, 3, 4)),
    "Hardswish()": (Hardswish(), (40,)),
    "SiLU()": (SiLU(), (5,)),
    "Sigmoid()": (Sigmoid(), (5,)),
    "Tanh()": (Tanh(), (5,)),
    "ReLU()": (ReLU(), (2, 3, 4)),
    "LayerNorm(4)": (LayerNorm(4), (3, 4)),
    "LayerNorm((2, 3, 4), eps=0.01, bias=False)": (LayerNorm((2, 3, 4), 0.01, bias=False), (2, 3, 4)),
    "LayerNorm(4, elementwise_affine=False)": (LayerNorm(4, elementwise_affine=False), (4,)),
    "GroupNorm(2, 4)": (GroupNorm(2, 4), (4, 2, 3)),
    "GroupNorm(4, 4, eps=0.01, affine=False)": (GroupNorm(4, 4, 0.01, False), (4, 2, 3)),
    "Softmax()": (Softmax(), (5,)),
    "LogSoftmax()": (LogSoftmax(), (5,)),
    "Flatten()": (Flatten(), (2, 3, 4)),
    "Dropout(0.5)": (Dropout(0.5), (30,)),
    "Dropout1d(0.5)": (Dropout1d(0.5), (10, 4)),
    "Dropout2d(0.5)": (Dropout2d(0.5), (10, 3, 4)),
}


@pytest.mark.parametrize("shown", LAYERS)
def test_a_layer_shows_itself_and_knows_its_shape_and_gradients(shown, rng):
    layer, shape = LAYERS[shown]
    assert repr(layer) == shown
    layer.build(shape, seed=1, dtype=np.float64)
    x, direction = apart(rng, (3, *shape)), rng.standard_normal((3, *shape))
    layer.start_step(0)
    y = layer(x)
    assert y.shape == (3, *layer.output_shape(shape))
    g = rng.standard_normal(y.shape)
    grad_x = layer.backward(g)
    step, moved = 1e-6, []
    for sign in (1, -1):
        layer.start_step(0)  # the same dropout mask
        moved.append(layer(x + sign * step * direction))
    assert np.vdot(grad_x, direction) == pytest.approx(np.vdot(g, (moved[0] - moved[1]) / (2 * step)), rel=1e-6)
    flat = layer.parameters()
    along, grad, start = rng.standard_normal(flat.data.size), flat.grad.copy(), flat.data.copy()
    moved = []
    for sign in (1, -1):
        flat.data[...] = start + sign * step * along
        layer.start_step(0)
        moved.append(layer(x))
    flat.data[...] = start
    assert grad @ along == pytest.approx(np.vdot(g, (moved[0] - moved[1]) / (2 * step)), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    "layer", [Conv2d(2, 3, 3), Conv2d(2, 3, 3, bias=False), Linear(4, 2), Linear(4, 2, bias=False)]
)
def test_gradients_add_up_until_they_are_cleared(layer, rng):
    shape = (2, 5, 5) if isinstance(layer, Conv2d) else (4,)
    layer.build(shape, dtype=np.float64)
    x = rng.standard_normal((3, *shape))
    for _ in range(2):
        layer.backward(np.ones_like(layer(x)))
    twice = layer.parameters().grad.copy()
    layer.parameters().zero_grad()
    layer.backward(np.ones_like(layer(x)))
    assert_allclose(twice, 2 * layer.parameters().grad)
    assert np.abs(twice).min() > 0


@pytest.mark.parametrize("counted", [True, False])
def test_a_mean_says_to_its_op_what_counts(counted):
    layer = AvgPool2d(2, padding=1, count_include_pad=counted)
    assert layer(np.ones((1, 1, 2, 2)))[0, 0].tolist() == [[0.25 if counted else 1.0] * 2] * 2


# --- sequential -------------------------------------------------------------------------------------------


def test_sequential_is_a_list_with_names():
    net = Sequential({"a": Linear(2, 3), "b": ReLU()})
    assert (net.a, net.b) == (net[0], net[1]) == tuple(net)
    assert len(net) == 2
    assert repr(net) == "Sequential(\n  (a): Linear(2, 3)\n  (b): ReLU()\n)"
    assert repr(Sequential(net)).splitlines()[2] == "    (a): Linear(2, 3)"


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (("nonsense",), "layer '0' is a str, not a Module"),
        (({"forward": ReLU()},), "'forward' cannot name a layer"),
        (({"a.b": ReLU()},), "'a.b' cannot name a layer"),
    ],
)
def test_sequential_refuses_what_is_no_layer_or_no_name(layers, words):
    with pytest.raises(ConfigError, match=words):
        Sequential(*layers)


def test_an_error_in_a_nested_net_names_the_way():
    net = Sequential({"body": Sequential({"conv": Conv2d(3, 4, 3)})})
    with pytest.raises(ShapeError, match=r"layer 'body\.conv': conv2d: x has 1 channels"):
        net.build((1, 8, 8))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Conv2d(0, 3, 3), "Conv2d: .* at least 1 is needed"),
        (lambda: Conv2d(3, 4, 3, groups=2), "Conv2d: 3 channels in and 4 out do not divide into 2 groups"),
        (lambda: Conv2d(4, 3, 3, groups=2), "Conv2d: 4 channels in and 3 out do not divide into 2 groups"),
        (lambda: Conv2d(4, 4, 3, groups=0), "Conv2d: groups is 0, at least 1"),
        (lambda: Conv2d(4, 4, 3, dilation=0), "Conv2d: dilation is 0, at least 1"),
        (lambda: Linear(3, -1), "Linear: .* at least 1 is needed"),
        (lambda: Dropout(2), "Dropout: p is 2"),
        (lambda: GELU("erf"), "GELU: approximate is 'erf', expected 'none' or 'tanh'"),
        (lambda: GroupNorm(2, 3), "GroupNorm: 3 channels do not divide into 2 groups"),
        (lambda: LayerNorm(0), "LayerNorm: normalized_shape is 0, at least 1"),
        (lambda: MaxPool2d(0), "MaxPool2d: kernel_size is 0, at least 1"),
        (lambda: AvgPool2d(3, padding=2), "AvgPool2d: padding .* is more than half of kernel 3x3"),
    ],
)
def test_a_layer_refuses_impossible_sizes(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_a_backward_that_fails_leaves_the_gradients_zero(rng):
    """A gradient counts as zero until it was written: what lies there from the last step does not come back."""
    layer = Linear(3, 2).build((3,))
    x = rng.standard_normal((4, 3)).astype(np.float32)
    layer(x)
    layer.backward(np.ones((4, 2), np.float32))
    layer.parameters().zero_grad()
    layer(x)
    with pytest.raises(ShapeError):
        layer.backward(np.ones((4, 3), np.float32))
    assert not layer.parameters().grad.any()


def test_gradients_add_up_from_zero_grad_on(rng):
    """Also where somebody else, as a layer of one's own, added to them first."""
    layer = Linear(3, 2).build((3,))
    x, g = rng.standard_normal((4, 3)).astype(np.float32), rng.standard_normal((4, 2)).astype(np.float32)
    layer(x)
    layer.backward(g)
    once = layer.weight.grad.copy()
    layer.parameters().zero_grad()
    layer.weight.grad += 1
    layer(x)
    layer.backward(g)
    assert_allclose(layer.weight.grad, 1 + once, rtol=1e-5, atol=1e-6)
    layer.parameters().zero_grad()
    assert not layer.weight.grad.any()
    assert not layer.parameters().grad.any()
