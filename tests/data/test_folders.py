"""Folders of pictures and of frames: what is in them, in which order, and what is wrong with a file."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from pellucid import ConfigError, FileError
from pellucid.data import Normalize, SkippedFiles, frame_folder, image_folder, read_image


@pytest.fixture
def pictures(tmp_path):
    """Classes b, a, C, of 2, 3 and 1 pictures, with hidden files and folders among them."""
    rng = np.random.default_rng(0)
    for name, count in (("b", 2), ("a", 3), ("C", 1), (".git", 1)):
        (tmp_path / name).mkdir()
        for n in range(count):
            Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).save(tmp_path / name / f"{n}.png")
    (tmp_path / "a" / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (tmp_path / "notes.txt").write_text("not in a class")
    return tmp_path


def frame(folder, name, value):
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("L", (6, 6), value).save(folder / name)


@pytest.mark.parametrize(("channels", "size"), [(1, (9, 12)), (3, (5, 20))])
def test_each_picture_is_read_as_predict_does(pictures, channels, size):
    data = image_folder(pictures, size, channels)
    assert data.class_names == ("C", "a", "b")
    assert data.labels.tolist() == [0, 1, 1, 1, 2, 2]
    assert data.inputs.dtype == np.uint8
    files = ["C/0", "a/0", "a/1", "a/2", "b/0", "b/1"]
    expected = [read_image(pictures / f"{f}.png", (channels, *size), "whole").pixels for f in files]
    assert_array_equal(data.inputs, expected)
    assert data.normalize == Normalize.fit(data.inputs)


def test_classes_in_a_given_order(pictures):
    data = image_folder(pictures, class_names=("b", "x", "a", "C"), normalize=Normalize(0.25, 0.5))
    assert data.labels.tolist() == [3, 2, 2, 2, 0, 0]
    assert (data.class_names, data.normalize) == (("b", "x", "a", "C"), Normalize(0.25, 0.5))
    with pytest.raises(FileError, match="C: is none of the classes a, b"):
        image_folder(pictures, class_names=("a", "b"))


def test_what_cannot_be_read_is_fatal_or_reported(pictures):
    (pictures / "a" / "1.png").write_bytes(b"no picture")
    (pictures / "b" / "deep").mkdir()
    Image.new("L", (9, 9)).save(pictures / "b" / "blank.png")
    with pytest.raises(FileError, match=r"a/1\.png: no image of a kind known here"):
        image_folder(pictures)
    with pytest.warns(SkippedFiles) as caught:
        data = image_folder(pictures, on_error="skip")
    (warning,) = caught
    assert str(warning.message).startswith(f"{pictures}: 3 skipped:\n  {pictures}/a/1.png: no image of a kind")
    assert f"{pictures}/b/blank.png: blank: it has one shade only" in str(warning.message)
    assert f"{pictures}/b/deep: is a folder where a picture is due" in str(warning.message)
    assert data.labels.tolist() == [0, 1, 1, 2, 2]
    (pictures / "C" / "0.png").write_bytes(b"")
    with pytest.raises(FileError, match="C: nothing in it can be read as a sample"):
        image_folder(pictures, on_error="skip")


def test_a_long_list_of_skipped_files_is_cut(pictures):
    for n in range(13):
        (pictures / "a" / f"x{n}.png").write_bytes(b"")
    with pytest.warns(SkippedFiles, match=r"13 skipped:(\n.*){10}\n  and 3 more$"):
        image_folder(pictures, on_error="skip")


def test_folders_that_are_none(tmp_path, monkeypatch):
    with pytest.raises(FileError, match="nowhere: cannot be read: No such file"):
        image_folder(tmp_path / "nowhere")
    with pytest.raises(FileError, match="no sub-folders; each class needs one"):
        image_folder(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="empty: nothing in it can be read"):
        image_folder(tmp_path)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(FileError, match="reading images needs Pillow"):
        image_folder(tmp_path, on_error="skip")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"size": (0, 3)}, r"size: is \(0, 3\)"),
        ({"channels": 4}, "channels: is 4, 1 or 3"),
        ({"on_error": "ignore"}, "on_error 'ignore': unknown; known are raise, skip"),
        ({"framing": "half"}, "framing 'half': unknown"),
    ],
)
def test_options_out_of_range(pictures, given, words):
    with pytest.raises(ConfigError, match=words):
        image_folder(pictures, **given)


@pytest.fixture
def sequences(tmp_path):
    """Class up with a sequence of 11 frames and one of 2, class down with an animated GIF of 4."""
    for n in range(11):
        frame(tmp_path / "up" / "long", f"frame{n + 1}.png", 20 * n)
    frame(tmp_path / "up" / "short", "9.png", 90)
    frame(tmp_path / "up" / "short", "10.png", 100)
    (tmp_path / "up" / "short" / ".hidden.png").write_bytes(b"")
    (tmp_path / "down").mkdir()
    shades = [Image.new("L", (6, 6), v) for v in (240, 160, 80, 0)]
    shades[0].save(tmp_path / "down" / "fade.gif", save_all=True, append_images=shades[1:], duration=40)
    return tmp_path


def test_frames_in_natural_order_spread_or_repeated(sequences):
    data = frame_folder(sequences, frames=3, size=(6, 6))
    assert data.inputs.shape == (3, 3, 1, 6, 6)
    assert data.class_names == ("down", "up")
    assert data.labels.tolist() == [0, 1, 1]
    assert data.inputs[:, :, 0, 3, 3].tolist() == [[240, 80, 0], [0, 100, 200], [90, 100, 100]]
    whole = frame_folder(sequences, frames=11, size=(6, 6), channels=3).inputs
    assert whole[1, :, 2, 0, 0].tolist() == [20 * n for n in range(11)]
    assert whole[0, :, 1, 0, 0].tolist() == [240, 160, 80] + [0] * 8
    assert frame_folder(sequences, frames=1).inputs[:, 0, 0, 0, 0].tolist() == [240, 0, 90]


def test_natural_order_of_several_numbers(tmp_path):
    for v, name in enumerate(("1_9.png", "1_10.png", "2_1.png", "10_0.png", "a.png")):
        frame(tmp_path / "c" / "s", name, 10 * v)
    assert frame_folder(tmp_path, frames=5).inputs[0, :, 0, 0, 0].tolist() == [0, 10, 20, 30, 40]


def test_a_sequence_that_cannot_be_read(sequences):
    (sequences / "up" / "long" / "frame6.png").write_bytes(b"?")
    (sequences / "up" / "none").mkdir()
    with pytest.raises(FileError, match=r"frame6\.png: no image"):
        frame_folder(sequences, frames=3)
    with pytest.warns(SkippedFiles, match=r"2 skipped:\n  .*frame6\.png: no image.*\n  .*none: no frames in it"):
        data = frame_folder(sequences, frames=3, on_error="skip")
    assert data.labels.tolist() == [0, 1]
    with pytest.raises(ConfigError, match="frames: is 0"):
        frame_folder(sequences, frames=0)
