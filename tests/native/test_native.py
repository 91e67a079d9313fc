"""Which engine is chosen, and what is said about it."""

import json
import os
import re
import subprocess
import sys

import pytest

from pellucid import ConfigError, native

needs_native = pytest.mark.skipif(native.engine is None, reason=f"the NumPy reference runs: {native.reason}")

NO_ENGINE = """
import importlib.abc, sys
class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "pellucid.native._engine":
            raise {error}
sys.meta_path.insert(0, Blocker())
"""
NOT_COMPILED = NO_ENGINE.format(error='ModuleNotFoundError(f"No module named {name!r}", name=name)')
OTHER_CPU = NO_ENGINE.format(error='ImportError("this processor has none")')


def python(code, **settings):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PELLUCID_")} | settings
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)


DOCTOR = "import sys, pellucid.cli; sys.exit(pellucid.cli.main(['doctor']))"


@pytest.mark.parametrize(
    ("blocker", "why"),
    [
        (NOT_COMPILED, "the kernels were not compiled at installation; install g++ or clang"),
        (OTHER_CPU, "the compiled kernels cannot run: this processor has none"),
    ],
)
def test_without_kernels(blocker, why):
    """`auto` and `numpy` compute with NumPy and say why, `native` is an error."""
    done = python(blocker + DOCTOR)
    assert done.returncode == 0
    assert f"numpy, not native: {why}" in done.stdout
    assert "PELLUCID_BACKEND=numpy asks for it" in python(blocker + DOCTOR, PELLUCID_BACKEND="numpy").stdout
    done = python(blocker + DOCTOR, PELLUCID_BACKEND="native")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error: PELLUCID_BACKEND: is 'native', but {why}" in done.stderr


def test_a_wrong_word_is_named():
    done = python(DOCTOR, PELLUCID_BACKEND="fast")
    assert done.returncode == 1
    assert done.stderr == "error: PELLUCID_BACKEND: is 'fast', expected one of auto, native, numpy\n"


@pytest.mark.parametrize("file", ["/nowhere/_engine.so", "/nowhere/engine.txt"])
def test_another_build_that_is_not_there_is_named(file):
    done = python("from pellucid import native", PELLUCID_BACKEND="native", PELLUCID_ENGINE=file)
    assert file in done.stderr


@needs_native
def test_the_native_engine_is_the_choice_where_there_is_one():
    code = "import json; from pellucid.train import environment as e; print(json.dumps(e()))"
    for backend in ("auto", "native"):
        found = json.loads(python(code, PELLUCID_BACKEND=backend, PELLUCID_NUM_THREADS="3").stdout)
        assert (found["engine"], found["why"], found["threads"]) == ("native", None, 3)
        assert found["instruction_set"] == native.engine.instruction_sets()[-1]
        assert found["contract"].startswith("native engine")
    found = json.loads(python(code, PELLUCID_BACKEND="numpy").stdout)
    assert (found["engine"], found["instruction_set"]) == ("numpy", None)


@needs_native
def test_it_loads_no_numpy():
    done = python("import sys; from pellucid import native; print(native.engine is None, 'numpy' in sys.modules)")
    assert done.stdout == "False False\n"


@needs_native
def test_the_option_sets_the_threads():
    code = "import pellucid.cli as c; c.main(['evaluate', 'mnist-cnn', '--threads', '3', '--data', '/nowhere'])"
    done = python(f"{code}; from pellucid import native; print(native.engine.thread_count())")
    assert done.stdout.splitlines()[-1] == "3"


@needs_native
def test_using_goes_back():
    before = native.engine.instruction_set()
    for name in native.engine.instruction_sets():
        with native.using(name):
            assert native.engine.instruction_set() == name
            assert native.describe().startswith(f"native: {name}, ")
            with native.using("numpy"):
                assert native.engine is None
                assert native.describe().startswith("numpy: ")
            assert native.engine.instruction_set() == name
    assert native.engine.instruction_set() == before
    with pytest.raises(ConfigError, match="no kernels for 'z80'"), native.using("z80"):
        pass


@pytest.mark.parametrize(
    ("wanted", "file", "error", "words"),
    [
        ("fast", None, None, "PELLUCID_BACKEND: is 'fast', expected one of auto, native, numpy"),
        ("native", "engine.txt", None, "cannot run: PELLUCID_ENGINE=engine.txt is no extension module"),
        ("native", "nothing.so", None, "the compiled kernels cannot run: .*nothing.so"),
        ("native", None, ModuleNotFoundError("_engine"), "were not compiled at installation"),
    ],
)
def test_an_engine_that_cannot_be_had(monkeypatch, wanted, file, error, words):
    monkeypatch.setenv("PELLUCID_BACKEND", wanted)
    monkeypatch.delenv("PELLUCID_ENGINE", raising=False)
    if file is not None:
        monkeypatch.setenv("PELLUCID_ENGINE", file)
    if error is not None:

        def fail():
            raise error

        monkeypatch.setattr(native, "_import", fail)
    with pytest.raises(ConfigError, match=words):
        native._load()
    if wanted == "native":
        monkeypatch.setenv("PELLUCID_BACKEND", "auto")
        engine, reason = native._load()
        assert engine is None
        assert re.search(words, reason)


def test_numpy_is_asked_for(monkeypatch):
    monkeypatch.setenv("PELLUCID_BACKEND", "numpy")
    assert native._load() == (None, "PELLUCID_BACKEND=numpy asks for it")
