"""load: folders of pictures and of sequences, cut into parts by their sub-folders or by lot."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from pellucid import ConfigError, FileError
from pellucid.data import load
from pellucid.data.load import load_sets
from pellucid.train import Recipe, load_parts


def fill(folder, classes=("a", "b"), count=5, seed=0, sequences=False):
    rng = np.random.default_rng(seed)
    for name in classes:
        for n in range(count):
            path = folder / name / (f"s{n}/0.png" if sequences else f"{n}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (6, 6), np.uint8)).save(path)


def test_classes_alone_give_a_fifth_for_the_test(tmp_path):
    fill(tmp_path)
    train, test = load(tmp_path, (1, 6, 6))
    assert (np.bincount(train.labels).tolist(), np.bincount(test.labels).tolist()) == ([4, 4], [1, 1])
    assert train.normalize == test.normalize
    again = load(str(tmp_path), (1, 6, 6))[1]
    assert_array_equal(again.inputs, test.inputs)


def test_parts_by_name(tmp_path):
    for seed, part in enumerate(("train", "val", "test")):
        fill(tmp_path / part, count=4 - seed, seed=seed)
    train, validation, test = load_sets(tmp_path, (3, 7, 6))
    assert [len(part) for part in (train, validation, test)] == [8, 6, 4]
    assert {part.input_shape for part in (train, validation, test)} == {(3, 7, 6)}
    assert train.normalize == validation.normalize == test.normalize
    parts = load_parts(Recipe("m", data=str(tmp_path)), (1, 6, 6))
    assert [len(part) for part in parts] == [8, 6, 4], "they are not cut any more"
    assert [len(part) for part in load_parts(Recipe("m", data=str(tmp_path), validation=0))] == [8, 0, 4]


def test_without_a_test_set_val_is_one(tmp_path):
    fill(tmp_path / "training")
    fill(tmp_path / "valid", count=2)
    train, validation, test = load_sets(tmp_path)
    assert (len(train), validation, len(test)) == (10, None, 4)


def test_a_class_may_be_called_train(tmp_path):
    fill(tmp_path, classes=("car", "train"))
    assert load(tmp_path)[0].class_names == ("car", "train")


def test_sequences_are_known_by_their_depth(tmp_path):
    fill(tmp_path / "alone", sequences=True)
    assert load(tmp_path / "alone")[0].input_shape == (8, 1, 28, 28)
    assert load(tmp_path / "alone", (5, 3, 6, 7))[0].input_shape == (5, 3, 6, 7)
    for part in ("train", "test"):
        fill(tmp_path / "parts" / part, sequences=True)
    assert load(tmp_path / "parts", (1, 6, 6))[1].input_shape == (8, 1, 6, 6)


def test_what_is_wrong_with_a_tree(tmp_path):
    fill(tmp_path / "train")
    with pytest.raises(FileError, match="has train, but neither test nor val"):
        load(tmp_path)
    fill(tmp_path / "test", classes=("a", "c"))
    with pytest.raises(FileError, match="test/c: is none of the classes a, b"):
        load(tmp_path)
    (tmp_path / "train").rename(tmp_path / "val")
    with pytest.raises(FileError, match="has test, val, but no train"):
        load(tmp_path)
    (tmp_path / "test").rename(tmp_path / "validation")
    with pytest.raises(FileError, match="two folders for one part: val, validation"):
        load(tmp_path)
    with pytest.raises(ConfigError, match=r"holds pictures, the network takes \(28, 28\)"):
        load(tmp_path, (28, 28))


def test_unreadable_files_are_the_recipes_choice(tmp_path):
    fill(tmp_path)
    (tmp_path / "a" / "9.png").write_bytes(b"")
    recipe = Recipe("m", data=str(tmp_path), validation=2)
    with pytest.raises(FileError, match=r"a/9\.png: no image"):
        load_parts(recipe)
    with pytest.warns(UserWarning, match="1 skipped"):
        assert len(load_parts(recipe.updated({"unreadable": "skip"})).training) == 6
    with pytest.raises(ConfigError, match="unreadable: is 'perhaps', expected raise, skip"):
        Recipe("m", unreadable="perhaps")


def test_one_picture_alone(tmp_path):
    fill(tmp_path, classes=("a",), count=1)
    with pytest.raises(FileError, match="one picture alone cannot be cut into a training and a test set"):
        load(tmp_path, (1, 6, 6))
