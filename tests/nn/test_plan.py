"""Replay: what ran once step by step runs again in one native call, and computes the same to the bit."""

import numpy as np
import pytest

from pellucid import native, nn
from pellucid.ops._memory import Arena
from pellucid.optim import Adam
from tests.checks import ENGINES
from tests.nn.replays import batches, both, every_layer, small, trainer_of

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")


@pytest.mark.parametrize("make", [every_layer, small])
@pytest.mark.parametrize("needs_input_grad", [True, False])
def test_training_has_the_same_bits(make, needs_input_grad, replays, monkeypatch):
    def run():
        trainer = trainer_of(make(), Adam, clip_norm=1.0)
        trainer.model.require_input_grad(needs_input_grad)
        losses = [trainer.train_step(x, y)["loss"] for x, y in batches(12)]
        return [*losses, trainer.model.parameters().data]

    both(monkeypatch, run)
    assert len(replays) == 20, "ten steps of twelve: the first fills the arena, the second is recorded"


def test_each_thread_count_and_instruction_set(replays, monkeypatch):
    """A recording names kernels, not the instruction set that it was made with."""

    def run():
        trainer, before = trainer_of(small()), native.engine.thread_count()
        try:
            for i, (x, y) in enumerate(batches(12)):
                with native.using(ENGINES[i % len(ENGINES)]):
                    native.engine.set_thread_count(1 + i % 3)
                    trainer.train_step(x, y)
        finally:
            native.engine.set_thread_count(before)
        return [trainer.model.parameters().data]

    both(monkeypatch, run)
    assert replays


def change_dropout(trainer):
    trainer.model[3].p = 0.75


def change_pool(trainer):
    trainer.model[2].kernel_size = trainer.model[2].stride = (2, 2)
    trainer.model[2].stride = (2, 2)


def plain_mode(trainer):
    trainer.model.fusing = False


def eval_mode(trainer):
    trainer.model.eval()


def input_gradient(trainer):
    trainer.model.require_input_grad(False)


def other_weights(trainer):
    trainer.model.parameters().data *= 0.5
    trainer.model.parameters().data = trainer.model.parameters().data + 0.01
    trainer.model[0].weight.data = np.ones_like(trainer.model[0].weight.data)


def own_forward(trainer):
    relu = trainer.model[1]
    forward = relu.forward
    relu.forward = lambda x: forward(x * np.float32(0.5))


def evaluation(trainer):
    x, y = batches(1, sizes=(17,))[0]
    trainer.evaluate((x, y))


def another_rate(trainer):
    trainer.optimizer.lr = 0.1


@pytest.mark.parametrize(
    "change",
    [
        change_dropout, change_pool, plain_mode, eval_mode, input_gradient, other_weights, own_forward, evaluation,
        another_rate,
    ],
)  # fmt: skip
def test_what_changes_between_steps_counts(change, replays, monkeypatch):
    def run():
        trainer = trainer_of(small())
        found = []
        for i, (x, y) in enumerate(batches(10)):
            if i == 5:
                change(trainer)
            found.append(trainer.train_step(x, y)["loss"])
        return [*found, trainer.model.parameters().data]

    both(monkeypatch, run)
    assert replays


def test_batches_of_other_sizes_and_strides(replays, monkeypatch):
    def run():
        trainer = trainer_of(small())
        for i, (x, y) in enumerate(batches(15, sizes=(6, 6, 6, 4))):
            trainer.train_step(np.asfortranarray(x) if i % 5 == 4 else x, y)
        return [trainer.model.parameters().data]

    both(monkeypatch, run)
    assert replays


def test_an_input_that_must_be_copied_is_never_replayed(replays):
    trainer = trainer_of(small())
    for x, y in batches(6):
        trainer.train_step(x[:, :, ::-1], y)
    assert not any(recording.given[0].ndim == 4 for recording in replays)


def hooked(model, seen):
    model[3].register_forward_hook(lambda layer, x, y: seen.append(y))
    model[5].register_backward_hook(lambda layer, grad_x, grad_y: seen.append(grad_y))


def test_hooks_see_each_step(monkeypatch):
    def run():
        trainer, seen = trainer_of(small()), []
        for i, (x, y) in enumerate(batches(8)):
            if i == 4:
                hooked(trainer.model, seen)
            trainer.train_step(x, y)
        assert len(seen) == 8
        return [*seen, trainer.model.parameters().data]

    both(monkeypatch, run)


def test_a_hook_on_the_whole_sees_each_replay(replays, monkeypatch):
    def run():
        trainer, seen = trainer_of(small()), []
        trainer.model.register_forward_hook(lambda layer, x, y: seen.extend((x, y)))
        for x, y in batches(6):
            trainer.train_step(x, y)
        assert len(seen) == 12
        return seen

    both(monkeypatch, run)
    assert replays


class Half(nn.Module):
    """A layer of a user's: NumPy, which no recording sees."""

    def forward(self, x):
        return x * np.float32(0.5)

    def backward(self, grad_y):
        return grad_y * np.float32(0.5)


class Doubled(nn.ReLU):
    """A subclass that computes something else."""

    def forward(self, x):
        return super().forward(x) * np.float32(2)

    def backward(self, grad_y):
        return super().backward(grad_y * np.float32(2))


@pytest.mark.parametrize("layer", [Half, Doubled])
def test_a_layer_that_is_not_kernels_alone_is_run_each_time(layer, replays, monkeypatch):
    def run():
        trainer = trainer_of(nn.Sequential(nn.Flatten(), nn.Linear(144, 5), layer(), nn.Linear(5, 3)))
        for x, y in batches(6):
            trainer.train_step(x, y)
        return [trainer.model.parameters().data]

    both(monkeypatch, run)
    assert not replays


def test_networks_within_a_network_replay_by_themselves(replays, monkeypatch):
    def run():
        inner = nn.Sequential(nn.Linear(144, 5), nn.ReLU(), nn.Dropout(0.5))
        trainer = trainer_of(nn.Sequential(nn.Flatten(), inner, Half(), nn.Sequential(nn.Linear(5, 3))))
        for x, y in batches(6):
            trainer.train_step(x, y)
        return [trainer.model.parameters().data]

    both(monkeypatch, run)
    assert len(replays) == 4 * 2 * 2


def test_a_layer_that_stands_twice(monkeypatch):
    def run():
        shared = nn.Linear(5, 5)
        trainer = trainer_of(nn.Sequential(nn.Flatten(), nn.Linear(144, 5), shared, nn.ReLU(), shared, nn.Linear(5, 3)))
        for x, y in batches(6):
            trainer.train_step(x, y)
        return [trainer.model.parameters().data]

    both(monkeypatch, run)


def test_tied_weights(monkeypatch):
    def run():
        one, other = nn.Linear(5, 5), nn.Linear(5, 5)
        other.weight = one.weight
        trainer = trainer_of(nn.Sequential(nn.Flatten(), nn.Linear(144, 5), one, nn.ReLU(), other, nn.Linear(5, 3)))
        for x, y in batches(6):
            trainer.train_step(x, y)
        return [trainer.model.parameters().data]

    both(monkeypatch, run)


@pytest.mark.parametrize("make", [lambda: nn.Dropout(0.0), nn.Dropout, nn.ReLU, nn.Flatten])
def test_networks_that_hand_on_their_input(make, recorded):
    """What comes out may be what went in: a replay has no array of its own then."""
    model, arena = nn.Sequential(make()).build((4,)).eval(), Arena()
    for i in range(5):
        x = np.full((3, 4), i + 1, np.float32)
        with arena.step():
            assert model(x).tolist() == x.tolist()
            assert model.backward(x + 1).tolist() == (x + 1).tolist()


def test_evaluation_replays_and_leaves_nothing_behind(replays):
    trainer = trainer_of(small())
    x = batches(1, sizes=(600,))[0][0]
    expected = trainer.model.eval()(x).copy()
    trainer.model.train()
    with native.using(ENGINES[-1]):
        logits = trainer.predict_logits(x)
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)
    assert not replays, "two batches of 256: one that fills the arena, one that is recorded"
    trainer.predict_logits(np.concatenate([x, x]))
    assert replays
