"""max_pool2d and avg_pool2d: any kernel, stride and padding."""

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.ops import (
    avg_pool2d_backward,
    avg_pool2d_forward,
    avg_pool2d_shape,
    max_pool2d_backward,
    max_pool2d_forward,
    max_pool2d_shape,
)
from tests.checks import OpLaws, apart, case, refuse
from tests.oracles import avg_pool2d_loops, max_pool2d_loops

REFUSED = {
    "too small": refuse((1, 1, 1, 4), kernel_size=2, words="kernel 2x2 does not fit into the input 1x4"),
    "two axes": refuse((4, 4), kernel_size=2, words="expected 4 axes"),
    "padding": refuse((1, 1, 4, 4), kernel_size=3, padding=2, error=ConfigError, words="more than half of kernel"),
    "kernel": refuse((1, 1, 4, 4), kernel_size=0, error=ConfigError, words="kernel_size is 0, at least 1"),
}


class TestMaxPool2d(OpLaws):
    forward, backward = staticmethod(max_pool2d_forward), staticmethod(max_pool2d_backward)
    shape, loops = staticmethod(max_pool2d_shape), staticmethod(max_pool2d_loops)
    eps, rtol = 1e-3, 1e-10  # piecewise linear, and no step reaches a tie
    cases = {
        "2x2": case((2, 3, 4, 6), kernel_size=2),
        "stride drops rows": case((2, 3, 5, 7), kernel_size=2),
        "nothing is square": case((2, 3, 7, 10), kernel_size=(2, 3), stride=(3, 2), padding=(1, 0)),
        "overlapping": case((2, 2, 7, 6), kernel_size=3, stride=1),
        "overlapping, padded": case((2, 2, 8, 9), kernel_size=3, stride=2, padding=1),
        "overlapping one way": case((2, 2, 8, 9), kernel_size=(2, 3), stride=2),
        "each side its own": case((2, 2, 6, 5), kernel_size=(4, 3), stride=2, padding=((2, 0), (0, 1))),
        "one window": case((2, 2, 3, 5), kernel_size=(3, 5)),
        "1x1 kernel with stride": case((2, 2, 5, 4), kernel_size=1, stride=(2, 3)),
        "batch 1": case((1, 4, 6, 5), kernel_size=(3, 2)),
        "one channel": case((3, 1, 6, 5), kernel_size=2),
        "more than 256 taps": case((1, 1, 18, 20), kernel_size=(17, 16), stride=1),
    }
    refused = REFUSED

    def make(self, rng, shape):
        return apart(rng, shape)


class TestAvgPool2d(OpLaws):
    forward, backward = staticmethod(avg_pool2d_forward), staticmethod(avg_pool2d_backward)
    shape, loops = staticmethod(avg_pool2d_shape), staticmethod(avg_pool2d_loops)
    eps, rtol = 1.0, 1e-12  # linear: the central difference is exact
    cases = {
        "2x2": case((2, 3, 4, 6), kernel_size=2),
        "stride drops rows": case((2, 3, 5, 7), kernel_size=2),
        "nothing is square": case((2, 3, 7, 10), kernel_size=(2, 3), stride=(3, 2), padding=(1, 0)),
        "overlapping": case((2, 2, 7, 6), kernel_size=3, stride=1),
        "padded zeros count": case((2, 2, 8, 9), kernel_size=3, stride=2, padding=1),
        "padded zeros do not count": case((2, 2, 8, 9), kernel_size=3, stride=2, padding=1, count_include_pad=False),
        "each side its own": case((2, 2, 6, 5), kernel_size=(4, 3), stride=2, padding=((2, 0), (0, 1))),
        "each side its own, uncounted": case(
            (2, 2, 6, 5), kernel_size=(4, 3), stride=(1, 2), padding=((2, 0), (0, 1)), count_include_pad=False
        ),
        "one window": case((2, 2, 3, 5), kernel_size=(3, 5)),
        "1x1 kernel with stride": case((2, 2, 5, 4), kernel_size=1, stride=(2, 3)),
        "batch 1": case((1, 4, 6, 5), kernel_size=(3, 2)),
        "one channel": case((3, 1, 6, 5), kernel_size=2),
        "no samples": case((0, 2, 4, 4), kernel_size=2),
    }
    refused = REFUSED


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_padded_position_never_wins_not_even_against_minus_infinity(dtype):
    y, saved = max_pool2d_forward(np.full((1, 1, 2, 2), -np.inf, dtype), kernel_size=2, stride=2, padding=1)
    assert np.isneginf(y).all()
    assert max_pool2d_backward(np.ones_like(y), saved)[0, 0].tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("channels", [1, 21])
def test_nan_is_not_swallowed(dtype, place, channels):
    x = np.arange(channels * 8, dtype=dtype).reshape(1, channels, 2, 4)
    x[0, :, *place] = np.nan
    y, _ = max_pool2d_forward(x, kernel_size=2)
    assert np.isnan(y[0, :, 0, 0]).all()
    assert np.isfinite(y[0, :, 0, 1]).all()


def test_the_winner_is_kept_in_one_byte(rng):
    _, (_, index, *_) = max_pool2d_forward(rng.standard_normal((1, 2, 16, 16)), kernel_size=16)
    assert index.dtype == np.uint8
