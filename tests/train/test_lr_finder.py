"""The range test: it finds where a network learns, and changes nothing on its way."""

import copy
import json
import math
import sys

import numpy as np
import pytest

from pellucid import ConfigError, FileError, PellucidError
from pellucid.nn import Linear, Module, Sequential
from pellucid.nn.parameter import Buffer
from pellucid.optim import SGD, OneCycleLR
from pellucid.train import Callback, LRCurve, Trainer, lr_find
from pellucid.train.checkpoint import checkpoint_bytes
from tests.train.runs import make


class Counter(Module):
    """Counts its training forwards in a buffer."""

    def __init__(self):
        self.count = Buffer((1,))

    def forward(self, x):
        self.count.data[...] += self.training
        return x

    def backward(self, grad_y):
        return grad_y


def bowl(**settings):
    """Linear regression of two classes by SGD: learns between some 1e-3 and 10, diverges beyond."""
    model = Sequential(Linear(3, 2), Counter()).build((3,), seed=0)
    return Trainer(model, SGD(model.parameters(), lr=0.1, momentum=0.5), **settings)


@pytest.mark.parametrize("settings", [{}, {"ema": 0.9}, {"accumulate": 2, "clip_norm": 1.0, "clip_value": 0.5}])
def test_everything_stays_as_it_was(points, settings):
    class Deaf(Callback):
        def on_step_end(self, trainer, means):
            pytest.fail("a callback was called")

    def state(trainer):
        loss, model = trainer.loss, trainer.model
        return (
            checkpoint_bytes(trainer), model.parameters().grad.tobytes(), model.training, model.needs_input_grad,
            loss.losses.tobytes(), vars(trainer.optimizer)["lr"], trainer.optimizer.betas, trainer.optimizer.base_lr,
            trainer.schedule.steps, trainer.stopped, trainer.normalize, model.random_key(), dict(vars(trainer)).keys(),
        )  # fmt: skip

    trainer, other = make(**settings), make(**settings)
    for each in (trainer, other):
        each.fit(points, 1, batch_size=18)
        each.model.eval()
    trainer.callbacks = (Deaf(),)
    lr_find(trainer, points, steps=30)
    assert state(trainer) == state(other)
    trainer.callbacks = ()
    for each in (trainer, other):
        each.fit(points, 2, batch_size=18)
    assert checkpoint_bytes(trainer) == checkpoint_bytes(other)


def test_buffers_stay(points):
    trainer = bowl()
    lr_find(trainer, points, steps=10)
    assert trainer.model[1].count.data.tolist() == [0]


def test_it_finds_where_the_loss_falls(points):
    curve = lr_find(bowl(), points, start=1e-5, end=1e3, steps=80, batch_size=25)
    assert 1e-3 < curve.suggestion < 10
    assert curve.loss[curve.lr < 1e-3].min() > 0.5 * curve.loss[0]
    assert curve.diverged
    assert len(curve.lr) == len(curve.loss) == len(curve.smoothed) < 80
    again = lr_find(bowl(), points, start=1e-5, end=1e3, steps=80, batch_size=25)
    assert again.loss.tobytes() == curve.loss.tobytes()


def test_each_loss_is_that_before_a_step_at_that_rate(points):
    """By hand, over more than one epoch."""
    x, y = points
    curve = lr_find(bowl(), [(x[:60], y[:60]), (x[60:], y[60:])], start=0.01, end=1.0, steps=5)
    by_hand = bowl()
    for step in range(5):
        by_hand.optimizer.lr = 0.01 * 100 ** (step / 4)
        assert curve.lr[step] == pytest.approx(by_hand.optimizer.lr, rel=1e-14)
        part = slice(60, 101) if step % 2 else slice(0, 60)
        expected = by_hand.evaluate((x[part], y[part]))["loss"]
        assert curve.loss[step] == pytest.approx(expected, rel=1e-6)
        by_hand.train_step(x[part], y[part])


def test_the_loss_of_several_batches_is_that_of_all(points):
    x, y = points
    whole = lr_find(bowl(), [(x, y)], steps=5)
    parts = lr_find(bowl(accumulate=2), [(x[:60], y[:60]), (x[60:], y[60:])], steps=5)
    np.testing.assert_allclose(parts.loss, whole.loss, rtol=1e-5)


def test_a_straight_line_of_rates(points):
    curve = lr_find(bowl(), points, start=0.1, end=0.5, steps=5, logarithmic=False)
    assert curve.lr == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert not curve.diverged


def test_the_smoothed_curve_by_a_slow_loop(points):
    curve = lr_find(bowl(), points, steps=20, smoothing=0.7)
    for i, value in enumerate(curve.smoothed):
        shares = [0.7 ** abs(i - j) for j in range(len(curve.loss))]
        assert value == pytest.approx(sum(s * v for s, v in zip(shares, curve.loss, strict=True)) / sum(shares))
    plain = lr_find(bowl(), points, steps=20, smoothing=0)
    assert plain.smoothed.tobytes() == plain.loss.tobytes()


def curve_of(losses, lr=None):
    losses = np.array(losses, float)
    lr = np.geomspace(1e-3, 1, len(losses)) if lr is None else lr
    return LRCurve(lr, losses, losses, True, False)


def test_the_suggestion_is_the_steepest_descent_before_the_minimum():
    losses = [5, 5, 5, 4.9, 4.5, 3, 1.5, 1, 0.9, 2, 9, 3, 2, 1.5, 1.2, 1.1, 1, 1, 1, 1]  # 9 to 3 is steeper
    curve = curve_of(losses)
    assert curve.suggestion == curve.lr[5]


@pytest.mark.parametrize("losses", [[1, 2, 3, 4, 5] * 4, [1] * 20, [1.0], []])
def test_where_nothing_falls_there_is_no_suggestion(losses):
    assert curve_of(sorted(losses)).suggestion is None


def test_a_loss_that_is_no_number_ends_it(points):
    class Break(Counter):
        def forward(self, x):
            return super().forward(x) * (np.float32(np.nan) if self.count.data[0] > 7 else 1)

    model = Sequential(Linear(3, 2), Break()).build((3,))
    curve = lr_find(Trainer(model, SGD(model.parameters())), points, steps=40, end=0.01)
    assert curve.diverged
    assert len(curve.lr) == len(curve.loss) == 7
    assert np.isfinite(curve.loss).all()


def test_a_loss_that_is_no_number_from_the_start_is_an_error(points):
    trainer = bowl()
    trainer.model[0].weight.data = np.full((2, 3), np.nan)
    with pytest.raises(PellucidError, match="lr_find: the loss is no finite number before the first step"):
        lr_find(trainer, points)


def test_other_errors_are_not_taken_for_divergence(points):
    class Fail(Module):
        def forward(self, x):
            raise PellucidError("broken")

    model = Sequential(Linear(3, 2), Fail()).build((3,))
    with pytest.raises(PellucidError, match="broken"):
        lr_find(Trainer(model, SGD(model.parameters())), points)


def test_a_schedule_has_no_part(points):
    trainer = bowl()
    trainer.schedule = OneCycleLR(trainer.optimizer, 0.1, total_steps=2)
    before = copy.deepcopy(vars(trainer.schedule))["steps"], trainer.optimizer.lr
    assert len(lr_find(trainer, points, steps=10, end=0.1).loss) == 10
    assert (trainer.schedule.steps, trainer.optimizer.lr) == before


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"start": 0}, "start 0 and end"),
        ({"start": 1, "end": 0.5}, "start 1 and end 0.5"),
        ({"end": math.inf}, "end inf"),
        ({"steps": 1}, "steps is 1, at least 2"),
        ({"smoothing": 1}, "smoothing is 1"),
        ({"diverged": 1}, "diverged is 1"),
    ],
)
def test_impossible_settings(points, settings, words):
    with pytest.raises(ConfigError, match=words):
        lr_find(bowl(), points, **settings)


def test_it_is_drawn(tmp_path, points):
    matplotlib = pytest.importorskip("matplotlib")
    curve = lr_find(bowl(), points, start=1e-5, end=1e3, steps=60)
    axes = curve.plot()
    lines = {line.get_label(): line for line in axes.lines}
    assert np.array_equal(lines["smoothed"].get_xdata(), curve.lr)
    assert np.array_equal(lines["smoothed"].get_ydata(), curve.smoothed)
    assert lines[f"falls fastest: {curve.suggestion:.2g}"].get_xdata().tolist() == [curve.suggestion]
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "learning rate"
    assert curve.plot(axes) is axes
    for name, begin in (("a.png", b"\x89PNG"), ("a.svg", b"<?xml")):
        curve.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begin)
    assert "matplotlib.pyplot" not in sys.modules, matplotlib
    with pytest.raises(FileError, match=r"a\.xyz: cannot be written: .*xyz"):
        curve.save(tmp_path / "a.xyz")
    with pytest.raises(FileError, match="cannot be written: No such file"):
        curve.save(tmp_path / "none" / "a.png")


def test_a_curve_without_a_suggestion_is_drawn_too():
    pytest.importorskip("matplotlib")
    assert len(curve_of([1, 1, 1]).plot().lines) == 2


def test_without_matplotlib_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r"matplotlib is missing; pip install .pellucid\[plot\]"):
        curve_of([1, 2]).plot()


def test_it_is_plain_data(points):
    curve = lr_find(bowl(), points, steps=10)
    data = json.loads(json.dumps(curve.to_dict()))
    assert data["lr"] == curve.lr.tolist()
    assert data["suggestion"] == curve.suggestion
