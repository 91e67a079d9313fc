"""Trained networks: what comes with the package is what its recipe and hash say, and runs open the same way."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pellucid import ConfigError, FileError, data, models
from pellucid.models import trained


@pytest.mark.parametrize("name", models.TRAINED)
def test_what_comes_with_the_package_is_what_it_says(name):
    model = models.load(name)
    result = model.run.result()
    assert model.digest == result["weights_sha256"]
    assert model.run.recipe == models.recipe(name), "trained by the recipe that comes along"
    assert (model.run.path / "history.csv").exists()
    _, test = data.load(model.run.recipe.data)
    assert model.evaluate(test)["accuracy"] == pytest.approx(result["test"]["accuracy"], abs=0.0002)
    assert result["test"]["accuracy"] > 0.99


def test_arrays_of_bytes_are_normalised_as_in_training():
    model, (_, test) = models.load("mnist-cnn"), data.mnist()
    few = test.take(np.arange(20))
    assert model.predict(few.inputs).tobytes() == model.predict(few).tobytes()
    assert (model.predict(few.inputs).argmax(axis=1) == few.labels).mean() > 0.9
    assert model.class_names == tuple("0123456789")
    assert (model.input_shape, model.framing) == ((1, 28, 28), "digit")


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(Path(trained.__file__).parent / "trained" / "mnist-cnn", tmp_path / "run")
    return tmp_path / "run"


def test_a_run_opens_by_its_folder(copy):
    assert models.load(copy).digest == models.load("mnist-cnn").digest
    with pytest.raises(FileError, match=r"best\.safetensors: is missing"):
        models.load(copy, "best")


def test_changed_weights_are_noticed(copy):
    content = bytearray((copy / "last.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "last.safetensors").write_bytes(content)
    with pytest.raises(FileError, match=r"last\.safetensors: its SHA-256 is not that of result\.json"):
        models.load(copy)


def test_mistakes_are_named(tmp_path):
    with pytest.raises(FileError, match="nowhere: no such run"):
        models.load(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="weights: is 'first', expected 'last' or 'best'"):
        models.load("mnist-cnn", "first")
