"""dropout2d: the mask of the channels is a function of (key, n*C + c)."""

import numpy as np
import pytest

from pellucid import ConfigError, native
from pellucid.ops import dropout2d_backward, dropout2d_forward, dropout2d_shape, dropout_forward
from tests.checks import ENGINES, OpLaws, case, refuse
from tests.oracles_places import dropout2d_loops

KEY = 0x0123456789ABCDEF


class TestDropout2d(OpLaws):
    forward, backward = staticmethod(dropout2d_forward), staticmethod(dropout2d_backward)
    shape, loops = staticmethod(dropout2d_shape), staticmethod(dropout2d_loops)
    eps, rtol = 1.0, 1e-12  # linear
    cases = {
        "images": case((2, 5, 4, 3), p=0.5, key=KEY),
        "sequences": case((3, 4, 5), p=0.25, key=KEY + 1),
        "one channel": case((6, 1, 4, 3), p=0.5, key=KEY),
        "batch 1": case((1, 7, 2, 3), p=0.5, key=KEY),
        "nothing": case((3, 2, 4), p=0.0, key=KEY),
        "no samples": case((0, 2, 4, 3), p=0.5, key=KEY),
    }
    refused = {
        "above 1": refuse((3, 4, 2), p=1.5, key=KEY, error=ConfigError, words="dropout2d: p is 1.5"),
        "rows": refuse((3, 4), p=0.5, key=KEY, words="expected .* got shape \\(3, 4\\)"),
    }

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape)


def test_channels_go_by_the_keys_of_single_numbers():
    """The mask is the one of dropout on an array (N, C)."""
    whole, _ = dropout2d_forward(np.ones((20, 30, 2, 3)), p=0.4, key=KEY)
    single, _ = dropout_forward(np.ones((20, 30)), p=0.4, key=KEY)
    assert (whole == single[:, :, None, None]).all()
    assert abs((single == 0).mean() - 0.4) < 0.08


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 1, 9, 9), (2, 21, 30, 31), (5, 33, 7), (70, 301, 1, 1)])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_both_engines_drop_the_same_and_give_the_same_bits(engine, shape, p, rng):
    x, g = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    results = []
    for name in ("numpy", engine):
        with native.using(name):
            y, saved = dropout2d_forward(x, p=p, key=KEY)
            results.append([a.tobytes() for a in (y, saved[0], dropout2d_backward(g, saved))])
    assert results[0] == results[1]
