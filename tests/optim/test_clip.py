"""clip_grad_norm: all gradients together become no longer than they may be."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.nn import Linear
from pellucid.optim import clip_grad_norm, clip_grad_value


@pytest.fixture
def flat(rng):
    flat = Linear(3, 2).build((3,), dtype=np.float64).parameters()
    flat.grad[...] = rng.standard_normal(flat.grad.size)
    return flat


def test_it_scales_all_gradients_by_one_factor(flat):
    before, norm = flat.grad.copy(), math.sqrt(sum(g * g for g in flat.grad))
    assert clip_grad_norm(flat, norm / 2) == pytest.approx(norm, rel=1e-14)
    assert_allclose(flat.grad, before * (norm / 2) / (norm + 1e-6), rtol=1e-14)


@pytest.mark.parametrize("factor", [1.5, math.inf])
def test_short_gradients_keep_their_bits(flat, factor):
    before = flat.grad.tobytes()
    norm = clip_grad_norm(flat, factor * math.sqrt(flat.grad @ flat.grad))
    assert norm == pytest.approx(math.sqrt(flat.grad @ flat.grad), rel=1e-14)
    assert flat.grad.tobytes() == before


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e200])
def test_a_norm_that_is_not_finite_leaves_the_gradients(flat, value):
    flat.grad[2] = value
    before = flat.grad.tobytes()
    assert not math.isfinite(clip_grad_norm(flat, 1.0))
    assert flat.grad.tobytes() == before


def test_float32_squares_are_summed_in_float64():
    """Squares of 1e25 overflow float32, and 2**-26 added to 1 is lost in it."""
    flat = Linear(400, 500, bias=False).build((400,)).parameters()
    flat.grad[...] = 1e25
    assert clip_grad_norm(flat, math.inf) == pytest.approx(float(np.float32(1e25)) * math.sqrt(200_000), rel=1e-11)
    flat.grad[...] = 2.0**-13
    flat.grad[0] = 1
    assert clip_grad_norm(flat, math.inf) == pytest.approx(math.sqrt(1 + 199_999 * 2.0**-26), rel=1e-12)


@pytest.mark.parametrize("max_norm", [-1, math.nan])
def test_an_impossible_norm_is_refused(flat, max_norm):
    with pytest.raises(ConfigError, match="clip_grad_norm: max_norm is"):
        clip_grad_norm(flat, max_norm)


def test_it_wants_the_flat_vector(flat):
    with pytest.raises(ConfigError, match=r"pass model.parameters\(\)"):
        clip_grad_norm([flat], 1.0)


@pytest.mark.parametrize("clip_value", [0.0, 0.3, 1.0, math.inf])
def test_each_number_by_itself(flat, clip_value):
    before = flat.grad.copy()
    flat.grad[1], flat.grad[2] = math.nan, -math.inf
    clip_grad_value(flat, clip_value)
    assert math.isnan(flat.grad[1])
    assert flat.grad[2] == -clip_value
    for now, then in zip(flat.grad[3:], before[3:], strict=True):
        assert now == (math.copysign(clip_value, then) if abs(then) > clip_value else then)


@pytest.mark.parametrize("clip_value", [-1, math.nan])
def test_an_impossible_value_is_refused(flat, clip_value):
    with pytest.raises(ConfigError, match="clip_grad_value: clip_value is"):
        clip_grad_value(flat, clip_value)
