"""The command as a user meets it: output, exit codes, files."""

import hashlib
import json
import re

import pytest

import pellucid
from pellucid import FileError
from pellucid.cli import main
from pellucid.train import recipe

QUICK = ["--subset", "300", "100", "--validation", "50", "--epochs", "2"]


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main([str(a) for a in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


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


def test_train_tells_the_whole_story(run, tmp_path):
    code, out, err = run("train", *QUICK, "--out", tmp_path / "run")
    assert code == 0
    assert "mnist-cnn on MNIST: 300 training, 50 validation, 100 test images" in out
    assert "34,826" in out
    assert "Adam, one-cycle learning rate up to" in out
    assert len(re.findall(r"^epoch \d/2  loss .* accuracy .* val_loss .* val_accuracy .* s$", out, re.M)) == 2
    accuracy = float(re.search(r"^test accuracy (\d+\.\d\d) %", out, re.M)[1])
    assert accuracy > 25
    digest = re.search(r"^weights SHA-256 ([0-9a-f]{64})$", out, re.M)[1]
    assert len(re.findall(r"^  pellucid train ", out, re.M)) == 2, "two commands to try next"
    assert err == ""
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["history.csv", "weights.safetensors"]
    assert hashlib.sha256((tmp_path / "run" / "weights.safetensors").read_bytes()).hexdigest() == digest
    assert (tmp_path / "run" / "history.csv").read_text().count("\n") == 3


def test_train_as_json_and_one_seed_one_digest(run):
    results = []
    for seed in (0, 0, 1):
        code, out, err = run("train", *QUICK, "--seed", seed, "--json")
        assert code == 0
        assert err.count("epoch ") == 2, "progress goes elsewhere"
        results.append(json.loads(out))
    digests = [r["weights_sha256"] for r in results]
    assert digests[0] == digests[1] != digests[2]
    assert results[0]["history"] == results[1]["history"]
    assert results[0]["images"] == {"train": 300, "validation": 50, "test": 100}
    assert results[0]["recipe"]["seed"] == 0
    assert len(results[0]["seconds"]["epochs"]) == 2


def test_the_command_does_what_the_library_does(run):
    """The same run by hand: split, subset, order, start values, dropout and schedule all follow the seed."""
    options = ["--subset", "300", "100", "--validation", "50", "--epochs", "2", "--batch-size", "40", "--lr", "0.003"]
    result = json.loads(run("train", *options, "--seed", "3", "--json")[1])
    train, test = pellucid.data.mnist()
    train, validation = train.split(50, seed=3)
    train, test = train.split(300, seed=3)[1], test.split(100, seed=3)[1]
    model = pellucid.models.mnist_cnn().build((1, 28, 28), seed=3)
    loader = pellucid.data.Loader(train, 40, seed=3)
    optimizer = pellucid.optim.Adam(model.parameters())
    schedule = pellucid.optim.OneCycleLR(optimizer, 0.003, total_steps=16)
    trainer = pellucid.Trainer(model, optimizer, schedule=schedule, seed=3)
    assert result["history"] == trainer.fit(loader, 2, validation=validation).rows
    assert result["test"] == trainer.evaluate(test)
    assert result["weights_sha256"] == pellucid.train.digest(model)


def test_a_run_that_diverges_is_an_error(run, tmp_path):
    code, _, err = run("train", *QUICK, "--optimizer", "sgd", "--lr", "1e30", "--out", tmp_path / "run")
    assert code == 1
    assert re.fullmatch(r"error: training: the loss is (nan|inf) in step \d+; a learning rate below .* may help\n", err)
    assert not list(tmp_path.iterdir())


def test_a_file_that_fails_is_named_and_not_taken_for_the_output(run, monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied", "some/file")

    monkeypatch.setattr(pellucid.models, "recipe", fail)
    assert run("train") == (1, "", "error: some/file: Permission denied\n")


def test_the_choices_are_the_recipes():
    from pellucid.cli.train import train

    choices = {p.name: tuple(p.type.choices) for p in train.params if hasattr(p.type, "choices")}
    assert choices == {"optimizer": recipe.OPTIMIZERS, "schedule": recipe.SCHEDULES}


def test_options_replace_the_recipe(run, tmp_path):
    options = [
        "--optimizer",
        "sgd",
        "--schedule",
        "constant",
        "--lr",
        "0.01",
        "--batch-size",
        "25",
        "--epochs",
        "1",
    ]
    code, out, _ = run("train", *QUICK, *options, "--validation", "0")
    assert code == 0
    assert "300 training, 0 validation" in out
    assert "SGD, momentum 0.9, learning rate 0.01, batches of 25, seed 0" in out
    assert "val_loss" not in out


def test_a_folder_of_ones_own(run, tmp_path):
    import numpy as np

    from tests.data.conftest import idx_bytes

    rng = np.random.default_rng(1)
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(rng.integers(0, 256, (40, 28, 28), np.uint8)))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(40, dtype=np.uint8) % 10))
    code, out, _ = run("train", "--data", tmp_path, "--validation", "10", "--epochs", "1")
    assert code == 0
    assert f"mnist-cnn on {tmp_path}: 30 training, 10 validation, 40 test images" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "resnet"], "model 'resnet': unknown; known are mnist-cnn"),
        (["summary", "resnet"], "model 'resnet': unknown"),
        (["train", "--data", "/nonexistent"], "/nonexistent: no such folder"),
        (["train", "--validation", "60000"], "--validation 60000: leaves nothing of 60000 training images"),
        (
            ["train", "--subset", "60000", "10"],
            "--subset: 60,000 training images asked for, there are 55,000",
        ),
        (["train", "--subset", "10", "10001"], "--subset: 10,001 test images asked for, there are 10,000"),
        (["train", "--threads", "2"], "threads: NumPy is loaded already"),
    ],
)
def test_a_mistake_is_one_line_and_exit_1(run, arguments, words):
    code, out, err = run(*arguments)
    assert code == 1
    assert err.startswith(f"error: {words}")
    assert err.count("\n") == 1
    assert out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["train", "--epochs", "0"],
        ["train", "--lr", "-1"],
        ["train", "--optimizer", "lion"],
        ["train", "a", "b"],
    ],
)
def test_wrong_usage_is_exit_2(run, arguments):
    code, out, err = run(*arguments)
    assert code == 2
    assert "Usage: pellucid" in err
    assert out == ""


def test_an_existing_folder_is_not_touched(run, tmp_path):
    (tmp_path / "precious").write_text("data")
    code, _, err = run("train", *QUICK, "--out", tmp_path)
    assert code == 1
    assert f"error: --out {tmp_path}: exists already" in err
    assert [p.name for p in tmp_path.iterdir()] == ["precious"]


def test_a_failed_run_leaves_no_folder(run, tmp_path, monkeypatch):
    def fail(*_):
        raise FileError("weights: cannot be written: No space left on device")

    assert run("train", "--data", tmp_path, "--out", tmp_path / "new")[0] == 1
    monkeypatch.setattr(pellucid.train, "save_weights", fail)
    code, _, err = run("train", *QUICK, "--out", tmp_path / "new")
    assert code == 1
    assert "No space left" in err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(run, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = run("train", *QUICK, "--out", tmp_path / "file" / "run")
    assert code == 1
    assert f"error: --out {tmp_path}/file/run: cannot be made: Not a directory" in err


def test_help_and_version(run):
    code, out, _ = run("--help")
    assert code == 0
    assert all(word in out for word in ("train", "summary", "models"))
    assert re.fullmatch(r"pellucid, version \d+\.\d+\.\d+\n", run("--version")[1])
