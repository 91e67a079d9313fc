"""batch_norm: the laws, and what they cannot see: large means, statistics, refusals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pellucid import ConfigError, native
from pellucid.ops import (
    batch_norm_backward,
    batch_norm_forward,
    batch_norm_relu_backward,
    batch_norm_relu_forward,
    batch_norm_relu_shape,
    batch_norm_shape,
)
from pellucid.ops.batch_norm import track_batch_norm
from tests.checks import ENGINES, OpLaws, case, refuse
from tests.oracles_norms import batch_norm_loops

ALL = ["numpy", *ENGINES]


def known(C):
    """Running statistics, as options."""
    rng = np.random.default_rng(C)
    return {"mean": rng.standard_normal(C), "var": rng.random(C) + 0.2}


CASES = {
    "rows": case((5, 3), (3,), (3,)),
    "images": case((2, 3, 4, 5), (3,), (3,)),
    "sequences": case((3, 5, 7), (5,), (5,)),
    "batch 1": case((1, 3, 4, 5), (3,), (3,)),
    "one channel": case((4, 1, 3, 2), (1,), (1,)),
    "several blocks of rows, no whole vectors": case((3, 21, 9, 11), (21,), (21,)),
    "more samples than shards": case((19, 17), (17,), (17,)),
    "several vectors": case((9, 70, 3, 2), (70,), (70,)),
    "no weight and no bias": case((5, 3, 2, 3)),
    "no bias": case((5, 3), (3,)),
    "large eps": case((5, 3), (3,), (3,), eps=0.5),
    "two values": case((2, 3), (3,), (3,), eps=0.1),
    "given": case((5, 3), (3,), (3,), **known(3)),
    "given, images": case((2, 19, 4, 5), (19,), (19,), **known(19)),
    "given, sequences": case((2, 4, 3), (4,), (4,), **known(4)),
    "given, one value": case((1, 3), (3,), (3,), **known(3)),
    "given, no weight and no bias": case((3, 2, 2, 3), **known(2)),
}
REFUSED = {
    "one value": refuse((1, 3), words=r"x of shape \(1, 3\) has 1 value for each channel, its statistics need 2"),
    "no values": refuse((0, 3), words="has 0 values for each channel"),
    "one pixel": refuse((1, 3, 1, 1), words="has 1 value for each channel"),
    "five axes": refuse((2, 3, 4, 5, 6), words="expected"),
    "a vector": refuse((2,), words="expected"),
    "weight": refuse((2, 3), (4,), (3,), words=r"weight has shape \(4,\), expected \(3,\)"),
    "bias": refuse((2, 3), (3,), (1,), words=r"bias has shape \(1,\), expected \(3,\)"),
    "mean": refuse((2, 3), mean=np.zeros(2), var=np.ones(3), words="mean has shape"),
    "var": refuse((2, 3), mean=np.zeros(3), var=np.ones((3, 1)), words="var has shape"),
    "half of the statistics": refuse((2, 3), mean=np.zeros(3), error=ConfigError, words="both mean and var"),
    "eps": refuse((2, 3), eps=-1.0, error=ConfigError, words="eps is -1.0"),
}


class TestBatchNorm(OpLaws):
    forward, backward, shape = map(staticmethod, (batch_norm_forward, batch_norm_backward, batch_norm_shape))
    loops = staticmethod(batch_norm_loops)
    cases, refused = CASES, REFUSED

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape)

    def gradients(self, grad_y, saved):
        return tuple(g for g in super().gradients(grad_y, saved) if g is not None)


class TestBatchNormReLU(TestBatchNorm):
    forward, backward, shape = map(
        staticmethod, (batch_norm_relu_forward, batch_norm_relu_backward, batch_norm_relu_shape)
    )
    loops = staticmethod(lambda *arrays, **options: np.maximum(batch_norm_loops(*arrays, **options), 0))
    cases, refused = CASES, REFUSED


@pytest.mark.parametrize("engine", ALL)
@pytest.mark.parametrize("shape", [(600, 3), (8, 3, 20, 21), (40, 5, 30)])
def test_statistics_are_exact_at_a_large_mean(shape, engine, rng):
    """As float32 input has them; a float32 mean of 1e4 alone would be 5e-4 deviations off."""
    x = (rng.standard_normal(shape) + 1e4).astype(np.float32)
    with native.using(engine):
        y, saved = batch_norm_forward(x)
    exact, expected = batch_norm_forward(x.astype(np.float64))
    assert saved[3].dtype == np.float64
    assert_allclose(saved[3], expected[3], rtol=1e-6)
    assert_allclose(saved[3][0], expected[3][0], rtol=1e-9)
    assert_allclose(y, exact, atol=5e-6)
    g = rng.standard_normal(shape)
    with native.using(engine):
        found = batch_norm_backward(g.astype(np.float32), saved)
    assert_allclose(found[0], batch_norm_backward(g, expected)[0], atol=2e-5)


@pytest.mark.parametrize("engine", ALL)
def test_an_outlier_at_the_first_pixel_spoils_no_variance(engine, rng):
    x = rng.standard_normal((4, 2, 16, 16)).astype(np.float32)
    x[:, :, 0, 0] = 1e3
    with native.using(engine):
        _, saved = batch_norm_forward(x)
    assert_allclose(saved[3][1], x.astype(np.float64).var(axis=(0, 2, 3)), rtol=1e-5)  # sums of 16 in float32


@pytest.mark.parametrize("engine", ALL)
def test_what_is_constant_becomes_zero(engine):
    x = np.full((3, 20, 5, 5), 1234.5678, np.float32)
    with native.using(engine):
        y, saved = batch_norm_forward(x, eps=1e-12)
        grad_x, _, _ = batch_norm_backward(np.ones_like(x), saved)
    assert not y.any()
    assert_allclose(grad_x, 0, atol=1e-3)
    assert not saved[3][1].any()


@pytest.mark.parametrize("engine", ALL)
def test_a_variance_is_never_below_zero(engine, rng):
    """Of numbers that are all alike the difference of sums rounds to either side, and eps may be 0."""
    x = np.repeat(rng.random((1, 400)).astype(np.float32), 77, axis=0)
    with native.using(engine):
        _, saved = batch_norm_forward(x)
    assert saved[3][1].min() >= 0
    assert saved[3][1].max() < 1e-12


@pytest.mark.parametrize("engine", ALL)
def test_nan_stays_in_its_channel(engine):
    x = np.arange(48, dtype=np.float32).reshape(2, 3, 2, 4).copy()
    x[0, 1, 1, 1] = np.nan
    with native.using(engine):
        for forward in (batch_norm_forward, batch_norm_relu_forward):
            y, _ = forward(x)
            assert np.isnan(y).all(axis=(0, 2, 3)).tolist() == [False, True, False]
            assert np.isfinite(y[:, [0, 2]]).all()


@pytest.mark.parametrize("engine", ALL)
@pytest.mark.parametrize("momentum", [0.1, 0.0, 1.0, None])
def test_running_statistics(momentum, engine, rng):
    """Both engines to the bit: what they compute is double, rounded once."""
    batches = [rng.standard_normal((n, 3, 2, 2)).astype(np.float32) for n in (4, 2, 5)]
    mean, var, steps = np.zeros(3, np.float32), np.ones(3, np.float32), np.zeros((), np.int64)
    expected_mean, expected_var = np.zeros(3), np.ones(3)
    with native.using(engine):
        for i, x in enumerate(batches):
            _, saved = batch_norm_forward(x)
            before = saved[3].copy()
            track_batch_norm(mean, var, steps, saved[3], x.size // 3, momentum)
            assert_array_equal(saved[3], before)
            f = 1 / (i + 1) if momentum is None else momentum
            expected_mean = (1 - f) * expected_mean + f * x.mean(axis=(0, 2, 3), dtype=float)
            expected_var = (1 - f) * expected_var + f * x.astype(float).var(axis=(0, 2, 3), ddof=1)
    assert steps == 3
    assert_allclose(mean, expected_mean, atol=1e-6)
    assert_allclose(var, expected_var, rtol=1e-6)


def test_input_gradient_may_be_skipped(rng):
    y, saved = batch_norm_forward(rng.standard_normal((4, 3)), np.ones(3), np.zeros(3))
    grad_x, grad_weight, grad_bias = batch_norm_backward(y, saved, needs_input_grad=False)
    assert grad_x is None
    assert_allclose(grad_bias, y.sum(axis=0))
    assert_allclose(grad_weight, (y * y).sum(axis=0))
