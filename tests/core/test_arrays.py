"""ordered_sum: strictly left to right."""

import numpy as np

from pellucid._core.arrays import ordered_sum


def test_it_may_be_cut_anywhere(rng):
    values = rng.standard_normal(1000)  # more than are added one by one, and parts that are fewer
    total = 0.0
    for v in values:
        total += float(v)
    assert ordered_sum(values) == total
    for cut in (0, 1, 7, 999, 1000):
        assert ordered_sum(values[cut:], ordered_sum(values[:cut])) == total
    assert float(values.sum(dtype=np.float64)) != total, "pairwise summation has other bits, or this test shows nothing"
