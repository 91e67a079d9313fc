"""Several small batches in one step are the large batch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.data import Dataset, Loader
from pellucid.nn import CrossEntropyLoss, Dropout, Linear, ReLU, Sequential
from pellucid.optim import SGD, OneCycleLR
from pellucid.train import Callback, Trainer, digest, read_checkpoint, restore, save_checkpoint
from tests.train.runs import StopAt, make


def plain(accumulate=1, loss=None, dtype=np.float64, **settings):
    model = Sequential(Linear(3, 8), ReLU(), Linear(8, 2)).build((3,), seed=1, dtype=dtype)
    return Trainer(model, SGD(model.parameters(), lr=0.5, momentum=0.9), loss, accumulate=accumulate, **settings)


def batches(x, y, size, weights=None):
    cuts = range(0, len(x), size)
    if weights is None:
        return [(x[i : i + size], y[i : i + size]) for i in cuts]
    return [(x[i : i + size], y[i : i + size], weights[i : i + size]) for i in cuts]


@pytest.mark.parametrize("weighted", [False, True], ids=["", "sample weights"])
@pytest.mark.parametrize(
    "options",
    [{}, {"weight": [1.0, 3.5]}, {"label_smoothing": 0.2}, {"reduction": "sum"}],
    ids=lambda options: "".join(options) or "mean",
)
@pytest.mark.parametrize("clip", [{}, {"clip_norm": 0.05}, {"clip_value": 0.01}])
def test_small_batches_in_one_step_are_the_large_one(points, rng, weighted, options, clip):
    """101 samples: 30, 30, 30, 11 or in tens, of which the last epoch's end has one."""
    x, y = points
    weights = rng.random(101) * 4 if weighted else None
    large, small = plain(loss=CrossEntropyLoss(**options), **clip), plain(3, CrossEntropyLoss(**options), **clip)
    lr = 0.01 if "reduction" in options else 0.5
    large.optimizer.lr = small.optimizer.lr = lr
    large.fit(batches(x, y, 30, weights), 2)
    small.fit(batches(x, y, 10, weights), 2)
    assert small.step == large.step == 8
    assert_allclose(small.model.parameters().data, large.model.parameters().data, rtol=1e-11, atol=1e-13)
    for name in ("loss", "accuracy"):
        assert_allclose(small.history[name], large.history[name], rtol=1e-12)


def test_a_last_batch_that_is_smaller_counts_less(points):
    """Batches of 60 and 41 samples in one step: not the mean of their gradients."""
    x, y = points
    large, small = plain(), plain(2)
    large.fit([(x, y)], 1)
    small.fit([(x[:60], y[:60]), (x[60:], y[60:])], 1)
    assert_allclose(small.model.parameters().data, large.model.parameters().data, rtol=1e-12, atol=1e-14)


def test_samples_that_weigh_nothing_move_nothing(points):
    trainer = plain(2)
    before = digest(trainer.model)
    trainer.fit(batches(*points, 50, np.zeros(101)), 1)
    assert digest(trainer.model) == before


def test_schedules_and_callbacks_count_optimiser_steps(points):
    class Recorder(Callback):
        def on_step_end(self, trainer, means):
            seen.append((trainer.step, trainer.batch, trainer.optimizer.lr))

    seen = []
    trainer = plain(4, callbacks=[Recorder()])  # 101 in batches of 11: 10 batches, 3 steps an epoch
    trainer.schedule = rule = OneCycleLR(trainer.optimizer, 0.1, total_steps=6)
    trainer.fit(points, 2, batch_size=11)
    rates = [rule.lr(step) for step in range(6)]
    assert seen == list(zip([1, 2, 3, 4, 5, 6], [4, 8, 10] * 2, rates, strict=True))
    with pytest.raises(ConfigError, match="made for 6 steps, asked for step 9"):
        trainer.fit(points, 1, batch_size=11)
    assert trainer.step == 6


def test_each_small_batch_has_a_dropout_mask_of_its_own():
    class Masks(Dropout):
        def forward(self, x):
            y = super().forward(x)
            seen.append((y != 0).copy())
            return y

    seen = []
    model = Sequential(Masks(0.5), Linear(50, 2)).build((50,))
    trainer = Trainer(model, SGD(model.parameters()), accumulate=2)
    trainer.fit([(np.ones((4, 50), np.float32), np.zeros(4, int))] * 2, 1)
    assert not np.array_equal(*seen)


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("ema", [None, 0.8])
def test_a_run_that_is_cut_goes_on_bit_for_bit(tmp_path, points, step, ema):
    """Six batches and two steps an epoch; there is no checkpoint within a step."""
    settings = {"accumulate": 4, "ema": ema}
    whole = make(**settings)
    whole.fit(points, 3, batch_size=18)
    cut = make(callbacks=[StopAt(step)], **settings)
    cut.fit(points, 3, batch_size=18)
    assert cut.batch in (0, 4, 6)
    save_checkpoint(cut, tmp_path / "c")
    again = make(**settings)
    restore(again, read_checkpoint(tmp_path / "c"))
    again.fit(points, 3 - again.epoch, batch_size=18)
    assert digest(again.model) == digest(whole.model)
    assert again.history.rows == whole.history.rows
    assert whole.step == 6


def test_batches_are_made_one_by_one(points):
    """Each when its turn comes; a step that fails has them all to show."""

    class Counted(Loader):
        def batches(self, *arguments):
            for batch in super().batches(*arguments):
                made.append(1)
                assert len(made) == len(used) + 1
                yield batch

    made, used = [], []
    trainer = plain(3)
    forward = trainer.loss.forward
    trainer.loss.forward = lambda *a: used.append(1) or forward(*a)
    trainer.fit(Counted(Dataset(*points), 10), 1)
    assert len(made) == 10


@pytest.mark.parametrize("count", [0, -1, 1.5])
def test_an_impossible_count(count):
    with pytest.raises(ConfigError, match="Trainer: accumulate is"):
        plain(count)
