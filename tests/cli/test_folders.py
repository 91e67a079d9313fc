"""Training on a folder of pictures, going on, measuring and predicting with what came of it."""

import json
import shutil

import pytest
from PIL import Image

from pellucid.data import mnist
from pellucid.train import RunFolder

QUICK = ["--validation", "10", "--epochs", "2", "--batch-size", "10"]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Zeros and ones, 30 and 10 of each, as dark digits on white paper; one file is none."""
    folder = tmp_path_factory.mktemp("digits")
    for part, data, count in (("train", mnist()[0], 30), ("test", mnist()[1], 10)):
        for label, name in enumerate(("zero", "one")):
            (folder / part / name).mkdir(parents=True)
            for n, image in enumerate(data.inputs[data.labels == label][:count, 0]):
                Image.fromarray(255 - image).resize((40, 40)).save(folder / part / name / f"{n}.png")
    (folder / "train" / "one" / "note.txt").write_text("not a picture")
    return folder


def test_from_pictures_to_predictions(run, digits):
    shutil.copytree(digits, "digits")
    code, _, err = run("train", "mnist-cnn", "--data", "digits", *QUICK, "--out", "run")
    assert code == 1
    assert err.startswith("error: ")
    assert "train/one/note.txt: no image of a kind known here" in err
    code, out, err = run("train", "--data", "digits", *QUICK, "--set", "unreadable=skip", "--out", "run", "--json")
    assert code == 0
    assert "note: " in err
    assert "1 skipped:\n" in err
    result = json.loads(out)
    assert result["images"] == {"train": 50, "validation": 10, "test": 20}
    assert result["test"]["accuracy"] > 0.9
    info = RunFolder("run").info
    assert (info.class_names[:3], info.input_shape, info.framing) == (("one", "zero", "2"), (1, 28, 28), "whole")
    out = run("predict", "run", "digits/test/one/3.png", "digits/test/zero/3.png", "--json")[1]
    rows = json.loads(out)["predictions"]
    assert [row["classes"][0]["class"] for row in rows] == ["one", "zero"]
    assert "dark on light: inverted, scaled to 28x28" in rows[0]["read_as"]
    measured = json.loads(run("evaluate", "run", "--json")[1])
    assert {name: measured[name] for name in ("loss", "accuracy")} == result["test"]
    # Other pictures are the same classes, whichever of them there are.
    shutil.copytree("digits/test/zero", "others/zero")
    zeros = json.loads(run("evaluate", "run", "--data", "others", "--json")[1])
    assert zeros["accuracy"] > 0.8
    assert zeros["images"] == 10, "all that are there"
    shutil.copytree("digits/test/zero", "others/seven")
    assert "others/seven: is none of the classes one, zero" in run("evaluate", "run", "--data", "others")[2]


def test_a_run_goes_on_only_with_the_same_pictures(run, digits):
    shutil.copytree(digits, "digits")
    options = ["--data", "digits", *QUICK, "--schedule", "constant", "--set", "unreadable=skip", "--out", "run"]
    assert run("train", *options)[0] == 0
    assert run("train", "--resume", "run", "--epochs", "3")[0] == 0
    Image.new("L", (9, 9), 3).resize((30, 30)).save("digits/test/one/0.png")
    code, _, err = run("train", "--resume", "run", "--epochs", "4")
    assert code == 1
    assert "the data are not those the run began with (data_sha256 differ)" in err
