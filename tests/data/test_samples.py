"""Samples as people have them: the axes of images, labels of any kind.  Network and the estimators test the rest."""

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError
from pellucid.data.samples import channels_first, one_each


def test_where_both_orders_fit_the_asker_decides(rng):
    x = rng.random((2, 3, 3, 3))
    assert (channels_first("x", x, (3, 3, 3), 3) == x.transpose(0, 3, 1, 2)).all()
    assert (channels_first("x", x, (3, 3, 3), 3, tie="first") == x).all()
    with pytest.raises(ConfigError, match="the 3 channels may stand first or last"):
        channels_first("x", x, None, 3, tie="first")


@pytest.mark.parametrize("tie", ["first", "last"])
def test_where_one_order_fits_it_is_taken(tie, rng):
    x = rng.random((2, 5, 4, 3))
    expected = x.transpose(0, 3, 1, 2)
    assert (channels_first("x", x, (3, 5, 4), 3, tie=tie) == expected).all()
    assert (channels_first("x", expected, (3, 5, 4), 3, tie=tie) == expected).all()


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (["b", "a", "b"], ["b", "a", "b"]),
        ([[2], [0], [2]], [2, 0, 2]),
        ([[0, 0, 1], [1, 0, 0], [0, 1, 0]], [2, 0, 1]),
        (np.eye(3, dtype=bool), [0, 1, 2]),
        ([[0.5, 0.5], [1, 0], [0, 1]], [[0.5, 0.5], [1, 0], [0, 1]]),
        ([["x", "y"]] * 3, [["x", "y"]] * 3),
    ],
)
def test_labels(given, labels):
    assert one_each("y", given, 3).tolist() == labels
    with pytest.raises(ShapeError, match="y: 4 samples but labels of shape"):
        one_each("y", given, 4)
