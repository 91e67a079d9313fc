"""A digit as people show one: enlarged, coloured, photographed, ... as Pillow images."""

import io

import numpy as np
from PIL import Image, ImageFilter


def enlarged(digit, times=8):
    """Ink 0 to 1 of the digit, times as large, smoothly."""
    return np.asarray(Image.fromarray(digit).resize((28 * times, 28 * times)), float) / 255


def placed(ink, height, width, rng):
    out = np.zeros((height, width))
    top, left = rng.integers(0, height - len(ink) + 1), rng.integers(0, width - ink.shape[1] + 1)
    out[top : top + len(ink), left : left + ink.shape[1]] = ink
    return out


def picture(values):
    return Image.fromarray(np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8))


def painted(ink, colour, paper):
    return picture(np.array(paper) + ink[..., None] * (np.array(colour) - paper))


def photograph(digit, rng, shade=0.25, noise=0.03, dark=0.45, times=8):
    """Ink on yellowish paper; the light falls off to one side and to the corners; noise, blur."""
    ink = placed(enlarged(digit, times), 300, 400, rng)[..., None]
    y, x = np.mgrid[-1:1:300j, -1:1:400j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - dark * (0.5 + 0.35 * (np.cos(angle) * x + np.sin(angle) * y)) - 0.08 * (x * x + y * y)
    paper = 0.9 * light[..., None] * [1, 0.97, 0.9]
    seen = paper * (1 - (1 - shade) * ink * [0.9, 0.85, 0.6])
    return picture(seen + rng.normal(0, noise, seen.shape)).filter(ImageFilter.GaussianBlur(1))


def turned(digit, rng):
    """A photograph held sideways: the file tells how to turn it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    content = io.BytesIO()
    photograph(digit, rng).transpose(Image.Transpose.ROTATE_90).save(content, "JPEG", exif=exif)
    return Image.open(content)


def speckled(digit, rng):
    ink = placed(enlarged(digit), 300, 300, rng)
    for top, left in rng.integers(0, 296, (25, 2)):
        ink[top : top + 3, left : left + 3] = 1
    return picture(1 - ink)


def transparent(digit, shade):
    ink = enlarged(digit)
    return picture(np.dstack([np.full((*ink.shape, 3), shade), ink]))


def cropped(digit):
    rows, columns = np.flatnonzero(digit.any(1)), np.flatnonzero(digit.any(0))
    return picture(1 - enlarged(digit)[8 * rows[0] : 8 * rows[-1] + 8, 8 * columns[0] : 8 * columns[-1] + 8])
