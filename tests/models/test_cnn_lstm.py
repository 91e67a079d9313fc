"""cnn-lstm: pictures or sequences, of any length, trained at full speed."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import ConfigError, Trainer, models
from pellucid.optim import SGD
from tests.checks import ENGINES
from tests.nn.conftest import replays  # noqa: F401
from tests.nn.replays import both


def batches(lengths, seed=0):
    rng = np.random.default_rng(seed)
    for T in lengths:
        shape = (4, 1, 12, 8) if T is None else (4, T, 1, 12, 8)
        yield rng.standard_normal(shape).astype(np.float32), rng.integers(0, 3, 4)


def trainer():
    model = models.cnn_lstm(hidden=5, num_classes=3, height=12, width=8).build((1, 12, 8), seed=1)
    return Trainer(model, SGD(model.parameters(), lr=0.05, momentum=0.9), seed=2, lint=False)


def test_a_picture_is_a_sequence_of_one(rng):
    model, x = trainer().model, rng.standard_normal((4, 1, 12, 8)).astype(np.float32)
    assert_array_equal(model(x), model(x[:, None]))


@pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
def test_both_halves_are_replayed(replays, monkeypatch):  # noqa: F811
    """With the same bits as step by step, also where the length of the sequences changes on the way."""

    def run():
        ours = trainer()
        losses = [ours.train_step(x, y)["loss"] for x, y in batches([3] * 6 + [None] * 5 + [2] * 4)]
        return [*losses, ours.model.parameters().data]

    both(monkeypatch, run)
    assert len(replays) == 4 * (4 + 4 + 3), "the first step fills the arena, and one after each change is recorded"


def test_it_learns_what_one_frame_cannot_tell():
    """A bright row moves up or down; where it begins is random."""
    rng = np.random.default_rng(0)
    starts, ways = rng.integers(3, 9, 256), rng.integers(0, 2, 256)
    x = 0.1 * rng.standard_normal((256, 3, 1, 12, 8)).astype(np.float32)
    for t in range(3):
        x[np.arange(256), t, 0, starts + t * (2 * ways - 1)] += 1
    assert trainer().fit((x, ways), epochs=20, batch_size=32)["accuracy"][-1] > 0.95
    assert trainer().fit((x[:, 1], ways), epochs=20, batch_size=32)["accuracy"][-1] < 0.8


def test_a_picture_of_another_size_is_named():
    with pytest.raises(ConfigError, match="input_size"):
        models.cnn_lstm(height=3)
