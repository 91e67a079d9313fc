"""Replay in steps that are made by hand: gradients that add up, passes that nest, hooks that come in between."""

import numpy as np
import pytest

from pellucid import ConfigError, nn
from pellucid.ops._memory import Arena
from tests.checks import ENGINES
from tests.nn.replays import SHAPE, batches, gradients_add_up, normed, small

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")


@pytest.mark.parametrize("make", [small, normed])
def test_a_hook_that_comes_between_forward_and_backward(make, replays, recorded):
    """The backward goes step by step then, over what the replayed forward would have left."""
    model, arena, found = make().build(SHAPE), Arena(), []
    expected = make().build(SHAPE)
    for i, (x, _) in enumerate(batches(5)):
        g = np.full((6, 3), 0.5, np.float32)
        with arena.step():
            model.start_step(i, 0)
            model.parameters().zero_grad()
            model.forward(x)
            if i == 4:
                model[-1].register_backward_hook(lambda layer, grad_x, grad_y: found.append(grad_y.copy()))
            grad_x = model.backward(g).copy()
        expected.start_step(i, 0)
        expected.parameters().zero_grad()
        expected.forward(x)
        assert grad_x.tobytes() == expected.backward(g).tobytes()
        assert model.parameters().grad.tobytes() == expected.parameters().grad.tobytes()
    assert len(found) == 1
    assert bool(replays) == recorded


@pytest.mark.parametrize("make", [small, normed])
def test_gradients_of_several_batches_add_up(make, replays, recorded):
    gradients_add_up(make, 12)
    assert bool(replays) == recorded


def test_two_passes_in_one_step_go_back_in_reverse_order(recorded):
    model, arena, expected = small().build(SHAPE), Arena(), small().build(SHAPE)
    g = np.full((6, 3), 0.5, np.float32)

    class Twice(nn.Module):
        def __init__(self):
            self.body = small()

        def forward(self, x):
            return self.body(x) + self.body(x * np.float32(0.5))

        def backward(self, grad_y):
            second = self.body.backward(grad_y) * np.float32(0.5)
            return self.body.backward(grad_y) + second

        def output_shape(self, input_shape):
            return self.body.output_shape(input_shape)

    model, expected = Twice().build(SHAPE), Twice().build(SHAPE)
    for i, (x, _) in enumerate(batches(6)):
        for one, step in ((model, arena.step()), (expected, Arena().step())):
            one.parameters().zero_grad()
            with step:
                one.start_step(i, 0)
                y = one.forward(x).copy()
                grad_x = one.backward(g).copy()
                if one is model:
                    kept = y, grad_x
        assert kept[0].tobytes() == y.tobytes()
        assert kept[1].tobytes() == grad_x.tobytes()
        assert model.parameters().grad.tobytes() == expected.parameters().grad.tobytes()


def test_backward_twice_is_an_error_after_a_replay_too(replays):
    model, arena = small().build(SHAPE), Arena()
    for x, _ in batches(5):
        with arena.step():
            model.parameters().zero_grad()
            model(x)
            model.backward(np.ones((6, 3), np.float32))
            with pytest.raises(ConfigError, match="without a forward"):
                model.backward(np.ones((6, 3), np.float32))
    assert replays


def test_a_gradient_that_is_the_input(recorded):
    """Recorded so, later ones differ from it."""
    model, expected = (nn.Sequential(nn.Linear(4, 4), nn.Tanh()).build((4,)) for _ in range(2))
    arena, rng = Arena(), np.random.default_rng(0)
    for i in range(6):
        x, other = rng.standard_normal((2, 3, 4)).astype(np.float32)
        g = x if i < 3 else other
        for one in (model, expected):
            one.parameters().zero_grad()
        with arena.step():
            model.forward(x)
            grad_x = model.backward(g).copy()
        expected.forward(x)
        assert grad_x.tobytes() == expected.backward(g).tobytes()
        assert model.parameters().grad.tobytes() == expected.parameters().grad.tobytes()
