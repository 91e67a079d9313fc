"""group_norm: mean 0 and deviation 1 over groups of channels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, native
from pellucid.ops import group_norm_backward, group_norm_forward, group_norm_shape, layer_norm_forward
from tests.checks import ENGINES, OpLaws, case, close, refuse
from tests.oracles_norms import group_norm_loops


class TestGroupNorm(OpLaws):
    forward, backward = staticmethod(group_norm_forward), staticmethod(group_norm_backward)
    shape, loops = staticmethod(group_norm_shape), staticmethod(group_norm_loops)
    cases = {
        "images": case((2, 6, 4, 5), (6,), (6,), num_groups=3),
        "neither scale nor shift": case((2, 6, 4, 5), num_groups=2),
        "one group": case((2, 3, 4, 5), (3,), (3,), num_groups=1),
        "each channel alone": case((2, 3, 4, 5), (3,), (3,), num_groups=3),
        "sequences": case((2, 6, 5), (6,), (6,), num_groups=2),
        "volumes": case((2, 4, 3, 2, 2), (4,), (4,), num_groups=2),
        "rows": case((3, 8), (8,), (8,), num_groups=2),
        "batch 1, one channel": case((1, 1, 3, 4), (1,), (1,), num_groups=1, eps=1e-3),
        "many channels": case((2, 40, 3, 2), (40,), (40,), num_groups=4),
        "many channels of sequences": case((2, 40, 9), (40,), (40,), num_groups=4),
    }
    refused = {
        "groups": refuse((2, 5, 3, 3), num_groups=2, words="5 channels do not divide into 2 groups"),
        "no channels": refuse((2,), num_groups=1, words="samples, channels and their places are needed"),
        "no group": refuse((2, 4), num_groups=0, error=ConfigError, words="num_groups is 0, at least 1"),
        "weight": refuse((2, 4), (2,), num_groups=2, words=r"weight has shape \(2,\), expected \(4,\)"),
        "eps": refuse((2, 4), num_groups=2, eps=-1, error=ConfigError, words="eps is -1, a number above 0"),
    }


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
@pytest.mark.parametrize("shape", [(3, 6, 9, 8), (3, 6, 72)])
def test_a_large_mean_costs_no_digits(shape, engine, rng):
    """The values are those of the rounded x, as float64 finds them: a rounded mean alone would be wrong by 0.0005."""
    x, g = (1e4 + rng.standard_normal(shape)).astype(np.float32), rng.standard_normal(shape).astype(np.float32)
    expected, like = group_norm_forward(x.astype(np.float64), num_groups=2)
    with native.using(engine):
        y, saved = group_norm_forward(x, num_groups=2)
        grad_x = group_norm_backward(g, saved)[0]
    close(y, expected, 1e-6)
    close(grad_x, group_norm_backward(g.astype(np.float64), like)[0], 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_group_is_layer_norm_over_all_of_a_sample(dtype, rng):
    x = rng.standard_normal((2, 3, 4, 5)).astype(dtype)
    y = group_norm_forward(x, num_groups=1)[0]
    assert_allclose(y, layer_norm_forward(x, normalized_shape=(3, 4, 5))[0], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_fills_its_group_and_no_other(dtype, rng):
    x = rng.standard_normal((2, 4, 3, 3)).astype(dtype)
    x[1, 2, 0, 1] = np.nan
    y = np.isnan(group_norm_forward(x, num_groups=2)[0])
    assert y[1, 2:].all()
    assert y.sum() == y[1, 2:].size
