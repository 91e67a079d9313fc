"""Calibration: bins by hand, and by a slow loop."""

import json
import math

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError
from pellucid.train import expected_calibration_error, reliability


def two(*confidences):
    """Predictions of class 0 with these confidences."""
    return np.array([[c, 1 - c] for c in confidences])


def test_a_case_by_hand():
    """Bins (0.5, 0.75] and (0.75, 1] of four: of 0.6, 0.7 one is right, of 0.8, 0.9, 1 all."""
    table = reliability(two(0.6, 0.7, 0.8, 0.9, 1.0), [0, 1, 0, 0, 0], bins=4)
    assert table.counts.tolist() == [0, 0, 2, 3]
    assert table.confidence.tolist() == pytest.approx([0, 0, 0.65, 0.9])
    assert table.accuracy.tolist() == pytest.approx([0, 0, 0.5, 1])
    assert table.error == pytest.approx(2 / 5 * 0.15 + 3 / 5 * 0.1)


def test_an_upper_edge_belongs_to_its_bin():
    assert reliability(two(0.5, 0.75, 1.0), [0, 0, 0], bins=4).counts.tolist() == [0, 1, 1, 1]
    assert reliability(np.zeros((1, 2)), [0], bins=3).counts.tolist() == [1, 0, 0]


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_a_slow_loop_says_the_same(rng, bins):
    p = rng.dirichlet(np.ones(5), 300)
    labels = rng.integers(0, 5, 300)
    gaps = 0.0
    for m in range(bins):
        inside = [n for n in range(300) if m < math.ceil(max(p[n]) * bins) <= m + 1]
        right = sum(int(list(p[n]).index(max(p[n])) == labels[n]) for n in inside)
        if inside:
            gaps += len(inside) / 300 * abs(right / len(inside) - sum(max(p[n]) for n in inside) / len(inside))
    assert expected_calibration_error(p, labels, bins) == pytest.approx(gaps, rel=1e-12)


def test_who_is_always_sure_and_half_right_is_off_by_a_half():
    assert expected_calibration_error(two(1, 1, 1, 1), [0, 1, 0, 1]) == 0.5
    assert expected_calibration_error(two(0.75, 0.75, 0.75, 0.75), [0, 0, 0, 1]) == 0


def test_it_is_told_as_text_and_as_plain_data():
    table = reliability(two(0.6, 0.9), [0, 1], bins=2)
    assert str(table).splitlines()[1].split() == ["0.500-1.000", "2", "0.7500", "0.5000"]
    data = json.loads(json.dumps(table.to_dict()))
    assert data["error"] == table.error == 0.25
    assert data["bins"][0] == {"above": 0.0, "to": 0.5, "count": 0, "confidence": 0.0, "accuracy": 0.0}


@pytest.mark.parametrize(
    ("p", "labels", "bins", "error", "words"),
    [
        (two(0.5), [0, 1], 15, ShapeError, "probabilities .* and labels"),
        (np.array([0.5]), [0], 15, ShapeError, "probabilities"),
        (two(7.0), [0], 15, ConfigError, "are these scores"),
        (two(math.nan), [0], 15, ConfigError, "are these scores"),
        (two(0.5), [0], 0, ConfigError, "bins is 0"),
    ],
)
def test_mistakes_are_named(p, labels, bins, error, words):
    with pytest.raises(error, match=words):
        reliability(p, labels, bins)
