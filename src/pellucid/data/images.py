"""read_image: a picture of one's own, as a network expects it, and in words how it was read."""

import os
from dataclasses import dataclass

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, FileError
from .decode import Decoded, decode
from .ink import box_of, centred, find_ink, thicken

FRAMINGS = ("digit", "whole")
POLARITIES = ("auto", "light-on-dark", "dark-on-light")
_WORK = 640  # pixels along the longer side are enough to find ink
_BOX = 20 / 28  # MNIST's digits within their images
_STROKE = (0.054, 0.095)  # of the longer side: thinner have 1 % of MNIST's digits; the median
_BLANK = 0.04  # of the range from black to white


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels (C, H, W), uint8, as the network expects them, and a sentence that tells how they came about."""

    pixels: Array
    how: str


def read_image(
    path: str | os.PathLike[str],
    input_shape: Shape = (1, 28, 28),
    framing: str = "digit",
    polarity: str = "auto",
) -> Picture:
    """Read an image file for a network with this input shape.  Needs the extra ``images``.

    Parameters
    ----------
    path : path
        BMP, GIF, JPEG, PNG, PPM, TIFF or WebP; the content decides, not the name.
    input_shape : (C, H, W)
        C is 1 (grey) or 3 (red, green, blue).
    framing : str
        ``"digit"``: find the ink, scale it and centre it by its mass, light on black, as MNIST does
        (`pellucid.data.ink` tells how).  An image that is that already stays as it is.
        ``"whole"``: the whole image, scaled to fit and centred on the shade of its edge.
    polarity : str
        ``"light-on-dark"``, ``"dark-on-light"`` (inverted, since the data sets are light on dark) or ``"auto"``: the
        rarer shade is the ink; for the whole image, a light edge means dark on light, and colours stay as they are.

    Raises
    ------
    FileError
        If the file is missing, damaged, no image, over 50 megapixels, or blank.
    ConfigError
        If an option is unknown.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image, ImageDraw
    >>> paper = Image.new("RGB", (200, 100), "white")
    >>> ImageDraw.Draw(paper).line([(100, 20), (100, 80)], "navy", 8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paper.save(f"{folder}/one.png")
    ...     picture = read_image(f"{folder}/one.png")
    >>> picture.pixels.shape, int((picture.pixels > 127).sum())
    ((1, 28, 28), 60)
    >>> print(picture.how)
    200x100 RGB, dark on light: inverted, cropped to the ink (8x61), scaled to 3x20 about its centre of mass
    """
    for option, value, known in (("framing", framing, FRAMINGS), ("polarity", polarity, POLARITIES)):
        if value not in known:
            raise ConfigError(f"{option} {value!r}: unknown; known are {', '.join(known)}")
    if len(input_shape) != 3 or input_shape[0] not in (1, 3) or min(input_shape) < 1:
        raise ConfigError(f"input_shape {input_shape}: images are (1, H, W) or (3, H, W)")
    image = decode(path, max(_WORK, *input_shape[1:]))
    if np.ptp(image.colours, axis=(0, 1)).max() < _BLANK:
        raise FileError(f"{path}: blank: it has one shade only")
    result = (_digit if framing == "digit" else _whole)(image, input_shape, polarity)
    if result is None:
        raise FileError(f"{path}: blank: no ink stands out from the ground")
    pixels, steps = result
    return Picture(_bytes(pixels, input_shape), f"{image.words}, {steps}")


def read_frame(path: str | os.PathLike[str], input_shape: Shape, frame: int = 0) -> Array:
    """Return one frame of a sequence, uint8 (C, H, W): whole, scaled to fit, as bright as it is.

    Raises
    ------
    FileError
        If the file is missing, damaged, no image, or over 50 megapixels.
    """
    pixels, _ = _whole(decode(path, max(_WORK, *input_shape[1:]), frame), input_shape, "light-on-dark")
    return _bytes(pixels, input_shape)


def _bytes(pixels: Array, input_shape: Shape) -> Array:
    """Return pixels (H, W, 1 or 3), 0 to 1, as uint8 (C, H, W)."""
    wanted = np.broadcast_to(np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8), (*input_shape[1:], input_shape[0]))
    return np.ascontiguousarray(wanted.transpose(2, 0, 1))


def _digit(image: Decoded, input_shape: Shape, polarity: str) -> tuple[Array, str] | None:
    """Return pixels (H, W, 1 or 3), 0 to 1, and what was done; None without ink."""
    channels, height, width = input_shape
    grey = _grey(image.colours)
    alike = image.factor == 1 and grey.shape == (height, width) and _edge(grey).max() < 0.1 and grey.max() > 0.5
    if alike and polarity != "dark-on-light":
        return (image.colours if image.colours.shape[2] == channels else grey[..., None]), "as it is"
    ink = find_ink(image.colours, polarity)
    if ink is None:
        return None
    crop = ink.amount[box_of(ink.amount)]
    steps = f"{_side(ink.light)}, "
    if ink.specks:
        steps += f"{ink.specks} {'speck' if ink.specks == 1 else 'specks'} ignored, "
    steps += f"cropped to the ink ({crop.shape[1] * image.factor}x{crop.shape[0] * image.factor}), "
    longest = round(_BOX * min(height, width))
    strokes = crop if max(crop.shape) <= 8 * longest else _resized(crop, 8 * longest)
    thicker = thicken(strokes, *(n * max(strokes.shape) for n in _STROKE))
    if thicker is not strokes:
        steps += "strokes thickened, "
    digit = _resized(thicker, longest)
    digit /= digit.max()
    steps += f"scaled to {digit.shape[1]}x{digit.shape[0]} about its centre of mass"
    return centred(digit, height, width)[..., None], steps


def _whole(image: Decoded, input_shape: Shape, polarity: str) -> tuple[Array, str]:
    """Return pixels (H, W, 1 or 3), 0 to 1, and what was done."""
    channels, height, width = input_shape
    colours = image.colours if channels == 3 else _grey(image.colours)[..., None]
    light = polarity == "light-on-dark" or (polarity == "auto" and (channels == 3 or np.median(_edge(colours)) <= 0.5))
    if not light:
        colours = 1 - colours
    fit = min(height / colours.shape[0], width / colours.shape[1])
    size = [max(1, round(fit * n)) for n in colours.shape[:2]]
    scaled = np.stack([_resize(channel, *size) for channel in np.moveaxis(colours, 2, 0)], axis=2)
    out = np.empty((height, width, scaled.shape[2]))
    out[:] = np.median(_edge(colours), axis=0)
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    out[top : top + size[0], left : left + size[1]] = scaled
    how = f"{_side(light)}, " if channels == 1 else "" if light else "inverted, "
    return out, f"{how}scaled to {size[1]}x{size[0]}"


def _side(light: bool) -> str:
    return "light on dark" if light else "dark on light: inverted"


def _grey(colours: Array) -> Array:
    """Return the luminance (h, w): ITU-R BT.601."""
    return colours[..., 0] if colours.shape[2] == 1 else colours @ np.array([0.299, 0.587, 0.114], colours.dtype)


def _edge(values: Array) -> Array:
    """Return the outermost pixels (n, ...), row by row and column by column."""
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _resized(amount: Array, longest: int) -> Array:
    """Return `amount` scaled so that its longer side is `longest`."""
    return _resize(amount, *(max(1, round(n * longest / max(amount.shape))) for n in amount.shape))


def _resize(values: Array, height: int, width: int) -> Array:
    from PIL import Image

    # Each new pixel is a weighted mean of those that it covers.
    scaled = Image.fromarray(values.astype(np.float32)).resize((width, height), Image.Resampling.HAMMING)
    return np.asarray(scaled).astype(np.float64)
