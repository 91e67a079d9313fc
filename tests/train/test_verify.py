"""verify: a replay is equal bit for bit, and tells the first step and array where it is not."""

import numpy as np

from pellucid.train.ulps import compared, distance


def test_units_in_the_last_place():
    one = np.array([1, -1, 0, 1e-45, np.nan, np.inf], np.float32)
    assert distance(one, one).tolist() == [0] * 6
    up = np.nextafter(one[:2], np.float32(np.inf))
    assert distance(one[:2], up).tolist() == [1, 1]
    assert distance(np.float32([-1e-45]), np.float32([1e-45])).tolist() == [2]
    assert distance(np.float32([0.0]), np.float32([-0.0])).tolist() == [0]
    assert distance(np.float32([1]), np.float32([np.nan])).item() > 1e6
    assert distance(np.array(1.0), np.nextafter(1.0, 2)).item() == 1
    assert distance(np.array([3, 4]), np.array([3, 5])).tolist() == [0, 1]


def test_the_worst_array_comes_first():
    ours = {"a": np.float32([1, 2]), "b": np.float32([1, 2]), "c": np.float32([1]), "d": np.float32([1])}
    theirs = {"a": np.float32([1, 2]), "b": np.float32([1, 3]), "c": np.nextafter(ours["c"], np.float32(2))}
    found = compared(7, ours, theirs)
    assert [(d.step, d.name, d.count, d.size) for d in found] == [(7, "d", 1, 1), (7, "b", 1, 2), (7, "c", 1, 1)]
    assert found[-1].ulps == 1
    assert str(found[-1]) == "step 7: c: 1 of 1 numbers differ, by up to 1 ulp"


def test_of_float64_the_distance_may_leave_int64():
    assert distance(np.array([2.0]), np.array([-2.0])).item() == 2**62
    assert distance(np.array([-2.0]), np.array([2.0])).item() == 2**62


def test_an_array_that_only_the_recording_has():
    (found,) = compared(3, {}, {"a": np.zeros(4)})
    assert (found.name, found.count) == ("a", 4)
