"""Keyed randomness: the same on every machine, and good enough to train with."""

from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid._core.random import bits, key, normal, permutation, uniform
from tests.oracles_places import random_bits


def test_bits_are_the_rule_that_the_docstring_states():
    for k in (0, 1, 0x0123456789ABCDEF, 2**64 - 1):
        assert bits(k, 40).tolist() == [random_bits(k, i) for i in range(40)]


def test_keys_and_bits_never_change():
    """A change here breaks every recorded run."""
    assert key(0, "order", 3) == 0xAF0515C5FA219BAD
    assert bits(0x0123456789ABCDEF, 3).tolist() == [3613463757, 1452150437, 1567458370]


def test_keys_of_seed_purpose_and_number_differ():
    keys = {key(*words) for words in [(0, "a"), (1, "a"), (0, "b"), (0, "a", 0), (0, "a", 1), (0, "a1"), (-1, "a")]}
    assert len(keys) == 7


def test_entries_do_not_depend_on_how_many_are_asked_for():
    assert bits(5, 10).tolist() == bits(5, 1000)[:10].tolist()


def test_bytes_are_uniform():
    for k in range(5):
        counts = np.bincount(bits(key(0, k), 1 << 16).view(np.uint8), minlength=256)
        chi2 = ((counts - 1024) ** 2 / 1024).sum()
        assert abs(chi2 - 255) < 5 * np.sqrt(2 * 255)


SHIFTED = 1000 + 0x9E3779B9  # this lower half alone would give the same sequence one entry on


@pytest.mark.parametrize("other", [1001, 1000 + (1 << 32), SHIFTED + (1 << 32)])
def test_sequences_of_near_keys_are_not_correlated(other):
    n = 1 << 16
    u, v = uniform(1000, n), uniform(other, n)
    for lag in (0, 1, 2):
        assert abs(np.corrcoef(u[lag:], v[: n - lag])[0, 1]) < 5 / np.sqrt(n)


def test_neighbours_within_a_sequence_are_not_correlated():
    n = 1 << 16
    u = uniform(1000, n)
    for lag in (1, 2, 3, 28):
        assert abs(np.corrcoef(u[lag:], u[: n - lag])[0, 1]) < 5 / np.sqrt(n)


def test_each_input_bit_flips_half_of_the_output_bits():
    for bit in range(64):
        flipped = bits(12345, 4096) ^ bits(12345 ^ (1 << bit), 4096)
        share = np.bitwise_count(flipped).mean() / 32
        assert 0.4 < share < 0.6, bit


def test_uniform_never_reaches_its_ends():
    u = uniform(3, 100_000)
    assert 0 < u.min() < u.max() < 1
    assert abs(u.mean() - 0.5) < 0.005


def test_normal_is_the_quantile_of_uniform():
    n = 20_000
    expected = [NormalDist().inv_cdf(u) for u in uniform(11, n)]
    assert_allclose(normal(11, n), expected, rtol=1e-12, atol=1e-13)


def test_permutation_is_one_and_differs_by_key():
    first, second = permutation(1, 1000), permutation(2, 1000)
    assert sorted(first) == list(range(1000))
    assert (first != second).mean() > 0.9


def test_too_many_entries_are_refused_before_anything_is_allocated():
    with pytest.raises(ConfigError, match="entries asked of one key"):
        bits(0, 2**32 + 1)
