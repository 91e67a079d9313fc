"""The average of the weights: what is trained is as without it, what is used is the average; and runs go on."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.nn import BatchNorm1d, Linear, Module, Sequential
from pellucid.nn.parameter import Buffer
from pellucid.optim import SGD
from pellucid.train import (
    Callback,
    Checkpointer,
    EarlyStopping,
    Trainer,
    WeightAverage,
    digest,
    newest,
    restore,
)
from tests.train.runs import StopAt, make


class Weights(Callback):
    """The weights in the model after each step, and at the end of each epoch."""

    def __init__(self):
        self.steps, self.epochs, self.evaluated = [], [], []

    def on_step_end(self, trainer, means):
        self.steps.append(trainer.model.parameters().data.copy())

    def on_epoch_end(self, trainer, row):
        self.epochs.append(trainer.model.parameters().data.copy())


def run(points, ema, callbacks=(), epochs=3):
    trainer = make(callbacks=callbacks, ema=ema)
    trainer.fit(points, epochs, validation=points, batch_size=18)
    return trainer


def test_training_is_the_same_and_the_model_has_the_average(points):
    plain, averaged = Weights(), Weights()
    one, other = run(points, None, [plain]), run(points, 0.9, [averaged])
    assert np.array_equal(plain.steps, averaged.steps)
    assert one.history["loss"] == other.history["loss"]
    expected, total = np.zeros_like(plain.steps[0], np.float64), 0.0
    for weights in plain.steps:  # from zero, with the correction for it
        expected, total = 0.9 * expected + 0.1 * weights, 0.9 * total + 0.1
    assert_allclose(other.model.parameters().data, expected / total, rtol=1e-5, atol=1e-6)
    assert np.array_equal(other.model.parameters().data, averaged.epochs[-1])
    assert not np.allclose(averaged.epochs[-1], averaged.steps[-1], rtol=1e-3)


def test_validation_is_of_the_average_and_is_evaluate_to_the_bit(points):
    trainer, weights = run(points, 0.9, [recorder := Weights()]), recorder.epochs[-1]
    row = trainer.history.rows[-1]
    assert trainer.evaluate(points) == {"loss": row["val_loss"], "accuracy": row["val_accuracy"]}
    plain = make()
    plain.model.parameters().data = weights
    assert plain.evaluate(points) == trainer.evaluate(points)
    assert run(points, None).history["val_loss"] != trainer.history["val_loss"]


def test_evaluation_in_the_middle_of_an_epoch_is_of_the_average_and_changes_nothing(points):
    class Look(Callback):
        def on_step_end(self, trainer, means):
            before = trainer.model.parameters().data.copy()
            found.append(trainer.evaluate(points)["loss"])
            with trainer.averaged_weights():
                means = trainer.model.parameters().data.copy()
            assert np.array_equal(trainer.model.parameters().data, before)
            plain.model.parameters().data = means
            expected.append(plain.evaluate(points)["loss"])

    found, expected, plain = [], [], make()
    looked = run(points, 0.9, [Look()])
    assert found == expected
    assert digest(looked.model) == digest(run(points, 0.9).model)


def test_a_run_in_two_parts_is_the_run_in_one(points):
    parts = run(points, 0.9, epochs=1)
    parts.fit(points, 2, validation=points, batch_size=18)
    whole = run(points, 0.9)
    assert parts.history.rows == whole.history.rows
    assert digest(parts.model) == digest(whole.model)


def test_steps_by_hand_go_on_from_the_trained_weights(points):
    plain, averaged = make(), make(ema=0.5)
    for _ in range(4):
        plain.train_step(*points)
        averaged.train_step(*points)
    assert digest(plain.model) != digest(averaged.model)
    with averaged.trained_weights():
        assert digest(plain.model) == digest(averaged.model)


def test_weights_that_somebody_loads_are_where_both_begin_anew(points):
    trainer, other = run(points, 0.9, epochs=1), make(seed=5)
    trainer.model.load_state_dict(other.model.state_dict())
    with trainer.trained_weights():
        assert digest(trainer.model) == digest(other.model)
    assert digest(trainer.model) == digest(other.model)
    assert trainer.average.steps == 0
    trainer.train_step(*points)
    assert trainer.average.steps == 1


def test_early_stopping_keeps_and_restores_the_best_average(tmp_path, points):
    recorder = Weights()
    trainer = make("sgd", [recorder, EarlyStopping("val_loss", patience=2)], schedule=False, ema=0.8)
    trainer.optimizer.lr = 1.5
    trainer.fit(points, 40, validation=points, batch_size=18)
    best = trainer.history.best("val_loss")
    assert trainer.stopped is not None
    assert best == len(trainer.history) - 3
    assert np.array_equal(trainer.model.parameters().data, recorder.epochs[best])
    row = trainer.history.rows[best]
    assert trainer.evaluate(points) == {"loss": row["val_loss"], "accuracy": row["val_accuracy"]}


class Drift(Module):
    """Adds a buffer that grows by 1 in each training forward, and counts them."""

    def __init__(self):
        self.mean, self.count = Buffer((2,)), Buffer((1,))

    def forward(self, x):
        if self.training:
            self.mean.data[...] += 1
        return x + self.mean.data

    def backward(self, grad_y):
        return grad_y


def test_buffers_are_averaged_as_weights_are(points):
    model = Sequential(Linear(3, 2), Drift()).build((3,))
    trainer = Trainer(model, SGD(model.parameters(), lr=0.01), ema=0.5)
    for _ in range(3):
        trainer.train_step(*points)
    assert_allclose(model[1].mean.data, (1 * 1 + 2 * 2 + 4 * 3) / 7)
    with trainer.trained_weights():
        assert_allclose(model[1].mean.data, 3)


def test_what_counts_steps_is_no_average(points):
    model = Sequential(Linear(3, 4), BatchNorm1d(4), Linear(4, 2), BatchNorm1d(2)).build((3,))
    trainer = Trainer(model, SGD(model.parameters(), lr=0.01), ema=0.5)
    for step in range(1, 4):  # in each of them the two sets change places twice
        trainer.train_step(*points)
        assert [int(model[i].num_batches_tracked.data) for i in (1, 3)] == [step, step]


@pytest.mark.parametrize("step", [1, 5, 6, 7, 17])
def test_a_run_that_is_cut_goes_on_bit_for_bit(tmp_path, points, step):
    """Six batches an epoch: cut in the first step, within an epoch, at its end, after it."""

    def keeper(name):
        return Checkpointer(tmp_path / name, keep=99)

    def trainer(*callbacks):
        return make(callbacks=[EarlyStopping("val_loss", patience=9), *callbacks], ema=0.9, clip_value=0.1)

    whole = trainer(keeper("whole"))
    whole.fit(points, 3, validation=points, batch_size=18)
    trainer(StopAt(step), keeper("cut")).fit(points, 3, validation=points, batch_size=18)
    again = trainer(keeper("cut"))
    path, checkpoint = newest(tmp_path / "cut", again.model, pytest.fail)
    restore(again, checkpoint)
    again.callbacks[-1].adopt(path)
    assert again.step == again.average.steps == step
    again.fit(points, 3 - again.epoch, validation=points, batch_size=18)
    assert digest(again.model) == digest(whole.model)
    assert again.history.rows == whole.history.rows
    for file in (tmp_path / "whole").iterdir():
        assert (tmp_path / "cut" / file.name).read_bytes() == file.read_bytes()


def test_a_failed_run_ends_with_the_average(points):
    class Fail(Callback):
        def on_step_end(self, trainer, means):
            if trainer.step == 9:
                raise RuntimeError

    trainer = make(callbacks=[Fail()], ema=0.9)
    with pytest.raises(RuntimeError):
        trainer.fit(points, 3, batch_size=18)
    used = digest(trainer.model)
    with trainer.trained_weights():
        assert digest(trainer.model) != used
    assert digest(trainer.model) == used


def test_an_impossible_decay_is_refused():
    with pytest.raises(ConfigError, match=r"Trainer: ema is 1\.5"):
        make(ema=1.5)


def test_a_state_that_does_not_fit_is_refused():
    average = WeightAverage(make().model, 0.9)
    with pytest.raises(ValueError, match="weights in training: are"):
        average.load_state_dict({"weights": np.zeros(3)}, 1)
