"""layer_norm: mean 0 and deviation 1 over the last axes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, DtypeError, native
from pellucid.ops import layer_norm_backward, layer_norm_forward, layer_norm_shape
from tests.checks import ENGINES, OpLaws, case, close, refuse
from tests.oracles_norms import layer_norm_loops


class TestLayerNorm(OpLaws):
    forward, backward = staticmethod(layer_norm_forward), staticmethod(layer_norm_backward)
    shape, loops = staticmethod(layer_norm_shape), staticmethod(layer_norm_loops)
    cases = {
        "rows": case((5, 7), (7,), (7,), normalized_shape=7),
        "over time": case((2, 3, 5), (5,), (5,), normalized_shape=(5,)),
        "without a shift": case((5, 7), (7,), normalized_shape=7),
        "neither scale nor shift": case((5, 7), normalized_shape=7),
        "images": case((2, 3, 4, 5), (3, 4, 5), (3, 4, 5), normalized_shape=(3, 4, 5)),
        "lines of images": case((2, 3, 4, 5), (4, 5), (4, 5), normalized_shape=[4, 5]),
        "batch 1": case((1, 4), (4,), (4,), normalized_shape=4, eps=1e-3),
        "long rows": case((3, 150), (150,), (150,), normalized_shape=150),
        "all of it": case((6,), (6,), (6,), normalized_shape=6),
    }
    refused = {
        "another size": refuse((2, 5), normalized_shape=4, words=r"\(2, 5\) does not end in normalized_shape \(4,\)"),
        "more axes than x has": refuse((5,), normalized_shape=(2, 5), words="does not end in"),
        "no axes": refuse((5,), normalized_shape=(), words="normalized_shape is empty"),
        "no size": refuse((5, 0), normalized_shape=0, error=ConfigError, words="normalized_shape is 0, at least 1"),
        "weight": refuse((2, 4), (1,), normalized_shape=4, words=r"weight has shape \(1,\), expected \(4,\)"),
        "bias": refuse((2, 4), (4,), (2, 4), normalized_shape=4, words="bias has shape"),
        "eps": refuse((2, 4), normalized_shape=4, eps=0, error=ConfigError, words="eps is 0, a number above 0"),
        "types": refuse(
            (2, 4), np.ones(4, np.float32), normalized_shape=4, error=DtypeError, words="weight is float32; they must"
        ),
    }


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_a_large_mean_costs_no_digits(engine, rng):
    """The values are those of the rounded x, as float64 finds them: a rounded mean alone would be wrong by 0.0005."""
    x, g = (1e4 + rng.standard_normal((6, 200))).astype(np.float32), rng.standard_normal((6, 200)).astype(np.float32)
    expected, like = layer_norm_forward(x.astype(np.float64), normalized_shape=200)
    with native.using(engine):
        y, saved = layer_norm_forward(x, normalized_shape=200)
        grad_x = layer_norm_backward(g, saved)[0]
    close(y, expected, 1e-6)
    close(grad_x, layer_norm_backward(g.astype(np.float64), like)[0], 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_fills_its_row_and_no_other(dtype):
    x = np.arange(40, dtype=dtype).reshape(4, 10)
    x[2, 3] = np.nan
    y, _ = layer_norm_forward(x, normalized_shape=10)
    assert np.isnan(y).all(axis=1).tolist() == [False, False, True, False]
    assert np.isnan(y).any(axis=1).tolist() == [False, False, True, False]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_numbers_become_zeros(dtype):
    y, saved = layer_norm_forward(np.full((2, 5), 3.3, dtype), normalized_shape=5)
    assert_allclose(y, 0, atol=1e-6)
    assert np.isfinite(layer_norm_backward(np.ones((2, 5), dtype), saved)[0]).all()


def test_no_input_gradient_where_nobody_wants_it(rng):
    x, weight = rng.standard_normal((3, 4)), rng.standard_normal(4)
    _, saved = layer_norm_forward(x, weight, normalized_shape=4)
    grad_x, grad_weight, grad_bias = layer_norm_backward(np.ones((3, 4)), saved, needs_input_grad=False)
    assert grad_x is grad_bias is None
    assert grad_weight.shape == (4,)
