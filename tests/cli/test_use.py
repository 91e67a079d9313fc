"""pellucid evaluate and predict: trained networks at work."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pellucid import data, models
from tests.data.conftest import idx_bytes

QUICK = ["--subset", "300", "100", "--validation", "50", "--epochs", "2", "--out", "run"]


@pytest.fixture(scope="module")
def digits():
    """One test image of each digit, which the network knows."""
    _, test = data.mnist()
    return {k: test.inputs[np.flatnonzero(test.labels == k)[3], 0] for k in range(10)}


def picture(array, scale=8, margin=60, ink=(255, 255, 255), paper=(0, 0, 0)):
    """A digit as a larger coloured picture with margins."""
    alpha = np.asarray(Image.fromarray(array).resize((28 * scale, 28 * scale), Image.Resampling.BICUBIC)) / 255
    alpha = np.pad(alpha, ((margin, 2 * margin), (2 * margin, margin)))[..., None]
    return Image.fromarray((np.array(paper) * (1 - alpha) + np.array(ink) * alpha).astype(np.uint8))


WAYS = {
    "as it is": lambda a: Image.fromarray(a),
    "white on black": lambda a: picture(a),
    "black on white": lambda a: picture(a, ink=(0, 0, 0), paper=(255, 255, 255)),
    "colour": lambda a: picture(a, ink=(20, 40, 160), paper=(250, 240, 200)),
    "small": lambda a: picture(a, scale=1, margin=5, ink=(0, 0, 0), paper=(255, 255, 255)),
    "large": lambda a: picture(a, scale=30, margin=300, ink=(30, 30, 30), paper=(240, 240, 240)),
}


@pytest.mark.parametrize("way", WAYS)
def test_predict_knows_digits_however_they_are_drawn(run, tmp_path, digits, way):
    files = []
    for k, array in digits.items():
        files.append(f"{k}.png")
        WAYS[way](array).save(files[-1])
    code, out, err = run("predict", *files, "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)["predictions"]
    assert sum(row["classes"][0]["class"] == row["file"][0] for row in rows) >= 9
    assert all(row["read_as"] for row in rows)


def test_predict_tells_class_probabilities_and_how_it_read(run, digits):
    WAYS["black on white"](digits[7]).save("seven.jpg")
    code, out, err = run("predict", "seven.jpg", "--top", "2")
    assert (code, err) == (0, "")
    assert re.match(r"seven\.jpg: 7  \(\d+\.\d %; \d \d+\.\d %\)\n    .*dark on light", out)


def test_a_digit_drawn_by_hand(run):
    canvas = Image.new("L", (300, 200), 255)
    ImageDraw.Draw(canvas).line([(120, 40), (180, 40), (140, 160)], fill=0, width=12)
    canvas.save("drawn.png")
    assert run("predict", "drawn.png")[1].startswith("drawn.png: 7")


def test_one_bad_file_is_an_error_and_no_half_answer(run, digits):
    WAYS["as it is"](digits[1]).save("one.png")
    Path("bad.png").write_bytes(b"no picture")
    code, out, err = run("predict", "one.png", "bad.png")
    assert (code, out) == (1, "")
    assert err.startswith("error: bad.png: ")


def test_evaluate_repeats_what_the_run_said(run):
    told = json.loads(run("train", *QUICK, "--json")[1])
    result = json.loads(run("evaluate", "run", "--json")[1])
    assert {k: result[k] for k in ("loss", "accuracy")} == told["test"]
    assert result["weights_sha256"] == told["weights_sha256"]
    last = told["history"][-1]
    validated = json.loads(run("evaluate", "run", "--on", "validation", "--json")[1])
    assert (validated["loss"], validated["accuracy"]) == (last["val_loss"], last["val_accuracy"])
    best = json.loads(run("evaluate", "run", "--weights", "best", "--on", "validation", "--json")[1])
    assert best["loss"] == min(row["val_loss"] for row in told["history"])
    code, out, _ = run("evaluate", "run")
    assert code == 0
    assert re.match(r"test accuracy \d+\.\d\d %  \(loss \d\.\d{4}\), 100 images\nweights SHA-256 [0-9a-f]{64}\n", out)


def test_evaluate_takes_loss_and_normalisation_of_the_run(run, tmp_path):
    told = json.loads(run("train", *QUICK, "--set", "loss.label_smoothing=0.2", "--json")[1])
    result = json.loads(run("evaluate", "run", "--json")[1])
    assert {k: result[k] for k in ("loss", "accuracy")} == told["test"]
    folder = folder_of(tmp_path / "a")
    got = json.loads(run("evaluate", "run", "--data", folder, "--json")[1])
    model, (_, test) = models.load("run"), data.load(folder)
    assert got["loss"] == model.evaluate((test.inputs, test.labels))["loss"], "not that of the other images"
    assert got["loss"] != model.evaluate(test)["loss"]


def test_how_pictures_are_read_is_kept_with_the_run(run, tmp_path):
    run("train", *QUICK)
    run("train", "--data", folder_of(tmp_path / "a"), "--validation", "0", "--epochs", "1", "--out", "own")
    assert (models.load("run").framing, models.load("own").framing) == ("digit", "whole")


def test_evaluate_notes_that_the_data_have_changed(run, tmp_path):
    folder = folder_of(tmp_path / "a")
    run("train", "--data", folder, "--validation", "0", "--epochs", "1", "--out", "run")
    assert run("evaluate", "run")[2] == ""
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(20, np.uint8)))
    assert "note: these are not the test images that the run had" in run("evaluate", "run")[2]


def test_a_run_of_ones_own_predicts(run, digits):
    run("train", *QUICK)
    WAYS["as it is"](digits[0]).save("run.png")
    rows = json.loads(run("predict", "run", "run.png", "--json")[1])
    assert rows["run"] == "run"
    assert len(rows["predictions"][0]["classes"]) == 3


def folder_of(folder, size=28, classes=10):
    folder.mkdir()
    for part in ("train", "t10k"):
        images = np.zeros((20, size, size), np.uint8)
        images[:, 5:9, 5:9] = 200
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(20, dtype=np.uint8) % classes))
    return folder


def test_evaluate_on_other_images(run, tmp_path):
    result = json.loads(run("evaluate", "--data", folder_of(tmp_path / "a"), "--json")[1])
    assert (result["images"], result["accuracy"]) == (20, 0.1), "one answer for all, right for a tenth"
    for name, settings, words in (
        ("b", {"size": 30}, r"images are \(1, 30, 30\), the network takes \(1, 28, 28\)"),
        ("c", {"classes": 11}, "has 11 classes, the network knows 10"),
    ):
        code, _, err = run("evaluate", "--data", folder_of(tmp_path / name, **settings))
        assert code == 1
        assert re.match(f"error: {tmp_path / name}: {words}\n$", err)
    assert "there are no validation images in" in run("evaluate", "--data", tmp_path / "a", "--on", "validation")[2]


def test_outputs_without_a_class_in_the_data_have_a_name_all_the_same(run, tmp_path, digits):
    folder = folder_of(tmp_path / "a", classes=3)
    assert run("train", "--data", folder, "--validation", "0", "--epochs", "1", "--out", "run")[0] == 0
    WAYS["as it is"](digits[0]).save("zero.png")
    rows = json.loads(run("predict", "run", "zero.png", "--top", "99", "--json")[1])["predictions"]
    assert sorted(c["class"] for c in rows[0]["classes"]) == list("0123456789")


def test_evaluate_refuses_what_is_not_there(run):
    run("train", *QUICK[:5], "--validation", "0", "--epochs", "1", "--out", "run")
    _, _, err = run("evaluate", "run", "--on", "validation")
    assert err == "error: --on validation: there are no validation images in this run\n"
    assert "best.safetensors: is missing: no epoch was validated yet" in run("evaluate", "run", "--weights", "best")[2]


def test_evaluate_reports_on_each_class(run):
    run("train", *QUICK)
    plain = json.loads(run("evaluate", "run", "--json")[1])
    told = json.loads(run("evaluate", "run", "--report", "--json")[1])
    assert {key: told[key] for key in plain} == plain
    confusion = np.array(told["confusion"])
    assert confusion.shape == (10, 10)
    assert confusion.sum() == 100
    assert confusion.trace() / 100 == told["accuracy"] == told["report"]["accuracy"]
    assert [row["class"] for row in told["report"]["classes"]] == list("0123456789")
    assert sum(row["count"] for row in told["calibration"]["bins"]) == 100
    code, out, _ = run("evaluate", "run", "--report")
    assert code == 0
    for words in ("true \\ predicted", "precision", "weighted mean", "expected calibration error", "test accuracy"):
        assert words in out
