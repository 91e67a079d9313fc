"""RunFolder: a run on disk appears whole, keeps what it should, and can be opened again."""

import csv
import json

import pytest

from pellucid import ConfigError, FileError
from pellucid.data import Normalize
from pellucid.train import Callback, ModelInfo, Recipe, RunFolder, digest, load_weights
from pellucid.train.checkpointer import stored

INFO = ModelInfo("m", (3,), ("a", "b"), Normalize(0.25, 0.5), "whole", {"training": "x"})


@pytest.fixture
def make_run(tmp_path, make_trainer):
    def make(name="run", **recipe):
        trainer = make_trainer()
        run = RunFolder.create(tmp_path / name, Recipe("m", **recipe), INFO, {"threads": 1}, trainer)
        trainer.callbacks = (run, run.checkpointer())
        return run, trainer

    return make


def test_it_begins_with_recipe_environment_and_a_checkpoint(make_run, tmp_path):
    run, trainer = make_run()
    names = sorted(p.name for p in run.path.iterdir())
    assert names == ["checkpoints", "config.toml", "env.json", "log.txt", "model.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert RunFolder(run.path).recipe == Recipe("m")
    assert RunFolder(run.path).info == INFO
    assert [p.name for p in stored(run.path / "checkpoints")] == ["step-00000000.safetensors"]
    before = digest(trainer.model)
    run.resume(trainer, pytest.fail)
    assert (digest(trainer.model), trainer.step) == (before, 0)


def test_it_keeps_history_weights_and_log(make_run, points):
    run, trainer = make_run()
    trainer.fit(points, 3, validation=points)
    result = {"test": {"accuracy": 1.0}, "weights_sha256": "x"}
    run.finish(trainer, result)
    with (run.path / "history.csv").open() as file:
        assert [float(row["val_loss"]) for row in csv.DictReader(file)] == trainer.history["val_loss"]
    last = digest(trainer.model)
    trainer.model.parameters().data[...] = 0
    load_weights(trainer.model, run.weights())
    assert digest(trainer.model) == last
    assert run.result() == result
    log = (run.path / "log.txt").read_text().splitlines()
    assert [line.split(" ", 2)[2][:8] for line in log] == ["started", "epoch 1:", "epoch 2:", "epoch 3:", "done"]


class Script(Callback):
    """Puts val_losses of the test's own into the history."""

    def __init__(self, losses):
        self.losses, self.digests = losses, []

    def on_epoch_end(self, trainer, row):
        row["val_loss"] = trainer.history.rows[-1]["val_loss"] = self.losses[trainer.epoch - 1]
        self.digests.append(digest(trainer.model))


def test_the_best_weights_are_those_of_the_best_epoch(make_run, points):
    run, trainer = make_run()
    trainer.callbacks = (script := Script([3, 1, 2]), *trainer.callbacks)
    trainer.fit(points, 3)
    load_weights(trainer.model, run.weights("best"))
    assert digest(trainer.model) == script.digests[1]
    load_weights(trainer.model, run.weights("last"))
    assert digest(trainer.model) == script.digests[2]


@pytest.mark.parametrize("lost", [False, True])
def test_best_weights_that_are_not_the_best_checkpoints(make_run, points, lost):
    """They are made anew from it, or taken away if it is lost."""
    run, trainer = make_run()
    trainer.callbacks = (Script([1, 2, 3]), *trainer.callbacks)
    trainer.fit(points, 3)
    path, right = run.path / "best.safetensors", (run.path / "best.safetensors").read_bytes()
    path.write_bytes(b"of an epoch that is no longer there")
    if lost:
        stored(run.path / "checkpoints")[2].write_bytes(b"")
    run.resume(trainer, pytest.fail)
    assert path.exists() is not lost
    assert lost or path.read_bytes() == right


def test_nothing_is_overwritten(make_run, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(FileError, match="run: exists already; choose a new name, nothing is overwritten"):
        make_run()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileError, match="link: exists already"):
        make_run("link")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "run"]


@pytest.mark.parametrize("error", [FileError("c: cannot be written: No space left"), KeyboardInterrupt()])
def test_it_appears_whole_or_not_at_all(make_run, tmp_path, monkeypatch, error):
    from pellucid.train import checkpointer

    def fail(*_):
        raise error

    monkeypatch.setattr(checkpointer, "save_checkpoint", fail)
    with pytest.raises((FileError, KeyboardInterrupt)):
        make_run()
    assert not list(tmp_path.iterdir())


def test_the_history_is_cut_back_to_where_a_run_goes_on(make_run, points):
    run, trainer = make_run()
    trainer.fit(points, 3)
    stored(run.path / "checkpoints")[0].write_bytes(b"damaged")
    (run.path / "checkpoints" / ".step-00000007.safetensors.123.part").write_bytes(b"half a checkpoint")
    again = RunFolder(run.path)
    trainer.callbacks = (again, again.checkpointer())
    heard = []
    again.resume(trainer, heard.append)
    assert trainer.epoch == 2
    assert "passed over" in heard[0]
    assert not list(run.path.rglob("*.part")), "what a kill left of a write is gone"
    trainer.fit(points, 0)
    assert len((run.path / "history.csv").read_text().splitlines()) == 3


def test_going_on_is_noted_with_what_has_changed(make_run):
    run, trainer = make_run()
    assert run.went_on({"threads": 1}, trainer) == []
    assert run.went_on({"threads": 2}, trainer) == ["threads 1 -> 2"]
    assert json.loads((run.path / "env.json").read_text()) == [{"threads": 1}, {"threads": 1}, {"threads": 2}]


def test_a_run_that_learned_nothing_is_taken_away(make_run, points):
    run, trainer = make_run("a")
    run.remove_if_nothing_was_learned()
    assert not run.path.exists()
    run, trainer = make_run("b")
    RunFolder(run.path).remove_if_nothing_was_learned()
    assert run.path.exists(), "a run that was there before stays"
    trainer.fit(points, 1)
    run.remove_if_nothing_was_learned()
    assert run.path.exists()


def test_a_checkpoint_holds_no_path(make_run, tmp_path, points):
    contents = []
    for name in ("a", "b"):
        run, trainer = make_run(name, data=str(tmp_path / name))
        trainer.fit(points, 1)
        contents.append([p.read_bytes() for p in stored(run.path / "checkpoints")])
        assert not any(str(tmp_path).encode() in content for content in contents[-1])
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config.toml", None, "is no run, it has no config.toml"),
        ("config.toml", b"epochs = ", r"config\.toml: no valid TOML"),
        ("config.toml", b"\xff\xfe", r"config\.toml: cannot be read: no UTF-8 text"),
        ("model.json", None, r"model\.json: cannot be read: No such file"),
        ("model.json", b"{", r"model\.json: damaged: "),
        ("model.json", b"[" * 5000, r"model\.json: damaged: "),
        ("model.json", b"[]", r"model\.json: is \[\], a table is needed"),
        ("model.json", b"{}", r"model\.json: model: is missing"),
    ],
)
def test_a_damaged_folder_is_named(make_run, name, content, words):
    run, _ = make_run()
    (run.path / name).unlink() if content is None else (run.path / name).write_bytes(content)
    with pytest.raises((FileError, ConfigError), match=words):
        RunFolder(run.path)


def test_no_run_and_no_weights_yet(make_run, tmp_path):
    with pytest.raises(FileError, match="nowhere: no such run"):
        RunFolder(tmp_path / "nowhere")
    run, _ = make_run()
    for which, words in (("last", "no epoch was done yet"), ("best", "no epoch was validated yet")):
        with pytest.raises(FileError, match=f"{which}.safetensors: is missing: {words}"):
            run.weights(which)


def test_a_run_that_began_before_a_recipe_had_some_setting_goes_on(make_run, monkeypatch):
    whole = Recipe.to_dict
    monkeypatch.setattr(Recipe, "to_dict", lambda self: {k: v for k, v in whole(self).items() if k != "unreadable"})
    run, _ = make_run()
    monkeypatch.undo()
    assert run.changes() == []
    run.recipe = Recipe("m", unreadable="skip")
    assert run.changes() == ["unreadable is skip, was raise"]


def test_a_log_that_cannot_be_written(make_run):
    run, _ = make_run()
    (run.path / "log.txt").unlink()
    (run.path / "log.txt").mkdir()
    with pytest.raises(FileError, match=r"log\.txt: cannot be written: Is a directory"):
        run.log("a line")
