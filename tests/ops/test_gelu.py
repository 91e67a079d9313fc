"""gelu, exact and by tanh; and the erf it stands on."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.ops import gelu_backward, gelu_forward, gelu_shape
from pellucid.ops._erf import erf, erfc
from tests.checks import OpLaws, case, refuse
from tests.ops.activations import REFUSED, SHAPES
from tests.oracles_activations import gelu_loops


class TestGELU(OpLaws):
    forward, backward = staticmethod(gelu_forward), staticmethod(gelu_backward)
    shape, loops = staticmethod(gelu_shape), staticmethod(gelu_loops)
    cases = SHAPES | {f"{name}, by tanh": case(*c.shapes, approximate="tanh") for name, c in SHAPES.items()}
    cases |= {"many": case((40, 30)), "many, by tanh": case((40, 30), approximate="tanh")}
    refused = REFUSED | {
        "another way": refuse((2, 3), approximate="Tanh", error=ConfigError, words="approximate is 'Tanh', expected")
    }

    def make(self, rng, shape):
        return 2 * rng.standard_normal(shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_far_from_zero(approximate, dtype):
    x = np.array([-1e4, -100, 100, 1e4], dtype)
    y, saved = gelu_forward(x, approximate=approximate)
    assert y.tolist() == [0, 0, 100, 1e4]
    assert gelu_backward(np.ones_like(x), saved).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_tail_below_zero_keeps_its_digits(dtype):
    x = np.array([-3, -8, -12], dtype)
    exact = [v * math.erfc(-v / math.sqrt(2)) / 2 for v in x.tolist()]
    # NumPy's reference rounds x / sqrt(2) before it squares it.
    assert_allclose(gelu_forward(x)[0], exact, rtol=200 * np.finfo(dtype).eps)


@pytest.mark.parametrize(("ours", "exact"), [(erf, math.erf), (erfc, math.erfc)])
def test_erf_is_right_to_the_last_digits(ours, exact):
    """Over all three ranges, on both sides of where they meet, and as far as erfc is a normal number."""
    ends = [sign * end * (1 + e) for sign in (1, -1) for end in (0.46875, 4.0) for e in (-1e-12, 0, 1e-12)]
    x = np.concatenate([np.linspace(-7, 26, 40_001), ends, [1e-300, 0.0]])
    assert_allclose(ours(x), [exact(v) for v in x], rtol=2e-15, atol=0)


def test_erf_at_the_ends():
    x = np.array([[-np.inf, np.inf, np.nan], [-1e300, 1e300, -0.0]])
    assert_allclose(erf(x), [[-1, 1, np.nan], [-1, 1, 0]])
    assert_allclose(erfc(x), [[2, 0, np.nan], [2, 0, 1]])
    assert np.signbit(erf(x)[1, 2])
    assert erf(x[0].astype(np.float32)).dtype == np.float32
