"""pellucid verify-run: equal bit for bit, whole or in part; what differs is named by step and array."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pellucid.train import Evaluator, read_checkpoint

TRAIN = ["train", "--subset", "600", "100", "--validation", "200", "--epochs", "2", "--set", "ema=0.9"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the run lies for all tests, once one of them has made it."""
    return tmp_path_factory.mktemp("kept") / "mine"


@pytest.fixture
def made(run, kept):
    """A run of 38 steps with the last checkpoints that stay of one each 4 steps."""
    if not kept.exists():
        code, _, err = run(*TRAIN, "--checkpoint-every", "4", "--out", kept)
        assert (code, err) == (0, "")
    shutil.copytree(kept, "mine")
    return Path("mine")


def contents(folder):
    return {p: p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file()}


def test_a_run_is_equal_and_untouched(run, made):
    before = contents(made)
    code, out, _ = run("verify-run", "mine")
    assert code == 0, out
    assert out.startswith("steps 1 to 38: 38 losses, ")
    assert out.rstrip().endswith(" arrays and 2 rows of the history compared: equal, bit for bit")
    first = min(int(p.stem[5:]) for p in (made / "checkpoints").iterdir())
    code, out, _ = run("verify-run", "mine", "--from", first, "--steps", "3", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["first"], told["last"], told["losses"], told["equal"]) == (first, first + 3, 3, True)
    assert contents(made) == before


def test_after_a_resume_too(run, made):
    shutil.copytree(made, "again")
    for path in sorted((made / "checkpoints").iterdir())[2:]:
        (Path("again/checkpoints") / path.name).unlink()
    assert run("train", "--resume", "again")[0] == 0
    assert (made / "steps.csv").read_bytes() == Path("again/steps.csv").read_bytes()
    assert run("verify-run", "again")[0] == 0


def test_the_first_step_and_the_array_that_differ(run, made):
    """A weight of the checkpoint is changed by one unit in the last place: the replay from there goes another way."""
    shutil.copytree(made, "other")
    lines = Path("other/steps.csv").read_text().splitlines()
    step, loss = lines[14].split(",")
    lines[14] = f"{step},{math.nextafter(float(loss), 9)!r}"
    Path("other/steps.csv").write_text("\n".join(lines) + "\n")
    code, out, _ = run("verify-run", "other")
    assert code == 1
    assert "DIFFERENT" in out
    assert f"step {step}: loss: 1 of 1 numbers differ, by up to 1 ulp" in out
    weights = load_file(made / "last.safetensors")
    weights["conv1.weight"].flat[5] = np.nextafter(weights["conv1.weight"].flat[5], np.float32(9))
    shutil.copytree(made, "third")
    save_file(weights, "third/last.safetensors")
    code, out, _ = run("verify-run", "third")
    assert code == 1
    assert "step 38: conv1.weight: 1 of 288 numbers differ, by up to 1 ulp" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "error: nothing: no such run"),
        (["mine", "--from", "999"], "has no checkpoint of step 999; there are "),
        (["mine", "--from", "38"], "no step after 38 was recorded"),
    ],
)
def test_mistakes_are_one_line(run, made, arguments, words):
    code, out, err = run("verify-run", *arguments)
    assert (code, out) == (1, "")
    assert words in err


def test_other_data(run, made):
    text = (made / "model.json").read_text()
    digest = json.loads(text)["data_sha256"]["training"]
    shutil.copytree(made, "other")
    Path("other/model.json").write_text(text.replace(digest, "0" * 64))
    code, _, err = run("verify-run", "other")
    assert code == 1
    assert "the training data are not those of the run" in err


def test_a_damaged_log(run, made):
    shutil.copytree(made, "other")
    with Path("other/steps.csv").open("a") as file:
        file.write("x,y\n")
    code, _, err = run("verify-run", "other")
    assert code == 1
    assert "steps.csv: damaged: line 40 is 'x,y'" in err


def test_checkpoints_are_what_is_compared(made):
    names = {p.name for p in (made / "checkpoints").iterdir()}
    assert "step-00000038.safetensors" in names
    assert read_checkpoint(made / "checkpoints" / "step-00000038.safetensors").state["step"] == 38


def test_a_run_that_stopped_early(run):
    """Its end puts the best weights back; so must the replay's."""
    code, _, err = run(
        *TRAIN, "--lr", "0.05", "--patience", "1", "--epochs", "12", "--schedule", "constant", "--out", "mine"
    )
    assert (code, err) == (0, "")
    assert len(Path("mine/history.csv").read_text().splitlines()) < 13
    code, out, _ = run("verify-run", "mine")
    assert code == 0, out


def test_a_last_row_of_the_history_that_differs(run, made, monkeypatch):
    evaluate = Evaluator.evaluate
    monkeypatch.setattr(Evaluator, "evaluate", lambda self, data: {**evaluate(self, data), "loss": 1.0})
    code, out, _ = run("verify-run", "mine")
    assert code == 1
    assert "epoch 1, val_loss" in out


def test_losses_that_were_not_recorded(run, made):
    shutil.copytree(made, "other")
    lines = Path("other/steps.csv").read_text().splitlines(keepends=True)
    Path("other/steps.csv").write_text("".join(lines[:20] + lines[22:]))
    code, out, _ = run("verify-run", "other")
    assert code == 1
    assert "not everything was recorded" in out
    assert "note: the losses of 2 steps were not recorded" in out
    Path("other/steps.csv").unlink()  # as of an older version
    assert run("verify-run", "other")[0] == 0
