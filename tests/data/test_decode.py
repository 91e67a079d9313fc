"""decode: files that are no images, or bad ones, are named, within bounded memory."""

import struct
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from pellucid import FileError
from pellucid.data import read_image
from pellucid.data.decode import decode


def png(width, height, data=b""):
    """A PNG that announces this size, one bit a pixel."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    packed = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def encoded(kind, tmp_path, rng):
    Image.fromarray(rng.integers(0, 256, (60, 50), np.uint8)).save(tmp_path / "good", kind)
    return (tmp_path / "good").read_bytes()


BAD = {
    "empty": (b"", "no image of a kind known here: BMP, GIF, JPEG"),
    "text": (b"a letter to you\n" * 9, "no image of a kind known here"),
    "postscript": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
        "no image of a kind known here",
    ),
    "51 megapixels": (png(7200, 7100), "larger than 50 megapixels"),
    "100 megapixels": (png(10_000, 10_000), "larger than 50 megapixels"),  # Pillow warns of it, and only that
    "a bomb": (png(60_000, 60_000), "larger than 50 megapixels"),
    "absurd": (png(2**31 - 1, 2**31 - 1), "larger than 50 megapixels"),
    "no data": (png(100, 100), "damaged image: "),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_named_and_bounded(tmp_path, what):
    content, words = BAD[what]
    (tmp_path / "f.png").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(FileError, match=words) as raised:
        read_image(tmp_path / "f.png")
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    assert str(raised.value).startswith(f"{tmp_path / 'f.png'}: ")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_any_file_cut_short_is_named(tmp_path, rng, kind):
    content = encoded(kind, tmp_path, rng)
    assert decode(tmp_path / "good", 100).colours.shape[:2] == (60, 50)
    for length in (len(content) // 2, 20):
        (tmp_path / "f").write_bytes(content[:length])
        with pytest.raises(FileError, match=r"f: (damaged image: .+|no image of a kind known here)"):
            decode(tmp_path / "f", 100)


def test_what_is_damaged_anywhere_is_read_or_named(tmp_path, rng):
    """No other error, no warning, whatever is written over."""
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "PPM"):
        content = np.frombuffer(encoded(kind, tmp_path, rng), np.uint8)
        refused = 0
        for _ in range(40):
            damaged = content.copy()
            damaged[rng.integers(0, min(len(content), 300), 5)] = rng.integers(0, 256, 5)
            (tmp_path / "f").write_bytes(damaged.tobytes())
            try:
                decode(tmp_path / "f", 100)
            except FileError:
                refused += 1
        assert refused


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FileError, match=r"nothing\.png: cannot be read: No such file"):
        read_image(tmp_path / "nothing.png")
    with pytest.raises(FileError, match="cannot be read: Is a directory"):
        read_image(tmp_path)


def test_the_content_decides_not_the_name(tmp_path, rng):
    image = rng.integers(0, 256, (20, 20), np.uint8)
    Image.fromarray(image).save(tmp_path / "f.jpg", "PNG")
    assert np.rint(decode(tmp_path / "f.jpg", 100).colours[..., 0] * 255).tolist() == image.tolist()


def test_of_several_frames_the_first_is_taken(tmp_path):
    frames = [Image.new("L", (30, 20), shade) for shade in (40, 200)]
    frames[0].save(tmp_path / "f.gif", save_all=True, append_images=frames[1:])
    read = decode(tmp_path / "f.gif", 100)
    assert read.words.startswith("30x20 ")
    assert read.words.endswith(", the first of its frames")
    assert np.allclose(read.colours, 40 / 255)


def test_a_large_image_is_averaged_down_before_it_becomes_floats(tmp_path):
    image = Image.new("1", (7000, 7000), 1)
    image.paste(0, (0, 0, 3500, 7000))
    image.save(tmp_path / "f.png")
    tracemalloc.start()
    read = decode(tmp_path / "f.png", 640)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    assert (read.colours.shape, read.factor) == ((637, 637, 1), 11)
    assert read.colours[:, :318].max() == 0
    assert read.colours[:, 319:].min() == 1


def test_a_transparent_picture_is_laid_on_its_paper_or_on_the_opposite_of_its_ink(tmp_path):
    """A scan with a transparent margin gets a margin of paper; a bare outline gets a ground to be seen on."""
    scan = np.full((40, 40, 4), 240, np.uint8)
    scan[15:25, 18:22, :3] = 20
    scan[:, 30:] = 0
    outline = np.zeros((40, 40, 4), np.uint8)
    outline[10:30, 18:22] = [250, 250, 250, 255]
    for image, where, shade in ((scan, (5, 35), 240), (outline, (5, 5), 0), (outline, (20, 20), 250)):
        Image.fromarray(image).save(tmp_path / "f.png")
        assert np.rint(decode(tmp_path / "f.png", 100).colours[where] * 255).tolist() == [shade] * 3
    outline[10:30, 18:22, :3] = 10
    Image.fromarray(outline).save(tmp_path / "f.png")
    assert decode(tmp_path / "f.png", 100).colours[5, 5].tolist() == [1, 1, 1]


def test_numbers_of_16_bits_keep_their_shade(tmp_path):
    Image.fromarray(np.array([[0, 13107, 65535]], np.uint16)).save(tmp_path / "f.png")
    assert decode(tmp_path / "f.png", 100).colours[0, :, 0] == pytest.approx([0, 0.2, 1])


def test_numbers_that_are_not_finite_do_no_harm(tmp_path):
    values = np.linspace(0, 10, 400, dtype=np.float32).reshape(20, 20)
    values[3, 4], values[5, 6] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "f.tiff")
    colours = decode(tmp_path / "f.tiff", 100).colours
    assert (colours.min(), colours.max()) == (0, 1)


def test_without_pillow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(FileError, match=r"reading images needs Pillow: pip install 'pellucid\[images\]'"):
        read_image(tmp_path / "f.png")
