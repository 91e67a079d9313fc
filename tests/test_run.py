"""The script of one-word chores explains itself where it cannot work."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("arguments", [[], ["nonsense"]])
def test_without_or_with_an_unknown_word(arguments):
    done = subprocess.run(["sh", ROOT / "run", *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert "run the test-suite" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("python", "words"),
    [
        (None, "error: fake: not found; install Python 3.11 or newer"),
        ('case "$2" in *version_info*) exit 1;; esac; echo Python 3.9.1', "error: Python 3.9.1 is too old"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "sudo apt install python3-venv"),
    ],
)
def test_on_a_machine_that_lacks_something(tmp_path, python, words):
    for name in ("run", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    if python is not None:
        (tmp_path / "fake").write_text(f"#!/bin/sh\n{python}\n")
        (tmp_path / "fake").chmod(0o755)
    settings = os.environ | {"PYTHON": "fake", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", tmp_path / "run", "train"], capture_output=True, text=True, env=settings)
    assert done.returncode == 1
    assert words in done.stderr
    assert not (tmp_path / ".venv").exists()
