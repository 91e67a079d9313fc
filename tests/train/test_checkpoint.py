"""Checkpoints: a run that goes on is the run that never stopped, to the bit; a damaged file is known as such."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from pellucid import FileError
from pellucid.nn import CrossEntropyLoss
from pellucid.optim import Constant, OneCycleLR, StepLR
from pellucid.train import (
    Checkpointer,
    EarlyStopping,
    digest,
    newest,
    read_checkpoint,
    restore,
    save_checkpoint,
)
from pellucid.train.checkpoint import checkpoint_bytes
from tests.train.runs import StopAt, make


def final(trainer):
    return digest(trainer.model), trainer.history.rows, trainer.step, trainer.epoch, trainer.batch


@pytest.mark.parametrize("kind", ["adam", "sgd"])
@pytest.mark.parametrize("step", [1, 5, 6, 7, 17])
def test_it_goes_on_as_if_nothing_had_been(tmp_path, points, kind, step):
    """Stopped in the first batch, before an epoch's last, at it, behind it, before the end: 6 batches an epoch."""
    whole = make(kind, clip_norm=0.5)
    whole.fit(points, 3, validation=points, batch_size=18)
    cut = make(kind, [StopAt(step)], clip_norm=0.5)
    cut.fit(points, 3, validation=points, batch_size=18)
    assert (cut.step, cut.stopped) == (step, "here")
    save_checkpoint(cut, tmp_path / "c")
    again = make(kind, clip_norm=0.5)
    restore(again, read_checkpoint(tmp_path / "c"))
    assert (again.step, again.epoch, again.batch) == (step, cut.epoch, cut.batch)
    again.fit(points, 3 - again.epoch, validation=points, batch_size=18)
    assert final(again) == final(whole)
    assert checkpoint_bytes(again) == checkpoint_bytes(whole)


def test_the_same_run_writes_the_same_bytes_and_one_entry_of_metadata(points):
    contents = []
    for _ in range(2):
        trainer = make()
        trainer.fit(points, 1, batch_size=18)
        contents.append(checkpoint_bytes(trainer, {"recipe": {"lr": 0.1}}))
    assert contents[0] == contents[1]
    header = json.loads(contents[0][8 : 8 + int.from_bytes(contents[0][:8], "little")])
    assert list(header["__metadata__"]) == ["pellucid"]
    state = json.loads(header["__metadata__"]["pellucid"])
    assert state["about"] == {"recipe": {"lr": 0.1}}
    assert {"seed", "epoch", "step", "batch", "history", "optimizer", "schedule", "loss", "format"} <= state.keys()


def test_settings_of_the_optimiser_are_taken_over(tmp_path, points):
    trainer = make(schedule=False)
    trainer.optimizer.lr = 0.007
    trainer.fit(points, 1)
    save_checkpoint(trainer, tmp_path / "c")
    again = make(schedule=False)
    restore(again, read_checkpoint(tmp_path / "c"))
    assert (again.optimizer.lr, again.optimizer.betas, again.optimizer.steps) == (0.007, (0.8, 0.9), trainer.step)


def test_the_next_schedule_begins_where_it_would_have(tmp_path, points):
    """The rate that a checkpoint brings was set by the schedule, not by hand."""
    trainer, again = make(), make()
    trainer.fit(points, 1, batch_size=18)
    save_checkpoint(trainer, tmp_path / "c")
    restore(again, read_checkpoint(tmp_path / "c"))
    assert Constant(again.optimizer).lr(0) == Constant(trainer.optimizer).lr(0) == 0.03


@pytest.mark.parametrize("place", range(0, 2400, 97))
def test_any_flipped_bit_is_noticed(tmp_path, points, place):
    trainer = make()
    trainer.fit(points, 1, batch_size=50)
    content = bytearray(checkpoint_bytes(trainer))
    content[place % len(content)] ^= 1 << place % 8
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(FileError):
        read_checkpoint(tmp_path / "c")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (save({"a": np.zeros(1)}), "is a safetensors file but no checkpoint"),
        (save({"a": np.zeros(1)}, {"pellucid": "no json"}), "no checkpoint of pellucid"),
        (save({"a": np.zeros(1)}, {"pellucid": "[1]"}), "no checkpoint of pellucid"),
        (save({"a": np.zeros(1)}, {"pellucid": '{"format": 99}'}), "has format 99, this version reads format 1"),
        (save({"a": np.zeros(1)}, {"pellucid": '{"format": 1}'}), "damaged: its SHA-256"),
    ],
)
def test_a_foreign_file_is_named(tmp_path, content, words):
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(FileError, match=words):
        read_checkpoint(tmp_path / "c")


def test_with_a_model_a_checkpoint_of_another_is_refused_unread(tmp_path):
    save_checkpoint(make(width=5), tmp_path / "c")
    with pytest.raises(FileError, match=r"does not fit the model: .*0\.weight has shape \(5, 3\), expected \(16, 3\)"):
        read_checkpoint(tmp_path / "c", make().model)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda: make("sgd"), "optimizer is Adam, this trainer's SGD"),
        (lambda: make(seed=1), "seed is 0, this trainer's 1"),
        (lambda: make(schedule=False), "schedule is .*OneCycleLR.*, this trainer's None"),
        (lambda: make(clip_norm=1.0), "clip_norm is None, this trainer's 1.0"),
        (
            lambda: make(loss=CrossEntropyLoss(label_smoothing=0.1)),
            "loss is .*'label_smoothing': 0.0.* this trainer's .* 0.1",
        ),
        (lambda: make(width=5), "0.weight has shape"),
    ],
)
def test_a_checkpoint_that_does_not_fit_changes_nothing(tmp_path, points, other, words):
    trainer = make()
    trainer.fit(points, 1)
    save_checkpoint(trainer, tmp_path / "c")
    victim = other()
    before = final(victim)
    with pytest.raises(FileError, match=words):
        restore(victim, read_checkpoint(tmp_path / "c"), "c")
    assert final(victim) == before


def test_a_schedule_of_another_kind_or_length(tmp_path):
    save_checkpoint(make(), tmp_path / "c")
    for rule in (lambda o: StepLR(o, 3), lambda o: OneCycleLR(o, 0.1, total_steps=19)):
        other = make(schedule=False)
        other.schedule = rule(other.optimizer)
        with pytest.raises(FileError, match="schedule is"):
            restore(other, read_checkpoint(tmp_path / "c"))


def test_early_stopping_goes_on_with_its_best_weights(tmp_path, points):
    def stopping():
        return make(callbacks=[EarlyStopping("val_loss", patience=3)], schedule=False)

    whole = stopping()
    whole.optimizer.lr = 0.3
    whole.fit(points, 12, validation=points)
    for epochs in range(1, whole.epoch + 1):
        cut = stopping()
        cut.optimizer.lr = 0.3
        cut.callbacks = (*cut.callbacks, Checkpointer(tmp_path / str(epochs)))
        cut.fit(points, epochs, validation=points)
        again = stopping()
        _, checkpoint = newest(tmp_path / str(epochs), again.model, pytest.fail)
        restore(again, checkpoint)
        again.fit(points, 12 - epochs, validation=points)
        assert final(again) == final(whole)
