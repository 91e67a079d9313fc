"""Frozen layers: their gradients stay zero, backward ends before them, and a recording is made anew."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import Trainer, native, nn
from pellucid.optim import SGD, Adam
from pellucid.train import Callback
from tests.checks import ENGINES
from tests.nn.replays import SHAPE, batches, both, small, trainer_of

engines = pytest.mark.parametrize("engine", [*ENGINES, "numpy"])


def gradients(model, x):
    model.parameters().zero_grad()
    grad_x = model.backward(np.ones_like(model(x)))
    return grad_x, {name: p.grad.copy() for name, p in model.named_parameters()}


@engines
@pytest.mark.parametrize("fused", [True, False])
def test_the_other_gradients_do_not_notice(engine, fused):
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 2), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3)
    ).build(SHAPE, seed=3)
    model.fusing = fused
    ((x, _),) = batches(1)
    with native.using(engine):
        grad_x, free = gradients(model, x)
        for frozen in ([0], [3], [6], [0, 3], [0, 3, 6]):
            for i in frozen:
                model[i].freeze()
            again, found = gradients(model, x)
            assert_array_equal(again, grad_x)
            for name, gradient in found.items():
                assert_array_equal(gradient, 0 if int(name[0]) in frozen else free[name])
            model.unfreeze()
        model[0].bias.frozen = True
        _, found = gradients(model, x)
    assert_array_equal(found["0.bias"], 0)
    assert_array_equal(found["0.weight"], free["0.weight"])


def test_backward_ends_at_the_first_layer_that_is_trained():
    model = small()
    model.build(SHAPE)
    model[0].freeze()
    seen = []
    for i in (0, 5):
        model[i].register_backward_hook(lambda layer, grad_x, grad_y: seen.append((layer.path, grad_x is None)))
    ((x, _),) = batches(1)
    model.require_input_grad(False)
    assert gradients(model, x)[0] is None
    assert seen == [("5", True)], "the frozen convolution was not asked"
    model.unfreeze()
    model.require_input_grad(False)
    gradients(model, x)
    assert seen[1:] == [("5", False), ("0", True)]
    model.require_input_grad(True)
    assert gradients(model, x)[0] is not None


class Thaw(Callback):
    def on_epoch_begin(self, trainer, epoch):
        if epoch == 2:
            trainer.model.unfreeze()


class Freeze(Callback):
    def on_epoch_begin(self, trainer, epoch):
        if epoch == 2:
            trainer.model[0].freeze()


@pytest.mark.parametrize("callback", [Thaw, Freeze])
def test_freezing_between_epochs_is_noticed_by_fit_and_replay(monkeypatch, callback):
    """As by steps of one's own, in which backward never ends early."""
    data = batches(4)

    def run():
        trainer = trainer_of(small(), Adam, callbacks=[callback()])
        if callback is Thaw:
            trainer.model[0].freeze()
        start = trainer.model[0].weight.data.copy()
        trainer.fit(data, 1)
        assert (trainer.model[0].weight.data == start).all() == (callback is Thaw)
        trainer.fit(data, 2)
        assert (trainer.model[0].weight.data != start).any()
        return [trainer.model.parameters().data]

    both(monkeypatch, run)
    trainer = trainer_of(small(), Adam)
    trainer.model.train()
    for epoch in range(3):
        for x, labels in data:
            trainer.model[0]._freeze((epoch == 0) == (callback is Thaw))
            trainer.train_step(x, labels)
    assert_array_equal(trainer.model.parameters().data, run()[0])


def test_freezing_before_build_and_tied_weights():
    first, second = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
    second.weight = first.weight
    model = nn.Sequential(first, nn.Tanh(), second, nn.Linear(3, 2))
    first.freeze()
    model.build((3,), seed=1)
    assert model.parameters().frozen == (True, False, False)
    assert [s.start for s in model.parameters().trainable] == [9]
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    before = first.weight.data.copy()
    trainer = Trainer(model, SGD(model.parameters(), 0.1))
    trainer.fit([(x, np.arange(5) % 2)], 2)
    assert_array_equal(first.weight.data, before)
