"""read_image: MNIST's own digits, shown in many ways, come back as they were."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image, ImageDraw

from pellucid import ConfigError, FileError
from pellucid.data import mnist, read_image
from tests.data.pictures import cropped, enlarged, painted, photograph, picture, placed, speckled, transparent, turned

MARKS = [0, 1, 2, 3, 4, 7, 8, 11, 18, 61]  # the first ten test images that are a 7, 2, 1, 0, 4, 9, 5, 6, 3, 8


@pytest.fixture(scope="module")
def digits():
    return mnist()[1].inputs[MARKS, 0]


# how it is shown, the least mean correlation with the digit (shifts of a pixel aside), a word that tells what was done
WAYS = {
    "enlarged by repeating": (lambda d, _: Image.fromarray(d).resize((224, 224), 0), 0.99, "light on dark, cropped"),
    "enlarged smoothly": (lambda d, _: picture(enlarged(d)), 0.97, "light on dark, cropped"),
    "black and white": (lambda d, _: picture(1 - enlarged(d)).convert("1", dither=0), 0.95, "224x224 1, dark on light"),
    "margins": (lambda d, r: picture(1 - placed(enlarged(d), 480, 640, r)), 0.97, "dark on light: inverted"),
    "no margins": (lambda d, _: cropped(d), 0.97, "dark on light: inverted"),
    "colours": (lambda d, r: painted(placed(enlarged(d), 300, 300, r), [0.1, 0.2, 0.7], [0.9, 0.9, 0.6]), 0.97, "RGB"),
    "equally light": (lambda d, _: painted(enlarged(d), [0.85, 0.25, 0.2], [0.2, 0.75, 0.35]), 0.97, "RGB"),
    "CMYK": (lambda d, _: painted(enlarged(d), [0, 0, 0.3], [1, 0.9, 1]).convert("CMYK"), 0.97, "CMYK, dark on light"),
    "palette": (lambda d, _: painted(enlarged(d), [0, 0, 0.3], [1, 0.9, 1]).quantize(64), 0.97, "224x224 P, dark"),
    "16 bits": (
        lambda d, _: Image.fromarray(((1 - enlarged(d).clip(0, 1)) * 65535).astype(np.uint16)),
        0.97,
        "I;16, dark on light",
    ),
    "floats": (
        lambda d, _: Image.fromarray((enlarged(d) * 3 - 7).astype(np.float32)),
        0.97,
        "224x224 F, light on dark",
    ),
    "transparent, black ink": (lambda d, _: transparent(d, 0), 0.97, "RGBA, dark on light"),
    "transparent, white ink": (lambda d, _: transparent(d, 1), 0.97, "RGBA, light on dark"),
    "photograph": (photograph, 0.96, "400x300 RGB, dark on light: inverted"),
    "poor photograph": (lambda d, r: photograph(d, r, 0.45, 0.06, 0.7, 6), 0.95, "RGB, dark on light: inverted"),
    "pencil": (lambda d, r: photograph(d, r, 0.75, 0.02, 0.4), 0.96, "dark on light"),
    "turned": (turned, 0.96, "300x400 RGB, turned upright, dark on light"),
    "specks": (speckled, 0.95, "specks ignored"),
}


def likeness(found, digit):
    """The correlation at the best shift of at most a pixel."""
    shifts = [np.roll(found, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return max(np.corrcoef(s.ravel(), digit.ravel())[0, 1] for s in shifts)


@pytest.mark.parametrize("way", WAYS)
def test_a_digit_comes_back_however_it_is_shown(digits, rng, tmp_path, way):
    show, least, words = WAYS[way]
    found = []
    for digit in digits:
        image = show(digit, rng)
        kind = "JPEG" if image.mode == "CMYK" else "TIFF" if image.mode == "F" else "PNG"
        image.save(tmp_path / "f", kind, **({"exif": image.getexif()} if way == "turned" else {}))
        read = read_image(tmp_path / "f")
        assert (read.pixels.shape, read.pixels.dtype) == ((1, 28, 28), np.uint8)
        assert words in read.how
        found.append(read.pixels[0])
    likenesses = [likeness(f, d) for f, d in zip(found, digits, strict=True)]
    assert np.mean(likenesses) > least
    assert min(likenesses) > 0.85


def test_an_image_of_the_data_set_stays_to_the_bit(digits, tmp_path):
    for digit in digits:
        for image, words in ((digit, "28x28 L, as it is"), (np.dstack([digit] * 3), "28x28 RGB, as it is")):
            Image.fromarray(image).save(tmp_path / "f.png")
            read = read_image(tmp_path / "f.png")
            assert_array_equal(read.pixels[0], digit)
            assert read.how == words
            assert_array_equal(read_image(tmp_path / "f.png", (3, 28, 28)).pixels, [digit] * 3)
        Image.fromarray(255 - digit).save(tmp_path / "f.png")
        read = read_image(tmp_path / "f.png")
        assert likeness(read.pixels[0], digit) > 0.99
        assert read.how.startswith("28x28 L, dark on light: inverted, cropped to the ink (")
        assert read.how.endswith(" about its centre of mass")


@pytest.mark.parametrize("width", [1, 3, 10, 60])
def test_strokes_of_any_width_are_clear(tmp_path, width):
    image = Image.new("L", (900, 700), 255)
    ImageDraw.Draw(image).line([(300, 150), (600, 150), (420, 560)], 0, width)
    image.save(tmp_path / "seven.png")
    read = read_image(tmp_path / "seven.png")
    assert ("strokes thickened" in read.how) == (width < 20)
    seven = read.pixels[0].astype(int)
    assert seven.max() == 255
    rows = np.flatnonzero((seven > 60).any(axis=1))
    assert 17 <= rows[-1] - rows[0] + 1 <= 20
    assert all(seven[row].max() > 90 for row in range(rows[0], rows[-1])), "no row of the stroke is lost"
    assert_array_equal(seven[:4], 0)
    middle = [float(seven.sum(axis=1 - axis) @ np.arange(28) / seven.sum()) for axis in (0, 1)]
    assert middle == pytest.approx([14, 14], abs=0.6)


def test_the_given_polarity_is_taken(digits, tmp_path):
    Image.fromarray(digits[0]).resize((224, 224), 0).save(tmp_path / "f.png")
    assert likeness(read_image(tmp_path / "f.png", polarity="light-on-dark").pixels[0], digits[0]) > 0.99
    for side in (224, 28):
        Image.fromarray(digits[0]).resize((side, side), 0).save(tmp_path / "f.png")
        with pytest.raises(FileError, match="blank: no ink stands out"):
            read_image(tmp_path / "f.png", polarity="dark-on-light")


@pytest.mark.parametrize("shape", [(1, 14, 14), (1, 40, 56), (3, 28, 28)])
def test_other_networks_get_their_shape(digits, tmp_path, shape):
    picture(1 - enlarged(digits[0])).save(tmp_path / "f.png")
    for framing in ("digit", "whole"):
        pixels = read_image(tmp_path / "f.png", shape, framing).pixels
        assert (pixels.shape, pixels.dtype) == (shape, np.uint8)
        assert pixels.flags.c_contiguous
        assert pixels.max() > 200
        assert pixels[:, 0].max() < 50 or (shape[0] == 3 and framing == "whole"), "dark ground"


def test_the_whole_image_keeps_aspect_and_shade(tmp_path):
    image = Image.new("L", (200, 100), 250)
    ImageDraw.Draw(image).rectangle([0, 30, 99, 69], 50)
    image.save(tmp_path / "f.png")
    read = read_image(tmp_path / "f.png", (1, 20, 20), "whole")
    expected = np.full((20, 20), 5)
    expected[8:12, :10] = 205
    edges = np.zeros((20, 20), bool)
    edges[7:13, :11] = True
    edges[9:11, :9] = False  # new pixels along an edge may take a little from beyond it
    assert_array_equal(read.pixels[0][~edges], expected[~edges])
    assert np.abs(read.pixels[0].astype(int) - expected).max() < 25
    assert read.how == "200x100 L, dark on light: inverted, scaled to 20x10"
    light = read_image(tmp_path / "f.png", (1, 20, 20), "whole", "light-on-dark")
    assert_array_equal(light.pixels[0], 255 - read.pixels[0])
    assert light.how == "200x100 L, light on dark, scaled to 20x10"


def test_colours_stay_for_a_network_of_colours(tmp_path, rng):
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(image).save(tmp_path / "f.png")
    read = read_image(tmp_path / "f.png", (3, 20, 30), "whole")
    assert_array_equal(read.pixels, image.transpose(2, 0, 1))
    assert read.how == "30x20 RGB, scaled to 30x20"
    inverted = read_image(tmp_path / "f.png", (3, 20, 30), "whole", "dark-on-light")
    assert_array_equal(inverted.pixels, 255 - image.transpose(2, 0, 1))


@pytest.mark.parametrize("framing", ["digit", "whole"])
@pytest.mark.parametrize(("mode", "shade"), [("L", 0), ("RGBA", 0), ("1", 1), ("RGB", (200, 90, 40))])
def test_a_blank_image_is_told(tmp_path, framing, mode, shade):
    Image.new(mode, (60, 50), shade).save(tmp_path / "f.png")
    with pytest.raises(FileError, match=r"f\.png: blank: it has one shade only"):
        read_image(tmp_path / "f.png", framing=framing)


@pytest.mark.parametrize("noise", [0, 0.03, 0.2])
def test_blank_paper_is_told_even_if_photographed(tmp_path, rng, noise):
    photograph(np.zeros((28, 28), np.uint8), rng, noise=noise).save(tmp_path / "f.jpg")
    with pytest.raises(FileError, match="blank: no ink stands out from the ground"):
        read_image(tmp_path / "f.jpg")


@pytest.mark.parametrize("framing", ["digit", "whole"])
def test_any_pixels_of_any_size_are_read_or_told_to_be_blank(tmp_path, rng, framing):
    sizes = [(1, 1), (1, 2), (3, 1), (2, 2), (1, 900), (2000, 2), (28, 28), (29, 27), (650, 9)]
    for size in sizes:
        for mode in ("L", "RGB", "RGBA"):
            pixels = rng.integers(0, 256, (*size, len(mode)), np.uint8)
            pixels[rng.random(size) < 0.5] = rng.integers(0, 256)
            Image.fromarray(pixels.squeeze(2) if mode == "L" else pixels).save(tmp_path / "f.png")
            for shape in ((1, 28, 28), (3, 1, 2), (1, 5, 90)):
                try:
                    assert read_image(tmp_path / "f.png", shape, framing).pixels.shape == shape
                except FileError as error:
                    assert "blank" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"framing": "half"}, "framing 'half': unknown; known are digit, whole"),
        ({"polarity": "up"}, "polarity 'up': unknown; known are auto, light-on-dark, dark-on-light"),
        ({"input_shape": (2, 28, 28)}, r"input_shape \(2, 28, 28\): images are \(1, H, W\) or \(3, H, W\)"),
        ({"input_shape": (784,)}, r"input_shape \(784,\): images are"),
        ({"input_shape": (1, 0, 28)}, "images are"),
    ],
)
def test_options_that_are_unknown(options, words):
    with pytest.raises(ConfigError, match=words):
        read_image("nothing.png", **options)
