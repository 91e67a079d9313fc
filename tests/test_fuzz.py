"""Whatever the bytes: an object or one clear error.  What once failed stays in tests/corpus."""

import random
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pellucid import ConfigError, FileError
from pellucid.data import read_idx, write_idx
from pellucid.train import History, Recipe, StepsLog
from pellucid.train.tensors import npz_bytes, read_arrays
from scripts.fuzz import CORPUS, fault, fuzz, mutated
from scripts.fuzz_kinds import KINDS, Kind

QUICK = settings(max_examples=150, deadline=None)
BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=BY_NAME)
def test_mutations_of_every_kind_of_file(kind):
    tried, faults = fuzz(kind, random.Random(f"tests {kind.name}"), 80, 60, keep=None)
    assert (tried, faults) == (80, [])


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*-*")), ids=lambda path: path.name)
def test_what_once_failed(path, tmp_path):
    kind = BY_NAME[path.name.rpartition("-")[0]]
    copy = tmp_path / f"file.{kind.name.rpartition('.')[2]}"
    copy.write_bytes(path.read_bytes())
    assert fault(kind, copy) == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda p: 1 / 0, "ZeroDivisionError"),
        (lambda p: (_ for _ in ()).throw(FileError("something is wrong")), "names no file"),
        (lambda p: (p.parent / "more").write_text(""), "it wrote more"),
        (lambda p: np.float32(1e38) * np.float32(1e38), "RuntimeWarning"),
    ],
)
def test_the_fuzzer_sees_faults(answer, words, tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    assert words in fault(Kind("test", lambda folder: [b"x"], answer), tmp_path / "file")


def test_mutations_differ_and_repeat():
    made = [
        [mutated(b"0123456789" * 9, [b"abc"], draw) for _ in range(50)] for draw in (random.Random(1), random.Random(1))
    ]
    assert made[0] == made[1]
    assert len(set(made[0])) > 40


@QUICK
@given(
    arrays.arrays(st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]), arrays.array_shapes(max_dims=4, max_side=5))
)
def test_idx_gives_back_what_was_written(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("idx") / "a.gz"
    write_idx(path, array)
    found = read_idx(path)
    assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, array.shape, array.tobytes())


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_are_an_array_or_a_file_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    for read in (read_idx, lambda p: read_arrays(p, lambda header: None), lambda p: StepsLog(p).read()):
        with suppress(FileError):  # nothing else may come
            read(path)


@QUICK
@given(st.dictionaries(st.text("abc.", min_size=1, max_size=5), arrays.arrays("f4", arrays.array_shapes(max_side=3),
       elements=st.floats(-1e6, 1e6, width=32)), max_size=3))  # fmt: skip
def test_npz_gives_back_what_was_written(tmp_path_factory, named):
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    path.write_bytes(npz_bytes(named))
    found, _ = read_arrays(path, lambda header: None)
    assert {n: a.tobytes() for n, a in found.items()} == {n: a.tobytes() for n, a in named.items()}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 100) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@QUICK
@given(st.dictionaries(st.sampled_from([*Recipe.__dataclass_fields__, "other"]), VALUES, max_size=4))
def test_any_table_is_a_recipe_or_a_config_error(table):
    with suppress(ConfigError):  # nothing else may come
        recipe = Recipe.from_dict({"model": "cnn", **table})
        assert Recipe.from_toml(recipe.to_toml(), "again").to_dict() == recipe.to_dict()


@QUICK
@given(st.lists(st.floats(allow_nan=False), max_size=5))
def test_a_history_keeps_every_bit(tmp_path_factory, losses):
    history, path = History(), tmp_path_factory.mktemp("history") / "h.csv"
    for loss in losses:
        history.append({"loss": loss})
    history.to_csv(path)
    assert [float(line) for line in path.read_text().splitlines()[1:]] == losses
