"""Loader: every sample once an epoch, in an order that seed and epoch settle."""

from threading import current_thread

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


def bits(batches):
    return [[(a.dtype, a.shape, a.tobytes()) for a in batch] for batch in batches]


@pytest.mark.parametrize("prefetch", [False, True])
def test_an_epoch_can_be_taken_up_in_its_middle(prefetch, monkeypatch):
    loader = Loader(numbers(23), 4, seed=2, prefetch=prefetch)
    whole = bits(loader.batches(3))
    made, batch = [], Dataset.batch
    monkeypatch.setattr(Dataset, "batch", lambda self, *a: made.append(a) or batch(self, *a))
    for start in range(len(loader) + 1):
        made.clear()
        assert bits(loader.batches(3, start=start)) == whole[start:]
        assert len(made) == len(loader) - start, "what is skipped is not made"
    for start in (-1, len(loader) + 1):
        with pytest.raises(ConfigError, match=f"start is {start}, an epoch has 6 batches"):
            loader.batches(start=start)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_come_as_a_third_array(dtype):
    data = Dataset(np.arange(7.0)[:, None], np.zeros(7, int), sample_weights=np.arange(7) / 8)
    for x, _, w in Loader(data, 3).batches(dtype=dtype):
        assert w.dtype == dtype
        assert w.tolist() == (x[:, 0] / 8).tolist()


def test_prefetching_changes_no_bit(rng):
    data = Dataset(rng.integers(0, 256, (50, 1, 5, 4), np.uint8), rng.integers(0, 3, 50), sample_weights=rng.random(50))
    for epoch in range(2):
        batches = [bits(Loader(data, 8, seed=1, prefetch=p).batches(epoch, np.float64)) for p in (False, True)]
        assert batches[0] == batches[1]


def test_only_a_prefetching_loader_has_a_thread(monkeypatch):
    makers, batch = [], Dataset.batch
    monkeypatch.setattr(Dataset, "batch", lambda self, *a: makers.append(current_thread()) or batch(self, *a))
    for prefetch in (False, True):
        makers.clear()
        list(Loader(numbers(6), 3, prefetch=prefetch).batches())
        assert (set(makers) == {current_thread()}) is not prefetch
