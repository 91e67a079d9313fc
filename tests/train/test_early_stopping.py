"""EarlyStopping: it stops in time, and the best weights come back."""

from itertools import pairwise

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.train import Callback, EarlyStopping, digest


class Script(Callback):
    """Writes a val_loss of the test's own into each row, and remembers the weights of each epoch."""

    def __init__(self, losses):
        self.losses, self.digests = losses, []

    def on_epoch_end(self, trainer, row):
        row["val_loss"] = trainer.history.rows[-1]["val_loss"] = self.losses[len(trainer.history) - 1]
        self.digests.append(digest(trainer.model))


def run(make_trainer, points, losses, **settings):
    script, stopping = Script(losses), EarlyStopping(**settings)
    trainer = make_trainer(callbacks=[script, stopping])
    trainer.fit(points, len(losses))
    return trainer, script


def test_it_stops_when_nothing_gets_better_and_takes_the_best_weights(make_trainer, points):
    trainer, script = run(make_trainer, points, [3, 2, 2.5, 2, 1, 0], patience=2)
    assert trainer.epoch == 4, "an equal value is no improvement"
    assert trainer.stopped == "no better val_loss in 2 epochs"
    assert digest(trainer.model) == script.digests[1]


def test_the_best_weights_come_back_at_the_natural_end_too(make_trainer, points):
    trainer, script = run(make_trainer, points, [3, 1, 2], patience=5)
    assert trainer.epoch == 3
    assert trainer.stopped is None
    assert digest(trainer.model) == script.digests[1]


def test_they_stay_where_they_are_if_told_so(make_trainer, points):
    trainer, script = run(make_trainer, points, [1, 2, 3], patience=2, restore_best=False)
    assert digest(trainer.model) == script.digests[2]


def test_a_run_that_somebody_stopped_keeps_its_last_weights(make_trainer, points):
    class Impatient(Callback):
        def on_epoch_end(self, trainer, row):
            if trainer.epoch == 2:
                trainer.stop("enough")

    script = Script([1, 2, 3])
    trainer = make_trainer(callbacks=[script, EarlyStopping(patience=5), Impatient()])
    trainer.fit(points, 3)
    assert trainer.stopped == "enough"
    assert digest(trainer.model) == script.digests[1]


def test_what_stopped_a_run_first_is_why_it_stopped(make_trainer, points):
    """Ctrl-C during the validation after which patience would end."""

    class Signal(Script):
        def on_epoch_end(self, trainer, row):
            super().on_epoch_end(trainer, row)
            if trainer.epoch == 2:
                trainer.stop("SIGINT")

    script = Signal([1, 2, 3])
    trainer = make_trainer(callbacks=[script, EarlyStopping(patience=1)])
    trainer.fit(points, 3)
    assert trainer.stopped == "SIGINT"
    assert digest(trainer.model) == script.digests[1]


def test_a_run_that_fails_keeps_the_weights_it_had(make_trainer, points):
    class Fail(Callback):
        def on_epoch_end(self, trainer, row):
            if trainer.epoch == 2:
                raise RuntimeError

    script = Script([1, 2, 3])
    trainer = make_trainer(callbacks=[script, EarlyStopping(patience=5), Fail()])
    with pytest.raises(RuntimeError):
        trainer.fit(points, 3)
    assert digest(trainer.model) == script.digests[1] != script.digests[0]


def test_a_small_improvement_is_none(make_trainer, points):
    trainer, _ = run(make_trainer, points, [3, 2.9, 2.8, 2.7], patience=2, min_delta=0.5)
    assert trainer.epoch == 3


def test_accuracies_are_to_rise(make_trainer, points):
    trainer = make_trainer(callbacks=[EarlyStopping("accuracy", patience=1)])
    trainer.fit(points, 50)
    accuracy = trainer.history["accuracy"]
    assert all(a < b for a, b in pairwise(accuracy[:-1]))
    assert accuracy[-1] <= accuracy[-2]


def test_a_run_that_has_ended_does_not_go_on(make_trainer, points):
    trainer, _ = run(make_trainer, points, [1, 2, 3, 4], patience=2)
    step, weights = trainer.step, trainer.model.parameters().data.copy()
    trainer.fit(points, 1)
    assert trainer.step == step
    assert np.array_equal(trainer.model.parameters().data, weights)


@pytest.mark.parametrize(
    ("column", "settings", "best"),
    [("val_loss", {}, 1), ("val_accuracy", {}, 2), ("val_top_2", {"mode": "max"}, 2), ("val_top_2", {}, 1),
     ("val_accuracy", {"mode": "min"}, 1), ("lr", {"mode": "max"}, 2)],
)  # fmt: skip
def test_any_column_may_be_watched_either_way(make_trainer, points, column, settings, best):
    class Column(Script):
        def on_epoch_end(self, trainer, row):
            row[column] = trainer.history.rows[-1][column] = self.losses[len(trainer.history) - 1]
            self.digests.append(digest(trainer.model))

    script = Column([5, 1, 9, 4, 4])
    trainer = make_trainer(callbacks=[script, EarlyStopping(column, patience=2, **settings)])
    trainer.fit(points, 5)
    assert trainer.epoch == best + 3
    assert digest(trainer.model) == script.digests[best]


@pytest.mark.parametrize("mode", ["min", "max"])
def test_what_is_no_number_is_never_the_best(make_trainer, points, mode):
    trainer, script = run(make_trainer, points, [np.nan, 2, np.nan, 2, np.nan], patience=3, mode=mode)
    assert trainer.epoch == 5
    assert digest(trainer.model) == script.digests[1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"patience": 0}, "patience is 0"), ({"min_delta": -1}, "min_delta"), ({"mode": "up"}, "mode is 'up', expected")],
)
def test_impossible_settings(settings, words):
    with pytest.raises(ConfigError, match=words):
        EarlyStopping(**settings)


def test_what_is_not_measured_is_named(make_trainer, points):
    trainer = make_trainer(callbacks=[EarlyStopping()])
    with pytest.raises(ConfigError, match=r"'val_loss' is not measured; measured are .* give fit validation data"):
        trainer.fit(points, 1)
