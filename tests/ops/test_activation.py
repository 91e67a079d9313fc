"""Activations."""

import math
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid.ops import (
    elu_forward,
    gelu_forward,
    hard_swish_forward,
    leaky_relu_backward,
    leaky_relu_forward,
    leaky_relu_shape,
    relu_backward,
    relu_forward,
    relu_shape,
    sigmoid_backward,
    sigmoid_forward,
    sigmoid_shape,
    silu_forward,
    tanh_backward,
    tanh_forward,
    tanh_shape,
)
from tests.checks import OpLaws, apart, case
from tests.ops.activations import REFUSED, SHAPES
from tests.oracles_activations import leaky_relu_loops, relu_loops, sigmoid_loops, tanh_loops


class TestReLU(OpLaws):
    forward, backward = staticmethod(relu_forward), staticmethod(relu_backward)
    shape, loops = staticmethod(relu_shape), staticmethod(relu_loops)
    eps, rtol = 1e-3, 1e-10  # piecewise linear, and no step reaches zero
    cases, refused = SHAPES, REFUSED

    def make(self, rng, shape):
        return apart(rng, shape)


class TestLeakyReLU(OpLaws):
    forward, backward = staticmethod(leaky_relu_forward), staticmethod(leaky_relu_backward)
    shape, loops = staticmethod(leaky_relu_shape), staticmethod(leaky_relu_loops)
    eps, rtol = 1e-3, 1e-10  # piecewise linear, and no step reaches zero
    cases = SHAPES | {
        "steep": case((3, 4), negative_slope=1.5),
        "downhill": case((3, 4), negative_slope=-0.5),
        "flat": case((3, 4), negative_slope=0.0),
    }
    refused = REFUSED

    def make(self, rng, shape):
        return apart(rng, shape)


class TestSigmoid(OpLaws):
    forward, backward = staticmethod(sigmoid_forward), staticmethod(sigmoid_backward)
    shape, loops = staticmethod(sigmoid_shape), staticmethod(sigmoid_loops)
    cases, refused = SHAPES, REFUSED


class TestTanh(OpLaws):
    forward, backward = staticmethod(tanh_forward), staticmethod(tanh_backward)
    shape, loops = staticmethod(tanh_shape), staticmethod(tanh_loops)
    cases, refused = SHAPES, REFUSED


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "forward",
    [
        relu_forward,
        leaky_relu_forward,
        sigmoid_forward,
        tanh_forward,
        elu_forward,
        gelu_forward,
        partial(gelu_forward, approximate="tanh"),
        hard_swish_forward,
        silu_forward,
    ],
)
def test_nan_is_passed_on(forward, dtype):
    assert np.isnan(forward(np.full(40, np.nan, dtype))[0]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_is_right_at_both_ends(dtype):
    """Far below zero it is exp(x), to all digits, and far above 1 - exp(-x): nothing overflows on the way."""
    x = np.array([-np.inf, -1e4, -80, -20, 20, 1e4, np.inf], dtype)
    y, saved = sigmoid_forward(x)
    expected = [0, 0, math.exp(-80), 1 / (1 + math.exp(20)), 1 / (1 + math.exp(-20)), 1, 1]
    assert_allclose(y, expected, rtol=8 * np.finfo(dtype).eps)
    assert_allclose(sigmoid_backward(np.ones_like(x), saved)[[0, 1, 2, 5, 6]], [0, 0, math.exp(-80), 0, 0], rtol=1e-6)


def test_infinity_goes_through_a_leaky_relu():
    assert leaky_relu_forward(np.array([-np.inf, np.inf]))[0].tolist() == [-np.inf, np.inf]
