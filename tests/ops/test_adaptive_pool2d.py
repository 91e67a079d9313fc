"""adaptive_avg_pool2d and adaptive_max_pool2d: any number of bins, apart, overlapping, or more than there are rows."""

import numpy as np
import pytest

from pellucid import ConfigError, native
from pellucid.ops import (
    adaptive_avg_pool2d_backward,
    adaptive_avg_pool2d_forward,
    adaptive_avg_pool2d_shape,
    adaptive_max_pool2d_backward,
    adaptive_max_pool2d_forward,
    adaptive_max_pool2d_shape,
)
from tests.checks import ENGINES, OpLaws, apart, case, refuse
from tests.oracles import adaptive_avg_pool2d_loops, adaptive_max_pool2d_loops

CASES = {
    "bins that divide": case((2, 3, 4, 6), output_size=(2, 3)),
    "bins that overlap": case((2, 21, 5, 7), output_size=(3, 4)),
    "more bins than rows": case((2, 3, 2, 5), output_size=(5, 2)),
    "one bin": case((2, 3, 5, 4), output_size=1),
    "one of the sizes stays": case((2, 3, 5, 4), output_size=(None, 3)),
    "each pixel a bin": case((2, 3, 3, 2), output_size=(3, 2)),
    "batch 1": case((1, 4, 6, 5), output_size=2),
    "one channel": case((3, 1, 6, 5), output_size=(4, 2)),
    "many pixels": case((1, 2, 20, 17), output_size=(1, 2)),
    "no samples": case((0, 2, 4, 3), output_size=2),
}
REFUSED = {
    "two axes": refuse((4, 4), output_size=2, words="expected 4 axes"),
    "nothing": refuse((1, 1, 0, 4), output_size=2, words="images of 0x4 have nothing to pool"),
    "no bin": refuse((1, 1, 4, 4), output_size=0, error=ConfigError, words="output_size is 0, at least 1"),
    "three sizes": refuse((1, 1, 4, 4), output_size=(1, 2, 3), error=ConfigError, words="an int or a"),
}


class TestAdaptiveAvgPool2d(OpLaws):
    forward, backward = staticmethod(adaptive_avg_pool2d_forward), staticmethod(adaptive_avg_pool2d_backward)
    shape, loops = staticmethod(adaptive_avg_pool2d_shape), staticmethod(adaptive_avg_pool2d_loops)
    eps, rtol = 1.0, 1e-12  # linear: the central difference is exact
    cases, refused = CASES, REFUSED


class TestAdaptiveMaxPool2d(OpLaws):
    forward, backward = staticmethod(adaptive_max_pool2d_forward), staticmethod(adaptive_max_pool2d_backward)
    shape, loops = staticmethod(adaptive_max_pool2d_shape), staticmethod(adaptive_max_pool2d_loops)
    eps, rtol = 1e-3, 1e-10  # piecewise linear, and no step reaches a tie
    cases, refused = CASES, REFUSED

    def make(self, rng, shape):
        return apart(rng, shape)


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_the_first_of_equal_maxima_gets_the_gradient(engine):
    with native.using(engine):
        y, saved = adaptive_max_pool2d_forward(np.ones((1, 21, 3, 4), np.float32), output_size=(1, 2))
        grad_x = adaptive_max_pool2d_backward(np.ones_like(y), saved)
    assert (grad_x == np.array([[1, 0, 1, 0], [0] * 4, [0] * 4])).all()
    assert saved[1].dtype == np.uint8


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
@pytest.mark.parametrize("place", [(0, 0), (1, 1), (2, 0)])
def test_nan_is_not_swallowed(engine, place):
    x = np.full((1, 21, 3, 4), -np.inf, np.float32)
    x[0, :, *place] = np.nan
    with native.using(engine):
        for forward in (adaptive_max_pool2d_forward, adaptive_avg_pool2d_forward):
            y, _ = forward(x, output_size=(1, 2))
            assert np.isnan(y[0, :, 0, 0]).all()
            assert np.isneginf(y[0, :, 0, 1]).all()


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_of_several_nans_the_first_gets_the_gradient(engine):
    x = np.ones((1, 21, 3, 4), np.float32)
    x[:, :, 1:, :2] = np.nan
    with native.using(engine):
        y, saved = adaptive_max_pool2d_forward(x, output_size=(1, 2))
        grad_x = adaptive_max_pool2d_backward(np.ones_like(y), saved)
    assert (grad_x == np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0] * 4])).all()


def test_a_mean_of_many_numbers_loses_little(rng):
    x = (1 + rng.random((1, 3, 500, 400))).astype(np.float32)
    y, _ = adaptive_avg_pool2d_forward(x, output_size=1)
    assert np.abs(y[0, :, 0, 0] - x.astype(np.float64).mean(axis=(0, 2, 3))).max() < 1e-5
