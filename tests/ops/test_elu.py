"""elu: a line above zero, an exponential below."""

import math

import numpy as np
import pytest

from pellucid.ops import elu_backward, elu_forward, elu_shape
from tests.checks import OpLaws, apart, case
from tests.ops.activations import REFUSED, SHAPES
from tests.oracles_activations import elu_loops


class TestELU(OpLaws):
    forward, backward = staticmethod(elu_forward), staticmethod(elu_backward)
    shape, loops = staticmethod(elu_shape), staticmethod(elu_loops)
    cases = SHAPES | {
        "half as deep": case((3, 4), alpha=0.5),
        "downhill": case((3, 4), alpha=-1.5),
        "a relu": case((3, 4), alpha=0.0),
    }
    refused = REFUSED

    def make(self, rng, shape):
        return apart(rng, shape)  # no step reaches the kink


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_from_zero_nothing_overflows(dtype):
    x = np.array([-np.inf, -1e4, 0, 1e4, np.inf], dtype)
    y, saved = elu_forward(x, alpha=0.5)
    assert y.tolist() == [-0.5, -0.5, 0, 1e4, np.inf]
    assert elu_backward(np.ones_like(x), saved).tolist() == [0, 0, 0.5, 1, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_next_to_zero_no_digit_is_lost(dtype):
    x = np.array([-1e-4, -1e-7], dtype)
    assert elu_forward(x)[0].tolist() == pytest.approx([math.expm1(v) for v in x], rel=4 * float(np.finfo(dtype).eps))
