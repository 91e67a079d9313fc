"""pellucid train --resume: a run goes on, bit for bit, or says why it cannot."""

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from safetensors.numpy import save

from pellucid import Trainer
from pellucid._core.files import locked_folder
from pellucid.cli import main
from pellucid.train import checkpoint as checkpoint_file
from pellucid.train import read_checkpoint

QUICK = ["--subset", "300", "100", "--validation", "50", "--epochs", "2"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of two epochs whose schedule knows no end, and the one of three that it is to become."""
    folder = tmp_path_factory.mktemp("made")
    for name, epochs in (("run", "2"), ("whole", "3")):
        options = [*QUICK[:5], "--schedule", "constant", "--epochs", epochs, "--out", str(folder / name)]
        assert main(["train", *options, "--json"]) == 0
    return folder


@pytest.fixture
def constant(run, made, tmp_path):
    for name in ("run", "whole"):
        shutil.copytree(made / name, tmp_path / name)
    return Path("run"), Path("whole")


def test_a_run_may_be_prolonged_where_the_schedule_allows(run, constant):
    cut, whole = constant
    code, out, err = run("train", "--resume", "run", "--epochs", "3")
    assert code == 0
    assert "run: goes on after epoch 2, step 20" in err
    assert out.startswith("epoch 3/3 ")
    newest = sorted((whole / "checkpoints").iterdir())[-1].name
    for name in ("last.safetensors", "best.safetensors", "history.csv", "config.toml", f"checkpoints/{newest}"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    code, _, err = run("train", "--resume", "run", "--epochs", "1")
    assert (code, err) == (1, "error: --epochs 1: run has gone beyond, to epoch 3, batch 0 of the next\n")


def test_a_plateau_goes_on_where_it_was(run):
    """With a patience of 0 and a threshold that nothing reaches the rate falls after each epoch but the first."""
    options = [*QUICK[:5], "--optimizer", "rmsprop", "--lr", "0.001", "--schedule", "plateau"]
    for setting in ("schedule.patience=0", "schedule.threshold=0.99", "schedule.warmup=4"):
        options += ["--set", setting]
    for epochs, name in (("3", "whole"), ("2", "run")):
        assert run("train", *options, "--epochs", epochs, "--out", name)[0] == 0
    assert run("train", "--resume", "run", "--epochs", "3")[0] == 0
    for name in ("last.safetensors", "history.csv", "config.toml"):
        assert Path("run", name).read_bytes() == Path("whole", name).read_bytes()
    rates = [float(row.split(",")[1]) for row in Path("run/history.csv").read_text().split()[1:]]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-4])


def test_a_run_that_was_stopped_in_an_epoch_cannot_end_before_it(run, constant, monkeypatch):
    step = Trainer.train_step

    def interrupted(self, *batch):
        if self.step == 24:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, *batch)

    monkeypatch.setattr(Trainer, "train_step", interrupted)
    assert run("train", "--resume", "run", "--epochs", "9")[0] == 130
    assert not (constant[0] / "result.json").exists(), "what was measured at the earlier end holds no longer"
    assert run("evaluate", "run")[0] == 0
    code, _, err = run("train", "--resume", "run", "--epochs", "2")
    assert (code, err) == (1, "error: --epochs 2: run has gone beyond, to epoch 2, batch 5 of the next\n")
    monkeypatch.undo()


def test_the_best_weights_are_of_an_epoch_that_the_history_has(run, constant):
    """Going back drops epochs; an earlier best one is found among the checkpoints, or there is none."""
    cut, _ = constant
    losses = [float(row.split(",")[4]) for row in (cut / "history.csv").read_text().split()[1:]]
    assert losses[1] < losses[0], "epoch 2 was the best"
    best = (cut / "best.safetensors").read_bytes()
    sorted((cut / "checkpoints").iterdir())[-1].write_bytes(b"")
    assert run("train", "--resume", "run", "--epochs", "1")[0] == 0
    assert (cut / "best.safetensors").read_bytes() == (cut / "last.safetensors").read_bytes() != best


def test_two_processes_do_not_work_on_one_run(run, constant):
    with locked_folder(constant[0]):
        code, _, err = run("train", "--resume", "run", "--epochs", "3")
    assert (code, err) == (1, "error: run: another process is at work in it\n")
    assert run("train", "--resume", "run")[0] == 0


def test_a_damaged_checkpoint_is_reported_and_passed_over(run, constant):
    cut, whole = constant
    newest = sorted((cut / "checkpoints").iterdir())[-1]
    newest.write_bytes(newest.read_bytes()[:-5])
    code, _, err = run("train", "--resume", "run", "--epochs", "3")
    assert code == 0
    assert re.search(r"^passed over: .*step-00000020.safetensors: damaged", err, re.M)
    assert "goes on after epoch 1, step 10" in err
    assert (cut / "last.safetensors").read_bytes() == (whole / "last.safetensors").read_bytes()
    assert (cut / "history.csv").read_bytes() == (whole / "history.csv").read_bytes()


def test_without_a_checkpoint_there_is_no_way_on(run, constant):
    for file in (constant[0] / "checkpoints").iterdir():
        file.write_bytes(b"")
    code, _, err = run("train", "--resume", "run")
    assert code == 1
    assert "error: run/checkpoints: none of 3 checkpoints can be read" in err


def test_a_finished_run_is_only_tested_again(run, constant):
    before = {p: p.read_bytes() for p in constant[0].rglob("*") if p.suffix == ".safetensors"}
    code, out, _ = run("train", "--resume", "run")
    assert code == 0
    assert "\nepoch" not in out
    assert "test accuracy" in out
    assert {p: p.read_bytes() for p in constant[0].rglob("*") if p.suffix == ".safetensors"} == before


def test_a_cycle_cannot_be_prolonged(run):
    run("train", *QUICK, "--out", "run")
    code, _, err = run("train", "--resume", "run", "--epochs", "3")
    assert (code, err) == (1, "error: --epochs 3: the one-cycle schedule of run was made for 2\n")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("seed = 0", "seed = 1", "seed is 1, was 0"),
        ("lr = 0.006", "lr = 1", "optimizer is {'name': 'adam', 'lr': 1}, was {'name': 'adam', 'lr': 0.006}"),
        ("batch_size = 32", "batch_size = 16", "batch_size is 16, was 32"),
        ("patience = 0", "patience = 0\nclip_norm = 1.0", "clip_norm is 1.0, was None"),
    ],
)  # fmt: skip
def test_other_settings_are_refused(run, constant, old, new, words):
    config = constant[0] / "config.toml"
    config.write_text(config.read_text().replace(old, new))
    code, _, err = run("train", "--resume", "run", "--epochs", "3")
    assert code == 1
    assert f"error: run/config.toml: was changed since the run began ({words})" in err


def test_another_engine_is_noted_and_not_refused(run, constant):
    path = constant[0] / "env.json"
    before = json.loads(path.read_text())[0]["engine"]
    path.write_text(path.read_text().replace(f'"engine": "{before}"', '"engine": "abacus"'))
    code, _, err = run("train", "--resume", "run")
    assert code == 0
    assert f"note: another engine, machine or version, the bits may differ: engine abacus -> {before}\n" in err


def test_a_run_from_before_a_setting_was_known_goes_on(run, constant):
    for file in (constant[0] / "checkpoints").iterdir():
        checkpoint = read_checkpoint(file)
        arrays, state = dict(checkpoint.arrays), dict(checkpoint.state)
        for name in ("accumulate", "clip_value", "ema", "ema_steps"):
            del state[name]
        recipe = {name: value for name, value in state["about"]["recipe"].items() if name != "accumulate"}
        state["about"] = state["about"] | {"recipe": recipe}
        state["sha256"] = checkpoint_file._fingerprint(arrays, state)
        file.write_bytes(save(arrays, {"pellucid": json.dumps(state)}))
    code, _, err = run("train", "--resume", "run", "--epochs", "3")
    assert (code, err) == (0, "run: goes on after epoch 2, step 20\n")


@pytest.mark.parametrize("steps", [1, 3, 6])
def test_a_run_with_averaged_weights_and_joined_batches_goes_on(run, monkeypatch, steps):
    options = [*QUICK, "--set", "ema=0.9", "--set", "accumulate=3", "--checkpoint-every", "2"]
    run("train", *options, "--out", "whole")
    step = Trainer._take_step

    def interrupted(self, *given, **more):
        if self.step == steps:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, *given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_take_step", interrupted)
        assert run("train", *options, "--out", "run")[0] == 130
    assert run("train", "--resume", "run", "--checkpoint-every", "2")[0] == 0
    cut, whole = Path("run"), Path("whole")
    newest = sorted((whole / "checkpoints").iterdir())[-1].name
    for name in ("last.safetensors", "best.safetensors", "history.csv", "result.json", f"checkpoints/{newest}"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()
    told = json.loads(run("evaluate", "run", "--on", "validation", "--json")[1])
    last = (cut / "history.csv").read_text().split()[-1].split(",")
    assert (told["loss"], told["accuracy"]) == (float(last[4]), float(last[5])), "it is the average that was validated"
