"""Means: the same bits whenever somebody asks, and whatever metrics a batch brings."""

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.train import accuracy, top_k
from pellucid.train.metrics import Means


def values(count, *names):
    rng = np.random.default_rng(count)
    return {name: rng.standard_normal(count) for name in names}


def test_sums_do_not_depend_on_when_they_are_taken():
    asked, waited = Means(), Means()
    for i in range(1, 150):
        for means in (asked, waited):
            means.update(values(i, "loss", "accuracy"), np.full(i, 0.3))
        asked.result()
    assert asked.result() == waited.result()
    assert asked.counts == waited.counts


def test_metrics_may_come_and_go_within_an_epoch():
    means = Means()
    for names in (("loss", "early"), ("loss",), ("loss", "late"), ("loss", "late")):
        means.update({name: np.array([1.0, 2.0]) for name in names}, np.ones(2))
    assert means.result() == {"loss": 1.5, "early": 1.5, "late": 1.5}
    assert means.counts == {"loss": 8.0, "early": 2.0, "late": 4.0}


def test_what_is_written_to_afterwards_does_not_count():
    means, losses = Means(), np.array([1.0, 2.0])
    means.update({"loss": losses}, np.ones(2))
    losses[:] = 9
    assert means.result() == {"loss": 1.5}


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_top_k_by_a_slow_loop(rng, k):
    logits, labels = rng.integers(0, 4, (200, 5)).astype(np.float64), rng.integers(0, 5, 200)  # with many ties
    expected = [
        label in sorted(range(5), key=lambda c: (-row[c], c))[:k] for row, label in zip(logits, labels, strict=True)
    ]
    assert top_k(k)(logits, labels).tolist() == expected
    assert top_k(k)(logits, np.eye(5)[labels]).tolist() == expected
    if k == 1:
        assert expected == accuracy(logits, labels).tolist()


def test_a_score_that_is_no_number_is_no_hit():
    assert top_k(2)(np.array([[np.nan, 1.0, 0.0]]), np.array([0])).tolist() == [False]


def test_an_impossible_k():
    with pytest.raises(ConfigError, match="top_k: k is 0"):
        top_k(0)
    with pytest.raises(ConfigError, match="top_k: k is 4, there are 3 classes"):
        top_k(4)(np.zeros((2, 3)), np.zeros(2, int))
