"""Means: the same bits whenever somebody asks, and whatever metrics a batch brings."""

import numpy as np

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
