"""Replay where it must not: other arenas, other engines, layers and parameters that are not what they were."""

import numpy as np
import pytest

from pellucid import DtypeError, Trainer, native, nn, ops
from pellucid.ops._memory import Arena
from pellucid.optim import SGD
from tests.checks import ENGINES
from tests.nn.replays import batches, both, small, trainer_of

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")


def test_an_attribute_that_is_taken_away_counts(replays, monkeypatch):
    def run():
        trainer = trainer_of(small())
        trainer.model[3].training = False
        found = []
        for i, (x, y) in enumerate(batches(8)):
            if i == 4:
                del trainer.model[3].training
            found.append(trainer.train_step(x, y)["loss"])
        return found

    both(monkeypatch, run)
    assert replays


class Halved(nn.parameter.Parameter):
    """A parameter whose data are computed each time that somebody asks."""

    @property
    def data(self):
        return super().data * np.float32(0.5)

    @data.setter
    def data(self, values):
        flat, part = self._placed()
        flat.data[part] = values.ravel()


def test_parameters_that_compute_their_data(monkeypatch):
    def run():
        model = small()
        model[5].weight = Halved((3, 36), "he_uniform")
        trainer = trainer_of(model)
        return [trainer.train_step(x, y)["loss"] for x, y in batches(8)]

    both(monkeypatch, run)


def test_a_layer_that_gets_an_op_of_its_own(replays, monkeypatch):
    def run():
        trainer = trainer_of(nn.Sequential(nn.Flatten(), nn.Linear(144, 5), nn.Tanh(), nn.Linear(5, 3)))
        found = []
        for i, (x, y) in enumerate(batches(8)):
            if i == 4:
                trainer.model[2].op = (lambda x: (np.sin(x), x), lambda grad_y, x: grad_y * np.cos(x))
            found.append(trainer.train_step(x, y)["loss"])
        return found

    both(monkeypatch, run)
    assert replays


def test_an_input_of_another_byte_order_is_refused_as_ever(replays):
    trainer = trainer_of(small())
    for x, y in batches(5):
        trainer.train_step(x, y)
    assert replays
    with pytest.raises(DtypeError, match="convert it"):
        trainer.train_step(x.astype(x.dtype.newbyteorder()), y)


def test_the_numpy_engine_runs_layers_one_by_one_after_a_plain_replay(replays, monkeypatch):
    """Nothing is fused before or after: the engine alone tells that the recording is another's."""

    def run():
        trainer = trainer_of(small())
        with trainer.model.plain():
            for x, y in batches(5):
                trainer.train_step(x, y)
            before = len(replays)
            with native.using("numpy"):
                losses = [trainer.train_step(x, y)["loss"] for x, y in batches(3)]
            assert len(replays) == before
        return losses

    both(monkeypatch, run)
    assert replays


def test_two_trainers_of_one_model(replays, monkeypatch):
    """The arrays of a recording are those of one arena."""

    def run():
        one = trainer_of(small())
        other = Trainer(one.model, SGD(one.model.parameters(), lr=0.01), seed=6)
        found = []
        for i, (x, y) in enumerate(batches(16)):
            found.append((other if i % 5 == 4 or i > 12 else one).train_step(x, y)["loss"])
        return [*found, one.model.parameters().data]

    both(monkeypatch, run)
    assert replays


def test_a_run_of_an_arena_is_dealt_again_where_it_stands_only():
    one, other = Arena(), Arena()
    for arena in (one, other, one):
        with arena.step():
            for size in (3, 4, 5):
                arena.array((size,), np.float32, images=False)
            run = arena.dealt_since(1)
    with other.step():
        other.array((3,), np.float32, images=False)
        assert not other.deal_again(run), "another arena's"
    with one.step():
        assert not one.deal_again(run), "it does not come next"
        one.array((3,), np.float32, images=False)
        assert one.deal_again(run)
        assert not one.deal_again(run), "it was dealt"
    with one.step():
        one.array((3,), np.float32, images=False)
        one.array((9,), np.float32, images=False)
        one.array((5,), np.float32, images=False)
    with one.step():
        one.array((3,), np.float32, images=False)
        assert not one.deal_again(run), "its arrays are no longer the ones to deal"


def test_an_evaluation_of_as_many_samples(replays, monkeypatch):
    """Nothing but the mode tells its batches from those of training."""

    def run():
        trainer, found = trainer_of(small()), []
        for x, y in batches(10):
            found.append(trainer.train_step(x, y)["loss"])
            if len(found) == 5:
                found += trainer.evaluate((x, y)).values()
        return [*found, trainer.model.parameters().data]

    both(monkeypatch, run)
    assert replays


def test_no_samples(recorded):
    model, arena = nn.Sequential(nn.Linear(4, 4), nn.Dropout()).build((4,)), Arena()
    for _ in range(4):
        with arena.step():
            assert model(np.zeros((0, 4), np.float32)).shape == (0, 4)


class Looking(nn.Module):
    """Computes something by the way, and hands on what it got: forwards, or backwards alone."""

    kernels_only = True

    def __init__(self, forwards):
        self.forwards = forwards

    def forward(self, x):
        y, saved = ops.relu_forward(x)
        self.keep(saved)
        return x if self.forwards else y

    def backward(self, grad_y):
        ops.relu_backward(grad_y, self.kept())
        return grad_y


@pytest.mark.parametrize("forwards", [True, False])
def test_what_comes_out_as_it_went_in(forwards, recorded):
    """An output in the input's memory, or a gradient in that of the output's: a replay would give those it recorded."""
    model, arena = nn.Sequential(Looking(forwards)).build((4,)), Arena()
    given = [np.full((2, 4), i, np.float32) for i in range(12)]  # none is gone when the next one comes
    for x, g in zip(given[::2], given[1::2], strict=True):
        with arena.step():
            assert np.array_equal(model(x), x)
            model.parameters().zero_grad()
            assert np.array_equal(model.backward(g), g)
