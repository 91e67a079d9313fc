"""pellucid train: the whole story, the run it leaves behind, and going on with it."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np

import pellucid
from pellucid import FileError
from pellucid.train import choices
from tests.data.conftest import idx_bytes

QUICK = ["--subset", "300", "100", "--validation", "50", "--epochs", "2"]
KEPT = ["best.safetensors", "checkpoints", "config.toml", "env.json", "history.csv", "last.safetensors", "log.txt",
        "model.json", "result.json", "steps.csv"]  # fmt: skip


def names(folder):
    return sorted(p.name for p in Path(folder).iterdir())


def test_train_tells_the_whole_story(run, tmp_path):
    code, out, err = run("train", *QUICK)
    assert code == 0
    assert "mnist-cnn on MNIST: 300 training, 50 validation, 100 test images" in out
    assert "34,826" in out
    assert "adam (lr 0.006), one-cycle, batches of 32, seed 0" in out
    assert len(re.findall(r"^epoch \d/2  loss .* accuracy .* val_loss .* val_accuracy .* s$", out, re.M)) == 2
    accuracy = float(re.search(r"^test accuracy (\d+\.\d\d) %", out, re.M)[1])
    assert accuracy > 25
    digest = re.search(r"^weights SHA-256 ([0-9a-f]{64})$", out, re.M)[1]
    assert re.search(r"^kept in runs/mnist-cnn-1$", out, re.M)
    assert len(re.findall(r"^  pellucid \w+ ", out, re.M)) == 2, "two commands to try next"
    assert err == ""
    folder = tmp_path / "runs" / "mnist-cnn-1"
    assert names(folder) == KEPT
    assert hashlib.sha256((folder / "last.safetensors").read_bytes()).hexdigest() == digest
    assert json.loads((folder / "result.json").read_text())["weights_sha256"] == digest
    assert (folder / "history.csv").read_text().count("\n") == 3
    assert names(folder / "checkpoints") == [f"step-000000{n:02}.safetensors" for n in (0, 10, 20)]
    environment = json.loads((folder / "env.json").read_text())[0]
    assert {"pellucid", "numpy", "python", "processor", "threads", "engine", "contract"} <= environment.keys()


def test_each_run_has_its_own_folder(run, tmp_path):
    for _ in range(2):
        assert run("train", *QUICK[:5], "--epochs", "1")[0] == 0
    assert run("train", *QUICK[:5], "--epochs", "1", "--out", "deep/down/mine")[0] == 0
    assert names(tmp_path / "runs") == ["mnist-cnn-1", "mnist-cnn-2"]
    assert names(tmp_path / "deep" / "down" / "mine") == KEPT


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
    assert results[0]["run"] == "runs/mnist-cnn-1"
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


def test_a_config_file_says_it_all(run, tmp_path):
    first = json.loads(run("train", *QUICK, "--set", "loss.label_smoothing=0.1", "--json")[1])
    code, out, _ = run("train", "--config", "runs/mnist-cnn-1/config.toml", "--json")
    assert code == 0
    assert json.loads(out)["weights_sha256"] == first["weights_sha256"]
    assert first["recipe"]["loss"] == {"label_smoothing": 0.1}
    (tmp_path / "bad.toml").write_text('model = "mnist-cnn"\n[optimizer]\nname = "adam"\nlr = 1\nmomentun = 1\n')
    code, _, err = run("train", "--config", "bad.toml")
    assert (code, err) == (
        1,
        "error: bad.toml: optimizer.momentun: unknown; known are name, lr, betas, eps, weight_decay, amsgrad, groups\n",
    )
    (tmp_path / "other.toml").write_text('model = "resnet"\n')
    assert (
        "other.toml: is for resnet, but mnist-cnn was asked for"
        in run("train", "mnist-cnn", "--config", "other.toml")[2]
    )
    assert "model 'resnet': unknown" in run("train", "--config", "other.toml")[2]
    (tmp_path / "latin.toml").write_bytes(b"model = '\xff'")
    assert "latin.toml: cannot be read: no UTF-8 text" in run("train", "--config", "latin.toml")[2]


def test_options_replace_the_recipe(run):
    options = ["--optimizer", "sgd", "--schedule", "constant", "--lr", "0.01", "--batch-size", "25"]
    code, out, _ = run("train", *QUICK, *options, "--validation", "0", "--epochs", "1")
    assert code == 0
    assert "300 training, 0 validation" in out
    assert "sgd (momentum 0.9, lr 0.01), constant, batches of 25, seed 0" in out
    assert "val_loss" not in out


def test_the_choices_are_the_recipes():
    from pellucid.cli.train import train

    given = {p.name: tuple(p.type.choices) for p in train.params if hasattr(p.type, "choices")}
    assert given == {"optimizer": tuple(choices.OPTIMIZERS), "schedule": tuple(choices.SCHEDULES)}


def test_early_stopping_ends_with_the_best_weights(run):
    options = ["--subset", "300", "100", "--validation", "100", "--schedule", "constant", "--lr", "0.01"]
    code, out, _ = run("train", *options, "--epochs", "30", "--patience", "1")
    assert code == 0
    assert "stopped early: no better val_loss in 1 epochs; the weights are those of the best epoch" in out
    folder = Path("runs/mnist-cnn-1")
    assert (folder / "last.safetensors").read_bytes() == (folder / "best.safetensors").read_bytes()
    before = (folder / "last.safetensors").read_bytes()
    code, out, _ = run("train", "--resume", folder, "--epochs", "31")
    assert code == 0
    assert "stopped early" in out
    assert (folder / "last.safetensors").read_bytes() == before


# --- mistakes --------------------------------------------------------------------------------------------


def test_a_run_that_diverges_is_an_error(run, tmp_path):
    code, _, err = run("train", *QUICK, "--optimizer", "sgd", "--lr", "1e30", "--out", "run")
    assert code == 1
    assert re.match(r"error: training: the loss is (nan|inf) in step 2, which was not taken\n", err)
    assert "a learning rate below" in err
    bundle = "run/non-finite-00000002.safetensors"
    assert err.endswith(f"kept in {bundle}: pellucid replay {bundle}\n")
    assert Path(bundle).is_file()


def test_a_run_that_diverges_late_keeps_what_it_had(run):
    options = ["--schedule", "step", "--set", "schedule.step_size=10", "--set", "schedule.gamma=1e40"]
    code, _, err = run("train", *QUICK, *options, "--out", "run")
    assert code == 1
    assert "the loss is" in err
    assert "step-00000010.safetensors" in names("run/checkpoints")
    assert "failed: training: the loss is" in Path("run/log.txt").read_text()


def test_a_file_that_fails_is_named_and_not_taken_for_the_output(run, monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied", "some/file")

    monkeypatch.setattr(pellucid.models, "recipe", fail)
    assert run("train") == (1, "", "error: some/file: Permission denied\n")


def test_an_existing_folder_is_not_touched(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("data")
    code, _, err = run("train", *QUICK, "--out", "mine")
    assert code == 1
    assert "error: --out mine: exists already" in err
    assert names("mine") == ["precious"]


def test_a_full_disk_leaves_nothing_or_what_was_there(run, tmp_path, monkeypatch):
    from pellucid.train import checkpointer

    write, room = checkpointer.save_checkpoint, [0]

    def fill_up(*arguments):
        if room[0] == 0:
            raise FileError("checkpoint: cannot be written: No space left on device")
        room[0] -= 1
        write(*arguments)

    monkeypatch.setattr(checkpointer, "save_checkpoint", fill_up)
    assert run("train", *QUICK, "--out", "run")[0] == 1
    assert not list(tmp_path.iterdir()), "at the first checkpoint"
    room[0] = 1
    assert run("train", *QUICK, "--out", "run")[0] == 1
    assert not list(tmp_path.iterdir()), "at the second"
    room[0] = 2
    code, _, err = run("train", *QUICK, "--out", "run")
    assert code == 1
    assert err.endswith("No space left on device\n")
    assert names("run/checkpoints") == ["step-00000000.safetensors", "step-00000010.safetensors"]
    room[0] = 99
    assert run("train", "--resume", "run")[0] == 0


def test_a_folder_that_cannot_be_made(run, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = run("train", *QUICK, "--out", tmp_path / "file" / "run")
    assert code == 1
    assert f"error: {tmp_path}/file/run: cannot be made: Not a directory" in err


def test_a_folder_of_ones_own(run, tmp_path):
    rng = np.random.default_rng(1)
    folder = tmp_path / "data"
    folder.mkdir()
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(rng.integers(0, 256, (40, 28, 28), np.uint8)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(40, dtype=np.uint8) % 10))
    code, out, _ = run("train", "--data", "data", "--validation", "10", "--epochs", "1", "--out", "run")
    assert code == 0
    assert f"mnist-cnn on {folder}: 30 training, 10 validation, 40 test images" in out
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(40, np.uint8)))
    code, _, err = run("train", "--resume", "run")
    assert code == 1
    assert "the data are not those the run began with (data_sha256 differ)" in err


def test_what_to_try_next_fits_the_data(run):
    options = ["--subset", "60", "10", "--validation", "10", "--epochs", "1"]
    _, out, _ = run("train", "row-lstm", *options)
    assert "train row-lstm --seed 1" in out
    assert "predict" not in out
    _, out, _ = run("train", "cnn-lstm", "--data", "moving-digits", *options)
    assert "train cnn-lstm --data moving-digits --seed 1" in out
