"""Checkpoints: a run that goes on is the run that never stopped, to the bit; a damaged file is known as such."""

import json

import numpy as np
import pytest
from safetensors.numpy import save

from pellucid import ConfigError, FileError
from pellucid.nn import Dropout, Linear, Sequential
from pellucid.optim import SGD, Adam, OneCycleLR, StepLR
from pellucid.train import (
    Callback,
    Checkpointer,
    EarlyStopping,
    Trainer,
    digest,
    newest,
    read_checkpoint,
    restore,
    save_checkpoint,
)
from pellucid.train.checkpoint import checkpoint_bytes
from pellucid.train.checkpointer import stored


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, trainer, means):
        if trainer.step == self.step:
            trainer.stop("here")


def make(kind="adam", callbacks=(), schedule=True, seed=0, width=16, **settings):
    model = Sequential(Linear(3, width), Dropout(0.25), Linear(width, 2)).build((3,), seed=seed)
    if kind == "adam":
        optimizer = Adam(model.parameters(), lr=0.03, betas=(0.8, 0.9))
    else:
        optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    rule = OneCycleLR(optimizer, 0.1, total_steps=18) if schedule else None
    return Trainer(model, optimizer, schedule=rule, seed=seed, callbacks=callbacks, **settings)


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


# --- Checkpointer ----------------------------------------------------------------------------------------


def steps(folder):
    return [int(p.stem.removeprefix("step-")) for p in reversed(stored(folder))]


def test_one_before_one_after_each_epoch_and_every_so_many_steps(tmp_path, points):
    make(callbacks=[Checkpointer(tmp_path / "a", keep=99)]).fit(points, 3, batch_size=18)
    make(callbacks=[Checkpointer(tmp_path / "b", every_steps=4, keep=99)]).fit(points, 3, batch_size=18)
    assert steps(tmp_path / "a") == [0, 6, 12, 18]
    assert steps(tmp_path / "b") == [0, 4, 6, 8, 12, 16, 18]


def test_the_newest_and_the_best_are_kept(tmp_path, points):
    class Script(Callback):
        def on_epoch_end(self, trainer, row):
            row["val_loss"] = trainer.history.rows[-1]["val_loss"] = [2, 1, 3, 4, 5][trainer.epoch - 1]

    trainer = make(callbacks=[Script(), Checkpointer(tmp_path, keep=2)], schedule=False)
    trainer.fit(points, 4, batch_size=18)
    assert steps(tmp_path) == [12, 18, 24]
    again = make(callbacks=[Script(), Checkpointer(tmp_path, keep=2)], schedule=False)
    path, checkpoint = newest(tmp_path, again.model, pytest.fail)
    restore(again, checkpoint)
    again.callbacks[-1].adopt(path)
    again.fit(points, 1, batch_size=18)
    assert steps(tmp_path) == [12, 24, 30], "which one is the best is remembered"


def test_a_stopped_run_leaves_one_where_it_stopped(tmp_path, points):
    make(callbacks=[StopAt(8), Checkpointer(tmp_path)]).fit(points, 3, batch_size=18)
    assert steps(tmp_path) == [0, 6, 8]


def test_a_failed_step_leaves_none(tmp_path, points):
    trainer = make("sgd", [Checkpointer(tmp_path)], schedule=False)
    trainer.optimizer.lr = 1e30
    with pytest.raises(ValueError, match="the loss is"):
        trainer.fit(points, 2, batch_size=18)
    assert steps(tmp_path) == [0]


def test_damaged_ones_are_passed_over_and_reported(tmp_path, points):
    trainer = make(callbacks=[Checkpointer(tmp_path)])
    trainer.fit(points, 3, batch_size=18)
    (tmp_path / "step-00000018.safetensors").write_bytes(b"")
    content = (tmp_path / "step-00000012.safetensors").read_bytes()
    (tmp_path / "step-00000012.safetensors").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    heard = []
    path, checkpoint = newest(tmp_path, trainer.model, heard.append)
    assert path.name == "step-00000006.safetensors"
    assert checkpoint.state["step"] == 6
    assert ["step-00000018" in heard[0], "step-00000012" in heard[1]] == [True, True]
    path.write_bytes(b"")
    with pytest.raises(FileError, match="none of 3 checkpoints can be read"):
        newest(tmp_path, trainer.model, heard.append)
    with pytest.raises(FileError, match="there is no checkpoint"):
        newest(tmp_path / "nowhere", trainer.model, heard.append)


def test_a_run_that_went_back_is_the_run_that_did_not(tmp_path, points):
    whole = make(callbacks=[Checkpointer(tmp_path / "whole")])
    whole.fit(points, 3, validation=points, batch_size=18)
    cut = make(callbacks=[Checkpointer(tmp_path / "cut")])
    cut.fit(points, 2, validation=points, batch_size=18)
    (tmp_path / "cut" / "step-00000012.safetensors").write_bytes(b"damaged")
    again = make(callbacks=[Checkpointer(tmp_path / "cut")])
    path, checkpoint = newest(tmp_path / "cut", again.model, lambda line: None)
    restore(again, checkpoint)
    again.callbacks[-1].adopt(path)
    again.fit(points, 2, validation=points, batch_size=18)
    for file in stored(tmp_path / "whole"):
        assert (tmp_path / "cut" / file.name).read_bytes() == file.read_bytes()


def test_another_runs_folder_is_not_touched(tmp_path, points):
    make(callbacks=[Checkpointer(tmp_path)]).fit(points, 3, batch_size=18)
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    for seed in (0, 1):  # even the same run must say that it goes on
        with pytest.raises(FileError, match="holds checkpoints of another run"):
            make(callbacks=[Checkpointer(tmp_path, keep=1)], seed=seed).fit(points, 3)
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_second_fit_goes_on_in_the_same_folder(tmp_path, points):
    trainer = make(callbacks=[EarlyStopping("loss", 9), Checkpointer(tmp_path)], schedule=False)
    trainer.fit(points, 1, batch_size=18)
    trainer.fit(points, 1, batch_size=18)
    assert steps(tmp_path) == [0, 6, 12]


def test_mistakes_are_named(tmp_path, points):
    with pytest.raises(ConfigError, match="must be the last of the callbacks"):
        make(callbacks=[Checkpointer(tmp_path), EarlyStopping("loss")]).fit(points, 1)
    with pytest.raises(ConfigError, match="keep is 0"):
        Checkpointer(tmp_path, keep=0)
    with pytest.raises(ConfigError, match="every_steps is 0"):
        Checkpointer(tmp_path, every_steps=0)
    with pytest.raises(ConfigError, match="two callbacks of kind EarlyStopping"):
        checkpoint_bytes(make(callbacks=[EarlyStopping("loss"), EarlyStopping("accuracy")]))
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="file/c: cannot be made: Not a directory"):
        make(callbacks=[Checkpointer(tmp_path / "file" / "c")]).fit(points, 1)
