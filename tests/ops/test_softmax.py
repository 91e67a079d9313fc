"""softmax and log_softmax: right far from zero too."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid.ops import (
    log_softmax_backward,
    log_softmax_forward,
    log_softmax_shape,
    softmax_backward,
    softmax_forward,
    softmax_shape,
)
from tests.checks import OpLaws, case, refuse
from tests.oracles_activations import log_softmax_loops, softmax_loops

CASES = {
    "rows": case((3, 4)),
    "batch 1": case((1, 10)),
    "one class": case((3, 1)),
    "more leading axes": case((2, 3, 5)),
    "four axes": case((2, 3, 4, 5)),
    "many rows": case((35, 11)),
    "a long row": case((2, 150)),
}
REFUSED = {
    "no classes": refuse((3, 0), words="no scores along the last axis"),
    "a number": refuse((), words="no scores along the last axis"),
}


class TestSoftmax(OpLaws):
    forward, backward = staticmethod(softmax_forward), staticmethod(softmax_backward)
    shape, loops = staticmethod(softmax_shape), staticmethod(softmax_loops)
    cases, refused = CASES, REFUSED


class TestLogSoftmax(OpLaws):
    forward, backward = staticmethod(log_softmax_forward), staticmethod(log_softmax_backward)
    shape, loops = staticmethod(log_softmax_shape), staticmethod(log_softmax_loops)
    cases, refused = CASES, REFUSED


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_of_ten_thousand_overflow_nothing(dtype):
    x = np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4]], dtype)
    p, _ = softmax_forward(x)
    log_p, _ = log_softmax_forward(x)
    assert_allclose(p, [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    assert_allclose(log_p, [[0, -1e4, -2e4], [-np.log(3)] * 3], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("place", [0, 3, 9])
def test_nan_fills_its_row_and_no_other(dtype, place):
    x = np.zeros((20, 10), dtype)
    x[7, place] = np.nan
    for forward in (softmax_forward, log_softmax_forward):
        y, _ = forward(x)
        assert np.isnan(y[7]).all()
        assert np.isfinite(np.delete(y, 7, axis=0)).all()


def test_a_long_row_loses_nothing_by_rounding(rng):
    """A plain sum of a million float32 numbers would be wrong in the fourth digit."""
    x = rng.standard_normal((1, 1_000_000)).astype(np.float32)
    exact = x - np.log(np.exp(x.astype(np.float64)).sum())
    assert_allclose(log_softmax_forward(x)[0], exact, rtol=0, atol=1e-5)
