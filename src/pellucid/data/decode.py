"""From an image file, of any kind and size, to an array of moderate size with entries 0 to 1."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .._core.arrays import Array
from .._core.errors import FileError

if TYPE_CHECKING:
    from PIL import Image

_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # none of those that start another program
_MEGAPIXELS = 50


class Decoded(NamedTuple):
    """Colours (h, w, 1 or 3), 0 to 1; the file's size and kind in words; how many of its pixels became one, squared."""

    colours: Array
    words: str
    factor: int


def need_pillow(path: str | os.PathLike[str]) -> None:
    """Raise a FileError about `path` if Pillow is not installed."""
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise FileError(f"{path}: reading images needs Pillow: pip install 'pellucid[images]'") from None


def decode(path: str | os.PathLike[str], longest: int, frame: int = 0) -> Decoded:
    """Read an image, turn it upright, lay it on a ground if it is transparent, and average it down.

    Memory is bounded: the size announced in the file is looked at first, and a pixel then takes at most some 12 bytes
    while it is averaged down.

    Parameters
    ----------
    path : path
    longest : int
        While a side is longer than this, 2x2, 3x3, ... pixels are averaged into one.
    frame : int
        Which one of several.

    Raises
    ------
    FileError
        If the file is missing, no image, damaged or too large, or Pillow is not installed.
    """
    with _opened(path) as image:
        from PIL import ImageOps

        words = f"{image.width}x{image.height} {image.mode}"
        if getattr(image, "is_animated", False):
            words += f", frame {frame + 1} of its frames" if frame else ", the first of its frames"
            image.seek(frame)
        if image.getexif().get(0x0112, 1) != 1:
            words += ", turned upright"
        ImageOps.exif_transpose(image, in_place=True)
        reducible = _reducible(image)
        factor = -(-max(image.size) // longest)
        return Decoded(_colours(reducible.reduce(factor)), words, factor)


def count_frames(path: str | os.PathLike[str]) -> int:
    """Return how many frames an image file has.

    Raises
    ------
    FileError
        As `decode` does.
    """
    with _opened(path) as image:
        return getattr(image, "n_frames", 1)


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator["Image.Image"]:
    """Open an image of moderate size; what goes wrong in the ``with`` is a FileError."""
    need_pillow(path)
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow warns of is either an error here or of no account
        try:
            with Image.open(path, formats=_FORMATS) as image:
                if image.width * image.height > _MEGAPIXELS * 10**6:
                    raise Image.DecompressionBombError
                yield image
        except Image.DecompressionBombError:
            raise FileError(f"{path}: larger than {_MEGAPIXELS} megapixels") from None
        except UnidentifiedImageError:
            raise FileError(f"{path}: no image of a kind known here: {', '.join(_FORMATS)}") from None
        except Exception as error:  # on damaged data, Pillow's decoders raise errors of any class
            if isinstance(error, OSError) and error.strerror:
                raise FileError(f"{path}: cannot be read: {error.strerror}") from error
            raise FileError(f"{path}: damaged image: {error or type(error).__name__}") from error


def _reducible(image: "Image.Image") -> "Image.Image":
    """Return the image in one of the modes L, RGB, RGBA and F (0 to 1): those that can be averaged."""
    from PIL import Image

    if image.mode[0] in "IF":  # numbers of 16 or 32 bits
        image.load()
        values = np.asarray(image).astype(np.float32)
        if image.mode[:4] == "I;16":
            values /= 65535
        else:  # of no known range
            values[~np.isfinite(values)] = np.nan
            low, high = (float(f(values)) for f in (np.nanmin, np.nanmax))
            values = np.nan_to_num((values - low) / ((high - low) or 1))
        return Image.fromarray(values)
    if image.mode[-1] in "Aa" or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _colours(image: "Image.Image") -> Array:
    """Return (h, w, 1 or 3), 0 to 1, with what is transparent laid on a ground.

    Where the visible parts differ among themselves, the drawing is in them, and the ground takes their commonest
    shade.  Else their outline is the drawing, and the ground is white or black, whichever is further from them.
    """
    values: Array = np.asarray(image, np.float32)
    if image.mode == "F":
        return values[..., None]
    values = values.reshape(*values.shape[:2], -1) / 255
    if image.mode != "RGBA":
        return values
    colours, alpha = values[..., :3], values[..., 3:]
    visible = colours[alpha[..., 0] > 0.5]
    common = np.median(visible if len(visible) else np.zeros((1, 3)), axis=0)
    drawn = (np.abs(visible - common).max(axis=1) > 0.25).mean() > 0.01 if len(visible) else False
    ground: Array = common if drawn else np.full(3, common.mean() < 0.5, np.float32)
    return alpha * colours + (1 - alpha) * ground
