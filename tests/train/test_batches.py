"""What fit takes: a Loader, a Dataset, a pair of arrays, or batches that somebody else makes."""

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError
from pellucid.data import Dataset, Loader
from pellucid.train import digest


def as_list(points, size=20):
    x, y = points
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


def test_all_ways_give_the_same_bits(make_trainer, points):
    digests = set()
    for data in (
        Loader(Dataset(*points), 20, shuffle=False),
        Loader(Dataset(*points), 20, shuffle=False, prefetch=True),
    ):
        trainer = make_trainer()
        trainer.fit(data, 2, validation=as_list(points))
        digests.add((digest(trainer.model), trainer.history["val_loss"][-1]))
    assert len(digests) == 1
    fed = make_trainer()
    batches = [(x, y) for x, y in data.batches()]
    fed.fit(batches, 2, validation=points)
    assert (digest(fed.model), fed.history["val_loss"][-1]) in digests


class Endless:
    """An iterable that begins anew each time, and tells no length."""

    def __init__(self, batches):
        self.batches, self.begun = batches, 0

    def __iter__(self):
        self.begun += 1
        yield from self.batches


def test_an_iterable_is_walked_over_once_an_epoch(make_trainer, points):
    source, trainer = Endless(as_list(points)), make_trainer()
    trainer.fit(source, 3)
    assert source.begun == trainer.epoch == 3
    assert trainer.step == 18


def test_lists_and_bytes_are_made_canonical(make_trainer, points):
    x, y = points
    trainer, lists = make_trainer(), make_trainer()
    trainer.fit([(x, y)], 1)
    lists.fit([(x.astype(np.float64).tolist(), y.tolist())], 1)
    assert digest(trainer.model) == digest(lists.model)


def test_a_generator_is_spent_after_one_epoch(make_trainer, points):
    trainer = make_trainer()
    with pytest.raises(ConfigError, match="gave no batches in epoch 2; a generator is spent after one epoch"):
        trainer.fit(iter(as_list(points)), 2)
    assert trainer.epoch == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros((3, 3)), r"is an array; inputs and labels go together"),
        (7, "is a int; a Loader, a Dataset"),
        ((1, 2, 3), "is a tuple of 3"),
        ([], "gave no batches"),
        ([np.zeros((2, 3))], r"batch 1: is a ndarray, \(inputs, labels\) is needed"),
        ([(np.zeros((2, 3), np.float32), np.zeros(2, int)), "ab"], "batch 2: is a str"),
        ([(np.zeros((2, 3)),)], "batch 1: is a tuple"),
    ],
)
def test_what_is_no_data_is_named(make_trainer, data, words):
    with pytest.raises(ConfigError, match=words):
        make_trainer().fit(data, 1)


def test_a_batch_whose_parts_do_not_fit(make_trainer):
    with pytest.raises(ShapeError, match="2 inputs but labels of shape"):
        make_trainer().fit([(np.zeros((2, 3)), np.zeros(3, int))], 1)


def test_sample_weights_come_along(make_trainer, points):
    """A sample of weight 0 does not exist; whole weights count a sample more often."""
    x, y = points
    weights = np.arange(len(x)) % 3
    weighted, repeated = make_trainer(), make_trainer()
    got = weighted.evaluate(Dataset(x, y, sample_weights=weights.astype(float)))["loss"]
    many = np.repeat(np.arange(len(x)), weights)
    assert got == pytest.approx(repeated.evaluate((x[many], y[many]))["loss"], rel=1e-6)
    halves = [(x[part], y[part], weights[part]) for part in (slice(0, 50), slice(50, None))]
    assert make_trainer().evaluate(halves)["loss"] == pytest.approx(got, rel=1e-6)
    fed, plain = make_trainer(), make_trainer()
    fed.fit(halves, 2)
    plain.fit([batch[:2] for batch in halves], 2)
    assert digest(fed.model) != digest(plain.model)
    assert fed.history["loss"] != plain.history["loss"]


def test_a_batch_that_weighs_nothing_ends_no_run(make_trainer, points):
    x, y = points
    trainer = make_trainer()
    trainer.fit(Loader(Dataset(x, y, sample_weights=(np.arange(len(x)) < 5).astype(float)), 20, shuffle=False), 1)
    assert trainer.step == 5
    assert trainer.history["loss"][0] > 0
    assert make_trainer().evaluate([(x, y, np.zeros(len(x)))])["loss"] == 0
