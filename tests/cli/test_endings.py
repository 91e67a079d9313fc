"""How a command ends that something stops: one line and an exit code, no traceback."""

import sys
import warnings

import pytest

from pellucid import native
from pellucid.cli import main
from pellucid.cli.main import cli
from pellucid.cli.options import skipped_files_noted


def test_ctrl_c_outside_of_training_is_one_word(run, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", stop)
    assert run("models") == (130, "", "stopped\n")


def test_an_output_that_takes_no_more(run, monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "main", full)
    with (tmp_path / "out").open("w") as out, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", out)
        code = main(["models"])
        print("what comes later goes nowhere", file=out, flush=True)
    assert code == 1
    assert (tmp_path / "out").read_text() == ""


def test_weights_of_the_loss_for_other_classes(run):
    code, out, err = run("train", "--subset", "100", "50", "--set", "loss.weight=[1.0, 2.0]")
    assert (code, out) == (1, "")
    assert "error: loss.weight: has 2 numbers, mnist-cnn tells 10 classes apart" in err


def test_other_warnings_than_of_skipped_files_stay_warnings():
    with pytest.warns(UserWarning, match="something else"), skipped_files_noted():
        warnings.warn("something else", UserWarning, stacklevel=1)


def test_doctor_without_the_engine(run, monkeypatch):
    monkeypatch.setattr(native, "engine", None)
    monkeypatch.setattr(native, "reason", "it was taken away")
    code, out, _ = run("doctor")
    assert code == 0
    assert "numpy, not native: it was taken away" in out
