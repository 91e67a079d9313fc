"""Residual and Concat: two ways through, one gradient; in a Sequential they are replayed with it."""

import copy

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError, native
from pellucid.nn import (
    Add,
    Concat,
    Concatenate,
    Conv2d,
    Linear,
    MaxPool2d,
    Multiply,
    Predictor,
    ReLU,
    Residual,
    Sequential,
)
from tests.checks import ENGINES
from tests.nn.branching import diamond, inception, residual
from tests.nn.replays import SHAPE, batches, both, gradients_add_up, trainer_of

NETS = [residual, inception, diamond]
NATIVE = pytest.mark.skipif(native.engine is None, reason="no native engine")


def test_a_misfit_is_named():
    with pytest.raises(ShapeError, match="Residual: body gives \\(4,\\) but its input has \\(3,\\)"):
        Residual(Linear(3, 4)).build((3,))
    with pytest.raises(ShapeError, match="Residual: body gives \\(4,\\) but shortcut gives \\(5,\\)"):
        Residual(Linear(3, 4), Linear(3, 5)).build((3,))
    with pytest.raises(ShapeError, match="layer 'shortcut': linear:"):
        Residual(Linear(3, 4), Linear(2, 4)).build((3,))
    with pytest.raises(ShapeError, match=r"concatenate: .* differ in more than axis 1"):
        Concat(Conv2d(1, 2, 1), Conv2d(1, 2, 3)).build((1, 5, 5))
    with pytest.raises(ShapeError, match=r"layer 'branches\.1': max_pool2d: kernel 3x3"):
        Concat(Conv2d(1, 2, 1), MaxPool2d(3)).build((1, 2, 2))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Residual(np.ones(3)), "body is a ndarray, not a Module"),
        (lambda: Residual(ReLU(), 1), "shortcut is a int, not a Module"),
        (lambda: Concat(), "no branches"),
        (lambda: Concat(ReLU(), None), "branch 1 is a NoneType"),
        (lambda: Concat(ReLU(), axis=0), "axis is 0, at least 1"),
        (lambda: Concatenate(axis=0), "axis is 0, at least 1"),
    ],
)
def test_what_is_no_branch_is_refused(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


@pytest.mark.parametrize("join", [Add(), Multiply(), Concatenate()])
def test_a_join_needs_a_tuple(join):
    with pytest.raises(ShapeError, match="it joins several inputs"):
        join(np.ones((2, 3)))


def test_three_factors_and_their_gradients():
    product = Multiply()
    assert product(tuple(np.full((1, 1), v) for v in (2.0, 3.0, 5.0))).tolist() == [[30.0]]
    assert [g.tolist() for g in product.backward(np.ones((1, 1)))] == [[[15.0]], [[10.0]], [[6.0]]]


def test_names_are_those_of_the_parts():
    assert list(Residual(Sequential(Linear(2, 2)), Linear(2, 2)).build((2,)).state_dict()) == [
        *("body.0.weight", "body.0.bias", "shortcut.weight", "shortcut.bias")
    ]
    assert list(Concat(Linear(2, 2), ReLU()).build((2,)).state_dict()) == ["branches.0.weight", "branches.0.bias"]
    assert repr(Residual(Sequential(ReLU()))) == "Residual(\n  (body): Sequential(\n    (0): ReLU()\n  )\n)"
    assert repr(Concat(ReLU(), axis=2)) == "Concat(\n  (0): ReLU()\n, axis=2)"


@pytest.mark.parametrize("make", NETS)
def test_without_an_input_gradient_the_others_are_the_same(make, rng):
    model = make().build(SHAPE, seed=1)
    x, g = (rng.standard_normal((4, *shape)).astype(np.float32) for shape in (SHAPE, (3,)))
    found = []
    for needed in (True, False):
        model.require_input_grad(needed)
        model.start_step(0)
        model.parameters().zero_grad()
        model(x)
        back = model.backward(g)
        assert (back is not None) == needed
        found.append(model.parameters().grad.tobytes())
    assert found[0] == found[1]


def test_a_layer_in_both_ways_hands_its_gradient_on(rng):
    shared = Linear(3, 3)
    net = Residual(Sequential(Linear(3, 3), shared), shared).build((3,), dtype=np.float64)
    x, g = rng.standard_normal((2, 4, 3))
    for needed in (True, False):
        net.require_input_grad(needed)
        net.parameters().zero_grad()
        net(x)
        net.backward(g)
        first = net.body[0].weight
        np.testing.assert_allclose(first.grad, (g @ shared.weight.data).T @ x, rtol=1e-12)


@pytest.mark.parametrize("make", NETS)
def test_a_predictor_gives_what_the_network_gives(make, rng):
    model = make().build(SHAPE, seed=1).eval()
    x = rng.standard_normal((5, *SHAPE)).astype(np.float32)
    predict, expected = Predictor(model), model(x)
    model.parameters().data[...] = 0
    assert predict(x).tobytes() == expected.tobytes()
    np.testing.assert_allclose(predict(x[:1]), expected[:1], rtol=1e-6, atol=1e-6)


@NATIVE
@pytest.mark.parametrize("make", NETS)
def test_a_network_with_branches_is_replayed_whole(make, monkeypatch, replays):
    def run():
        trainer = trainer_of(make())
        losses = [trainer.train_step(*batch)["loss"] for batch in batches(6)]
        return [*losses, trainer.model.parameters().data]

    both(monkeypatch, run)
    assert len(replays) == 2 * 4, "forward and backward, from the third step on"


@NATIVE
def test_a_hook_inside_ends_the_replay_and_sees_everything(monkeypatch, replays):
    def run():
        model, seen = residual(), []
        trainer = trainer_of(model)
        for i, batch in enumerate(batches(9)):
            if i == 4:
                handle = model[2].body[0].register_forward_hook(lambda module, x, y: seen.append(y))
            if i == 6:
                handle.remove()
            trainer.train_step(*batch)
        return [trainer.model.parameters().data, np.array(len(seen)), *seen]

    both(monkeypatch, run)


@NATIVE
@pytest.mark.parametrize("make", NETS)
def test_a_backward_that_adds_goes_through_all_parts(make, replays):
    """It is no replay, and takes from the layers what the replayed forward left out."""
    gradients_add_up(make, 9)
    assert replays


@NATIVE
@pytest.mark.parametrize("make", NETS)
def test_instruction_sets_and_threads_change_no_bit(make):
    found, before = set(), native.engine.thread_count()
    try:
        for engine in ENGINES:
            for threads in (1, 2, 3):
                with native.using(engine):
                    native.engine.set_thread_count(threads)
                    trainer = trainer_of(make())
                    for batch in batches(4, sizes=(13,)):
                        trainer.train_step(*batch)
                    found.add(trainer.model.parameters().data.tobytes())
    finally:
        native.engine.set_thread_count(before)
    assert len(found) == 1


def test_copies_are_whole(rng):
    model = residual().build(SHAPE, seed=1).eval()
    x = rng.standard_normal((2, *SHAPE)).astype(np.float32)
    twin, expected = copy.deepcopy(model), model(x)
    model.parameters().data[...] = 0
    assert twin(x).tobytes() == expected.tobytes()
