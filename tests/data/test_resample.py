"""Bent grids, smooth fields and noise: against slow loops, and the same bits from every engine."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pellucid import native
from pellucid._core.random import bits, bits_of, key, keys_of
from pellucid.data._resample import _inverse_erf, _symmetric, add_noise, resample, smooth_fields
from pellucid.ops._memory import in_memory_order
from tests.checks import ENGINES

KEYS = keys_of(key(3, "test"), np.array([4, 0, 77]))
needs_engine = pytest.mark.skipif(not ENGINES, reason="no native engine")


def given(shape=(3, 2, 7, 19), dtype=np.float64, seed=0):
    """Images, matrices that turn and move them, and fields."""
    rng = np.random.default_rng(seed)
    H, W = shape[-2:]
    matrices = np.eye(2, 3) + 0.2 * rng.standard_normal((shape[0], 2, 3)) * [1, 1, 5]
    fields = 2 * rng.standard_normal((shape[0], 2, H, W))
    return rng.standard_normal(shape).astype(dtype), matrices.astype(dtype), fields.astype(dtype)


def resample_loops(x, matrices, fields):
    y = np.empty_like(x)
    H, W = x.shape[2:]
    for n, i, j in np.ndindex(len(x), H, W):
        p = [i, j, 1] if fields is None else [i + fields[n, 0, i, j], j + fields[n, 1, i, j], 1]
        r, c = matrices[n] @ p
        r, c = min(max(r, 0), H - 1), min(max(c, 0), W - 1)
        y[n, :, i, j] = sum(
            x[n, :, u, v] * max(0, 1 - abs(r - u)) * max(0, 1 - abs(c - v)) for u in range(H) for v in range(W)
        )
    return y


@pytest.mark.parametrize("bent", [True, False])
def test_resampling_equals_the_slow_loops(bent):
    x, matrices, fields = given()
    fields = fields if bent else None
    assert_allclose(resample(x, matrices, fields), resample_loops(x, matrices, fields), atol=1e-12)


def test_whole_pixels_and_the_edge_are_exact():
    x, _, _ = given((2, 1, 5, 6), np.float32)
    same = np.tile(np.eye(2, 3), (2, 1, 1))
    assert_array_equal(resample(x, same, None), x)
    moved = same.copy()
    moved[:, :, 2] = 1, -2
    rows, columns = np.minimum(np.arange(5) + 1, 4), np.maximum(np.arange(6) - 2, 0)
    assert_array_equal(resample(x, moved, None), x[:, :, rows][..., columns])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_axes_of_time_and_none_of_channels(dtype):
    x, matrices, fields = given((3, 4, 2, 7, 9), dtype)
    y = resample(x, matrices, fields)
    for t in range(4):
        assert_array_equal(y[:, t], resample(x[:, t], matrices, fields))
    assert_array_equal(resample(x[:, 0, 0], matrices, fields), y[:, 0, 0])
    assert y.dtype == dtype


def test_fields_are_noise_under_a_gaussian():
    H, W, sigma = 9, 6, 1.3
    radius = math.ceil(3 * sigma)
    weight = {k: math.exp(-k * k / (2 * sigma**2)) for k in range(-radius, radius + 1)}
    total = sum(weight.values())
    for n, field in enumerate(smooth_fields(KEYS, H, W, sigma, np.dtype("float64"))):
        entries = bits(int(KEYS[n]), 2 * H * W)
        noise = ((2 * (entries >> 9).astype(float) + 1) / 2**23 - 1).reshape(2, H, W)
        for plane, i, j in np.ndindex(2, H, W):
            expected = sum(
                weight[u - i] * weight[v - j] * noise[plane, u, v]
                for u in range(H) for v in range(W) if max(abs(u - i), abs(v - j)) <= radius
            )  # fmt: skip
            assert field[plane, i, j] == pytest.approx(expected / total**2, abs=1e-13)


def test_noise_is_normal():
    x = np.zeros((3, 2, 100, 99))
    x = in_memory_order(x)
    add_noise(x, KEYS, 2.0)
    values = np.sort(x.ravel()) / 2
    quantiles = [NormalDist().inv_cdf((i + 0.5) / len(values)) for i in range(len(values))]
    assert np.abs(values - quantiles)[100:-100].max() < 0.1
    assert (values.mean(), values.std()) == pytest.approx((0, 1), abs=0.02)
    assert np.abs(np.corrcoef(x.reshape(3, -1)) - np.eye(3)).max() < 0.05, "of another sample it is another"


def test_the_inverse_error_function():
    u = np.append(_symmetric(bits(1, 1000)), [_symmetric(np.array([v], np.uint32))[0] for v in (0, 2**31, 2**32 - 1)])
    assert u.min() > -1
    assert u.max() < 1
    assert_allclose([math.erf(v) for v in _inverse_erf(u)], u, rtol=1e-6)


def test_keys_of_samples():
    assert_array_equal(bits_of(KEYS, 9), [bits(int(k), 9) for k in KEYS])
    many = keys_of(5, np.arange(100_000))
    assert len(np.unique(many)) == 100_000
    assert_array_equal(many[[9, 3]], keys_of(5, np.array([9, 3]))), "whatever stands beside it"


def results(dtype):
    x, matrices, fields = given((5, 3, 13, 37), dtype)
    x = in_memory_order(x)
    noisy = x.copy(order="K")
    keys = keys_of(1, np.arange(5))
    add_noise(noisy, keys, 0.5)
    frames, matrices2, fields2 = given((3, 4, 3, 6, 17), dtype)
    return {
        "resample": resample(x, matrices, fields),
        "resample without fields": resample(x, matrices, None),
        "resample frames": resample(frames, matrices2, fields2),
        "smooth_field": smooth_fields(keys, 17, 35, 2.0, np.dtype(dtype)),
        "add_noise": noisy,
    }


@needs_engine
def test_every_engine_agrees_with_the_reference():
    expected = results(np.float64)
    for engine in ENGINES:
        with native.using(engine):
            for name, found in results(np.float32).items():
                assert found.dtype == np.float32
                # A place between pixels is known to 4e-6 in float32, at coordinates up to 37: so is its share.
                assert_allclose(found, expected[name], atol=5e-5, err_msg=f"{engine} {name}")


@needs_engine
def test_instruction_sets_and_threads_change_no_bit():
    before, found = native.engine.thread_count(), []
    for engine in ENGINES:
        for count in (1, 3):
            with native.using(engine):
                native.engine.set_thread_count(count)
                found.append({name: np.ascontiguousarray(a).tobytes() for name, a in results(np.float32).items()})
    native.engine.set_thread_count(before)
    assert all(one == found[0] for one in found)


@needs_engine
def test_kernels_refuse_what_does_not_fit():
    x, matrices, fields = given((3, 2, 5, 6), np.float32)
    y = np.empty_like(x)
    for bad in ((x[:2], matrices, fields, y), (x, matrices[:2], fields, y), (x, matrices, fields[:, :1], y)):
        with pytest.raises(ValueError, match="resample: "):
            native.engine.resample(*bad)
    with pytest.raises(ValueError, match="an output array is not in the order"):
        native.engine.resample(x, matrices, None, np.empty((3, 2, 6, 5), np.float32).transpose(0, 1, 3, 2))
    for taps, keys in ((np.ones(4, np.float32), KEYS), (np.ones(3, np.float32), KEYS[:2])):
        with pytest.raises(ValueError, match="smooth_field: "):
            native.engine.smooth_field(taps, keys, fields)
    with pytest.raises(ValueError, match="add_noise: "):
        native.engine.add_noise(x[:, 0, 0], KEYS[:2], 1.0)
