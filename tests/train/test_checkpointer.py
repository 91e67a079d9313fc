"""Checkpointer: when it writes, what it keeps, and which one a run goes on from."""

import pytest

from pellucid import ConfigError, FileError
from pellucid.train import Callback, Checkpointer, EarlyStopping, newest, restore
from pellucid.train.checkpoint import checkpoint_bytes
from pellucid.train.checkpointer import stored
from tests.train.runs import StopAt, make


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


class Late(Checkpointer):
    """A signal that comes when the last of the callbacks is done with a step."""

    def on_step_end(self, trainer, means):
        super().on_step_end(trainer, means)
        StopAt(self.late).on_step_end(trainer, means)


@pytest.mark.parametrize("late", [8, 12])
@pytest.mark.parametrize("ema", [None, 0.9])
def test_a_signal_that_comes_late_leaves_one_too(tmp_path, points, late, ema):
    one, other = Late(tmp_path / "late"), Checkpointer(tmp_path / "in time")
    one.late = late
    make(callbacks=[one], ema=ema).fit(points, 3, batch_size=18)
    make(callbacks=[StopAt(late), other], ema=ema).fit(points, 3, batch_size=18)
    found = [stored(checkpointer.folder)[0] for checkpointer in (one, other)]
    assert [path.name for path in found] == [f"step-{late:08}.safetensors"] * 2
    assert found[0].read_bytes() == found[1].read_bytes()


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
