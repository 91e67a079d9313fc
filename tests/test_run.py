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


# Stands for Python: makes a virtual environment of itself, takes pip's part, and notes what that is to install.
FAKE = """#!/bin/sh
case "$*" in *pip*install*) shift 5; echo "$@" >>"$(dirname "$0")/log" ;; esac
if [ "$2" = venv ]; then
    mkdir -p "$4/bin"
    cp "$0" "$4/bin/python"
    printf '#!/bin/sh\\necho pellucid "$@"\\n' >"$4/bin/pellucid"
    chmod +x "$4/bin/pellucid"
fi
"""


def test_it_installs_again_when_what_is_compiled_has_changed(tmp_path):
    for name in ("run", "pyproject.toml", "CMakeLists.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "native" / "bindings").mkdir(parents=True)
    kernel = tmp_path / "native" / "bindings" / "kernel.cpp"
    kernel.write_text("int one = 1;")
    (tmp_path / "fake").write_text(FAKE)
    (tmp_path / "fake").chmod(0o755)

    def installs():
        settings = os.environ | {"PYTHON": str(tmp_path / "fake")}
        done = subprocess.run(["sh", tmp_path / "run", "models"], capture_output=True, text=True, env=settings)
        assert (done.returncode, done.stdout) == (0, "pellucid models\n"), done.stderr
        return "installing pellucid" in done.stderr

    assert installs()
    assert not installs()
    for change in (
        lambda: kernel.write_text("int one = 2;"),
        lambda: kernel.with_name("other.cpp").write_text(""),
        lambda: kernel.unlink(),
        lambda: (tmp_path / "CMakeLists.txt").write_text(""),
        lambda: (tmp_path / "pyproject.toml").write_text(""),
    ):
        change()
        assert installs()
        assert not installs()


def test_other_words_need_libraries_but_no_second_compilation(tmp_path):
    for name in ("run", "pyproject.toml", "CMakeLists.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "native").mkdir()
    (tmp_path / "fake").write_text(FAKE)
    (tmp_path / "fake").chmod(0o755)
    settings = os.environ | {"PYTHON": str(tmp_path / "fake")}
    for word in ("models", "lr-find"):
        subprocess.run(["sh", tmp_path / "run", word], check=True, capture_output=True, env=settings)
    told = (tmp_path / ".venv" / "bin" / "log").read_text().splitlines()
    assert told == [f"-e {tmp_path}[images,fetch]", f"-r {tmp_path}/.venv/missing.txt"]
