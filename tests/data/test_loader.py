"""Loader: every sample once an epoch, in an order that seed and epoch settle."""

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.data import Dataset, Loader


def numbers(count):
    return Dataset(np.arange(count, dtype=np.float32)[:, None], np.arange(count) % 2)


def order(loader, epoch):
    return [int(v) for x, _ in loader.batches(epoch) for v in x[:, 0]]


@pytest.mark.parametrize(
    ("count", "batch_size", "sizes"),
    [
        (10, 5, [5, 5]),
        (12, 5, [5, 5, 2]),
        (11, 5, [5, 6]),  # a last batch of one joins the one before
        (1, 5, [1]),
        (3, 1, [1, 1, 1]),
        (4, 9, [4]),
    ],
)
def test_batch_sizes(count, batch_size, sizes):
    loader = Loader(numbers(count), batch_size)
    assert [len(y) for _, y in loader.batches()] == sizes
    assert len(loader) == len(sizes)
    assert sorted(order(loader, 0)) == list(range(count))


def test_the_order_is_settled_by_seed_and_epoch():
    loader = Loader(numbers(50), 7, seed=3)
    assert order(loader, 1) == order(Loader(numbers(50), 11, seed=3), 1), "whatever the batch size"
    assert order(loader, 0) != order(loader, 1)
    assert order(loader, 0) != order(Loader(numbers(50), 7, seed=4), 0)
    assert order(Loader(numbers(50), 7, shuffle=False), 5) == list(range(50))


def test_inputs_and_labels_stay_together():
    for x, y in Loader(numbers(20), 6).batches():
        assert (x[:, 0] % 2 == y).all()


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match="batch_size is 0"):
        Loader(numbers(3), 0)
    with pytest.raises(ConfigError, match="empty"):
        Loader(numbers(0), 3)
