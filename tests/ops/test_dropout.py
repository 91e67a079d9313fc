"""dropout: the mask is a function of (key, i)."""

import numpy as np
import pytest

from pellucid import ConfigError, native
from pellucid.ops import dropout_backward, dropout_forward, dropout_shape
from tests.checks import ENGINES, OpLaws, case, refuse
from tests.oracles_places import dropout_loops

KEY = 0x0123456789ABCDEF


class TestDropout(OpLaws):
    forward, backward = staticmethod(dropout_forward), staticmethod(dropout_backward)
    shape, loops = staticmethod(dropout_shape), staticmethod(dropout_loops)
    eps, rtol = 1.0, 1e-12  # linear
    cases = {
        "half": case((4, 50), p=0.5, key=KEY),
        "images": case((2, 3, 4, 5), p=0.25, key=KEY + 1),
        "nothing": case((3, 4), p=0.0, key=KEY),
        "one number": case((1, 1), p=0.9, key=KEY),
    }
    refused = {
        "above 1": refuse((3, 4), p=1.5, key=KEY, error=ConfigError, words="p is 1.5"),
        "nan": refuse((3, 4), p=float("nan"), key=KEY, error=ConfigError, words="p is nan"),
    }

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_the_share_left_out_is_p_and_the_mean_stays(p):
    y, _ = dropout_forward(np.ones(200_000), p=p, key=KEY)
    deviation = np.sqrt(p * (1 - p) / y.size)
    assert abs((y == 0).mean() - p) < 4 * deviation
    assert abs(y.mean() - 1) < 4 * deviation / (1 - p)


def test_p_1_leaves_nothing():
    y, saved = dropout_forward(np.ones((2, 3)), p=1, key=KEY)
    assert not y.any()
    assert not dropout_backward(np.ones((2, 3)), saved).any()


def test_another_key_is_another_mask():
    x = np.ones(1000)
    agree = np.mean(dropout_forward(x, p=0.5, key=KEY)[0] == dropout_forward(x, p=0.5, key=KEY + 1)[0])
    assert 0.4 < agree < 0.6


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", [(5,), (33, 7), (2, 3, 4, 5), (3, 1, 9, 9), (2, 21, 30, 31), (70_001,)])
@pytest.mark.parametrize("p", [0.0, 1e-9, 0.3, 1.0])
def test_both_engines_drop_the_same_and_give_the_same_bits(engine, shape, p, rng):
    x, g = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    results = []
    for name in ("numpy", engine):
        with native.using(name):
            y, (mask, scale) = dropout_forward(x, p=p, key=KEY)
            results.append([a.tobytes() for a in (y, mask, dropout_backward(g, (mask, scale)))])
    assert results[0] == results[1]
