"""Trainer: it learns, it repeats itself, and it measures what it says."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, Trainer, models
from pellucid.data import Dataset, Loader
from pellucid.nn import CrossEntropyLoss, Linear, Sequential
from pellucid.optim import SGD, Adam, OneCycleLR
from pellucid.train import Callback, digest


class Recorder(Callback):
    def __init__(self):
        self.events, self.rates = [], []

    def on_train_begin(self, trainer, epochs, batches):
        self.events.append(("train", epochs, batches))

    def on_epoch_begin(self, trainer, epoch):
        self.events.append(("epoch", epoch))

    def on_step_end(self, trainer, means):
        self.events.append(("step", trainer.step, means["loss"]))
        self.rates.append(trainer.optimizer.lr)

    def on_epoch_end(self, trainer, row):
        self.events.append(("row", row))

    def on_train_end(self, trainer):
        self.events.append(("end",))


def test_it_learns(make_trainer, points):
    trainer = make_trainer()
    history = trainer.fit(points, 15, validation=points)
    assert history["loss"][-1] < history["loss"][0] / 2
    assert history["val_accuracy"][-1] > 0.95
    assert trainer.epoch == len(history) == 15
    assert history["epoch"] == list(range(1, 16))


def test_it_learns_digits(digits):
    train, test = digits
    model = models.mnist_cnn().build(train.input_shape)
    trainer = Trainer(model, Adam(model.parameters(), lr=0.002))
    trainer.fit(train, 6, batch_size=30)
    assert trainer.evaluate(test)["accuracy"] > 0.75


def test_one_seed_one_result(make_trainer, points):
    runs = []
    for seed in (0, 0, 1):
        trainer = make_trainer(seed)
        runs.append((trainer.fit(points, 3, validation=points).rows, digest(trainer.model)))
    assert runs[0] == runs[1]
    assert runs[0][1] != runs[2][1]


def test_dropout_follows_the_trainers_seed(points):
    digests = set()
    for seed in (0, 1):
        model = models.mnist_cnn().build((1, 28, 28), seed=0)
        trainer = Trainer(model, SGD(model.parameters()), seed=seed)
        trainer.train_step(np.ones((2, 1, 28, 28), np.float32), np.array([0, 1]))
        digests.add(digest(model))
    assert len(digests) == 2


def test_a_run_in_two_parts_is_the_run_in_one(make_trainer, points):
    whole, parts = make_trainer(), make_trainer()
    whole.fit(points, 4)
    parts.fit(points, 1)
    parts.fit(points, 3)
    assert whole.history.rows == parts.history.rows
    assert digest(whole.model) == digest(parts.model)


def test_a_step_is_the_sum_of_its_parts(make_trainer, points):
    """The same numbers by hand: forward, loss, backward, one optimiser step."""
    x, labels = points[0][:8], points[1][:8]
    trainer, by_hand = make_trainer(), make_trainer()
    model, loss = by_hand.model, CrossEntropyLoss()
    for step in range(3):
        trainer.train_step(x, labels)
        model.start_step(step)
        by_hand.optimizer.zero_grad()
        loss(model(x), labels)
        model.backward(loss.backward())
        by_hand.optimizer.step()
        assert digest(trainer.model) == digest(model)


def test_the_last_validation_is_evaluate_to_the_bit(make_trainer, points):
    trainer = make_trainer()
    row = trainer.fit(points, 2, validation=points).rows[-1]
    assert trainer.evaluate(points) == {"loss": row["val_loss"], "accuracy": row["val_accuracy"]}


def test_means_weigh_samples_not_batches(make_trainer, points):
    """101 samples in batches of 30: 30, 30, 30, 11."""
    trainer = make_trainer()
    logits = trainer.predict_logits(points[0])
    by_hand = CrossEntropyLoss()(logits, points[1])
    for batch_size in (7, 30, 101):
        loader = Loader(Dataset(*points), batch_size, shuffle=False)
        assert trainer.evaluate(loader)["loss"] == pytest.approx(by_hand, rel=1e-6)
        assert trainer.evaluate(loader)["accuracy"] == (logits.argmax(axis=1) == points[1]).mean()


def test_evaluation_and_prediction_change_nothing(make_trainer, points):
    trainer = make_trainer()
    trainer.fit(points, 1)
    before = digest(trainer.model)
    first = trainer.predict(points[0])
    trainer.evaluate(points)
    assert trainer.predict(points[0]).tobytes() == first.tobytes(), "no dropout in predictions"
    assert digest(trainer.model) == before
    assert trainer.model.training


def test_predictions_are_probabilities(make_trainer, points, digits):
    trainer = make_trainer()
    p = trainer.predict(points[0])
    assert p.shape == (101, 2)
    assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    assert (p.argmax(axis=1) == trainer.predict_logits(points[0]).argmax(axis=1)).all()


def test_a_data_set_is_normalised_before_it_is_predicted(digits):
    _, test = digits
    model = models.mnist_cnn().build(test.input_shape)
    trainer = Trainer(model, Adam(model.parameters()))
    x, _ = test.batch(np.arange(len(test)))
    assert_allclose(trainer.predict(test), trainer.predict(x), rtol=1e-5, atol=1e-6)


def test_float64_all_the_way(make_trainer, points):
    trainer = make_trainer(dtype=np.float64)
    trainer.fit(points, 1)
    assert trainer.predict(points[0]).dtype == trainer.optimizer.slots["m"].dtype == np.float64


def test_own_metrics(make_trainer, points):
    trainer = make_trainer(metrics={"top": lambda logits, targets: logits.max(axis=1)})
    assert list(trainer.fit(points, 1).rows[0]) == ["epoch", "lr", "loss", "top"]


def test_a_schedule_sets_each_steps_rate(make_trainer, points):
    trainer = make_trainer()
    trainer.schedule = schedule = OneCycleLR(trainer.optimizer, 0.1, total_steps=8)
    trainer.callbacks = (recorder := Recorder(),)
    history = trainer.fit(points, 4, batch_size=51)
    assert recorder.rates == [schedule.lr(step) for step in range(8)]
    assert history["lr"] == recorder.rates[1::2], "the rate of each epoch's last step"


def test_a_schedule_that_is_too_short_is_told_before_anything_moves(make_trainer, points):
    trainer = make_trainer()
    trainer.schedule = OneCycleLR(trainer.optimizer, 0.1, total_steps=3)
    before = digest(trainer.model)
    with pytest.raises(ConfigError, match="made for 3 steps, asked for step 4"):
        trainer.fit(points, 2, batch_size=51)
    for _ in range(3):
        trainer.train_step(*points)
    after = digest(trainer.model)
    with pytest.raises(ConfigError, match="made for 3 steps, asked for step 4"):
        trainer.train_step(*points)
    assert digest(trainer.model) == after != before
    assert trainer.step == trainer.optimizer.steps == 3


def test_without_a_schedule_the_rate_is_the_users(make_trainer, points):
    trainer = make_trainer()
    trainer.train_step(*points)
    trainer.optimizer.lr = 0.001
    trainer.train_step(*points)
    assert trainer.optimizer.lr == 0.001


def test_callbacks_hear_of_everything(make_trainer, points):
    recorder = Recorder()
    make_trainer(callbacks=[recorder]).fit(points, 1, batch_size=51)
    kinds = [event[0] for event in recorder.events]
    assert kinds == ["train", "epoch", "step", "step", "row", "end"]
    assert recorder.events[0] == ("train", 1, 2)
    assert recorder.events[3][2] == recorder.events[4][1]["loss"]


def test_an_interrupted_run_says_goodbye(make_trainer, points):
    class Stop(Recorder):
        def on_step_end(self, trainer, means):
            raise KeyboardInterrupt

    recorder = Stop()
    trainer = make_trainer(callbacks=[recorder])
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(points, 1)
    assert recorder.events[-1] == ("end",)
    trainer.callbacks = ()
    trainer.fit(points, 1)  # and it can go on


def test_steps_allocate_no_new_outputs(make_trainer, points):
    """From the second step on, op outputs lie where those of the second step lay."""
    trainer, seen = make_trainer(), []
    watch = trainer.model[0].forward
    object.__setattr__(trainer.model[0], "forward", lambda x: seen.append(y := watch(x)) or y)
    for _ in range(3):
        trainer.train_step(*points)
    assert seen[1].ctypes.data == seen[2].ctypes.data


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda t, p: t.fit(p, -1), "epochs is -1"),
        (lambda t, p: t.fit((p[0], p[1][:5]), 1), "101 inputs but labels of shape"),
        (lambda t, p: Trainer(Sequential(Linear(3, 2)).build((3,)), t.optimizer), "made for another model"),
        (
            lambda t, p: Trainer(Sequential(Linear(3, 2)), t.optimizer),
            r"call build\(input_shape, seed\) first",
        ),
    ],
)
def test_mistakes_are_named(make_trainer, points, act, words):
    with pytest.raises(ValueError, match=words):
        act(make_trainer(), points)
