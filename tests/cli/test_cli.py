"""The command as a user meets it: output, exit codes, files."""

import json
import re

import pytest

from pellucid import native


def test_summary(run):
    code, out, _ = run("summary", "mnist-cnn")
    assert code == 0
    assert "34,826" in out
    assert run("summary")[1] == out, "mnist-cnn is the default"
    data = json.loads(run("summary", "--json")[1])
    assert data["parameters"] == 34_826
    assert data["rows"][0]["output_shape"] == [32, 26, 26]


def test_models(run):
    code, out, _ = run("models")
    assert code == 0
    assert "mnist-cnn" in out
    assert json.loads(run("models", "--json")[1])[0]["parameters"] == 34_826


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "resnet"], "model 'resnet': unknown; known are mnist-cnn"),
        (["summary", "resnet"], "model 'resnet': unknown"),
        (["train", "--data", "/nonexistent"], "/nonexistent: no such folder, nor a data set"),
        (["train", "--validation", "60000"], "validation: 60,000 leaves nothing of 60,000 training images"),
        (["train", "--subset", "60000", "10"], "subset: 60,000 training images asked for, there are 55,000"),
        (["train", "--subset", "10", "10001"], "subset: 10,001 test images asked for, there are 10,000"),
        (["train", "--threads", "2"], "threads: NumPy is loaded already"),
        (["train", "--config", "nowhere.toml"], "nowhere.toml: cannot be read: No such file"),
        (["train", "--set", "epochs"], "--set epochs: KEY=VALUE is needed"),
        (["train", "--set", "optimizer.lrr=1"], "optimizer.lrr: unknown; did you mean lr?"),
        (["train", "--set", "epochs=many"], "epochs: is 'many', a whole number is needed"),
        (["train", "--patience", "2", "--validation", "0"], "patience: val_loss is to be watched"),
        (["train", "--set", "schedule.warmup=99999"], "schedule.warmup: is 99999 steps, the whole run has"),
        (["train", "--resume", "nothing"], "nothing: no such run"),
        (["evaluate", "nothing"], "nothing: no such run"),
        (["evaluate", "--data", "nothing"], "nothing: no such folder"),
        (["predict", "nothing.png"], "nothing.png: "),
    ],
)
def test_a_mistake_is_one_line_exit_1_and_leaves_nothing(run, tmp_path, arguments, words):
    code, out, err = run(*arguments)
    assert code == 1
    assert err.startswith(f"error: {words}")
    assert err.count("\n") == 1
    assert out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command"),
        (["train", "--epochs", "0"], "--epochs"),
        (["train", "--lr", "-1"], "--lr"),
        (["train", "--optimizer", "lion"], "lion"),
        (["train", "a", "b"], "unexpected extra argument"),
        (["train", "--resume", "r", "--lr", "0.1"], "--resume goes on as the run began"),
        (["train", "mnist-cnn", "--resume", "r"], "--resume goes on as the run began"),
        (["train", "--resume", "r", "--out", "x"], "--resume goes on as the run began"),
        (["evaluate", "--weights", "first"], "first"),
        (["predict"], "FILE..."),
        (["predict", "mnist-cnn"], "mnist-cnn is a run; which picture?"),
    ],
)
def test_wrong_usage_is_exit_2(run, tmp_path, arguments, words):
    code, out, err = run(*arguments)
    assert code == 2
    assert "Usage: pellucid" in err
    assert words in err
    assert out == ""
    assert not list(tmp_path.iterdir())


def test_doctor_tells_what_is_there(run):
    code, out, _ = run("doctor")
    assert code == 0
    assert "engine" in out
    assert "NumPy" in out
    found = json.loads(run("doctor", "--json")[1])
    assert found["engine"] == ("numpy" if native.engine is None else "native")
    assert found["threads"] >= 1
    assert found["extras"]["PIL"] is True
    assert found["data"]["mnist"].endswith("mnist")


def test_help_and_version(run):
    code, out, _ = run("--help")
    assert code == 0
    assert all(word in out for word in ("train", "evaluate", "predict", "summary", "models", "data", "doctor"))
    assert re.fullmatch(r"pellucid, version \d+\.\d+\.\d+\n", run("--version")[1])
