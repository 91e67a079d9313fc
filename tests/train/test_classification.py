"""Confusions, precision, recall, F1: small cases by hand, large ones by slow loops."""

import json

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError
from pellucid.train import classification_report, confusion_matrix

LABELS = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
TAKEN = [0, 0, 0, 1, 1, 1, 2, 0, 2, 2]


def test_a_case_by_hand():
    """3 of 4 right, 2 of 3, 2 of 3; predicted 4, 3, 3 times."""
    assert confusion_matrix(LABELS, TAKEN, 3).tolist() == [[3, 1, 0], [0, 2, 1], [1, 0, 2]]
    report = classification_report(LABELS, TAKEN, ["a", "b", "c"])
    assert report.precision.tolist() == [3 / 4, 2 / 3, 2 / 3]
    assert report.recall.tolist() == [3 / 4, 2 / 3, 2 / 3]
    assert report.f1.tolist() == [3 / 4, 2 / 3, 2 / 3]
    assert report.support.tolist() == [4, 3, 3]
    assert report.accuracy == 0.7
    assert report.macro["f1"] == pytest.approx((3 / 4 + 2 / 3 + 2 / 3) / 3)
    assert report.weighted["recall"] == pytest.approx(0.7), "recall weighted by support is accuracy"


def test_rows_are_true_classes():
    assert confusion_matrix([0, 0], [1, 1], 2).tolist() == [[0, 2], [0, 0]]
    report = classification_report([0, 0, 1], [1, 1, 1], 2)
    assert report.precision.tolist() == [0, 1 / 3]
    assert report.recall.tolist() == [0, 1]
    assert report.f1.tolist() == [0, 1 / 2]
    assert report.class_names == ("0", "1")


def test_classes_that_never_occur_are_zeros_and_no_warnings():
    report = classification_report([2, 2], [2, 1], 4)
    assert report.precision.tolist() == [0, 0, 1, 0]
    assert report.recall.tolist() == [0, 0, 0.5, 0]
    assert report.f1.tolist() == [0, 0, 2 / 3, 0]
    empty = classification_report([], [], 2)
    assert (empty.accuracy, empty.weighted["f1"]) == (0, 0)


@pytest.mark.parametrize("K", [1, 2, 7])
def test_slow_loops_say_the_same(rng, K):
    labels = rng.integers(0, K, 200)
    taken = np.where(rng.random(200) < 0.6, labels, rng.integers(0, K, 200))
    matrix, report = confusion_matrix(labels, taken, K), classification_report(labels, taken, K)
    macro = {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    weighted = dict(macro)
    for k in range(K):
        right = sum(1 for a, b in zip(labels, taken, strict=True) if a == b == k)
        wrongly = sum(1 for a, b in zip(labels, taken, strict=True) if a != b == k)
        missed = sum(1 for a, b in zip(labels, taken, strict=True) if k == a != b)
        for j in range(K):
            assert matrix[k, j] == sum(1 for a, b in zip(labels, taken, strict=True) if (a, b) == (k, j))
        precision, recall = right / (right + wrongly), right / (right + missed)
        f1 = 2 * precision * recall / (precision + recall)
        assert (report.precision[k], report.recall[k], report.support[k]) == (precision, recall, right + missed)
        assert report.f1[k] == pytest.approx(f1, rel=1e-14)
        for name, value in (("precision", precision), ("recall", recall), ("f1", f1)):
            macro[name] += value / K
            weighted[name] += value * (right + missed) / 200
    assert report.macro == pytest.approx(macro)
    assert report.weighted == pytest.approx(weighted)


def test_it_is_told_as_text_and_as_plain_data():
    report = classification_report(LABELS, TAKEN, ["a", "b", "a very long name of it"])
    lines = str(report).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[4].split() == ["a", "very", "long", "name", "of", "it", "0.6667", "0.6667", "0.6667", "3"]
    assert lines[-1].split() == ["weighted", "mean", "0.7000", "0.7000", "0.7000", "10"]
    data = json.loads(json.dumps(report.to_dict()))
    assert data["classes"][0] == {"class": "a", "precision": 0.75, "recall": 0.75, "f1": 0.75, "support": 4}
    assert data["macro"] == report.macro


@pytest.mark.parametrize(
    ("labels", "taken", "K", "error", "words"),
    [
        ([0, 1], [0], 2, ShapeError, "2 labels, 1 predicted"),
        ([0, 2], [0, 0], 2, ConfigError, "labels go from 0 to 2, there are 2 classes"),
        ([0, 1], [0, -1], 2, ConfigError, "predicted go from -1 to 0"),
        ([0.5], [0], 2, ShapeError, r"labels have shape \(1,\) and type float64, one whole number"),
        ([[0]], [0], 2, ShapeError, "labels have shape"),
        ([0], [0], 0, ConfigError, "num_classes is 0"),
    ],
)
def test_mistakes_are_named(labels, taken, K, error, words):
    with pytest.raises(error, match=words):
        confusion_matrix(labels, taken, K)
