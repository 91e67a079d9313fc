"""Folders of pictures, and of sequences of frames: each sub-folder is a class."""

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, FileError
from .dataset import Dataset
from .decode import count_frames, need_pillow
from .images import read_frame, read_image
from .transforms import Normalize

ON_ERROR = ("raise", "skip")
T = TypeVar("T")


class SkippedFiles(UserWarning):
    """Files that could not be read and were left out; the message names them."""


def image_folder(
    path: str | Path,
    size: tuple[int, int] = (28, 28),
    channels: int = 1,
    *,
    framing: str = "whole",
    polarity: str = "auto",
    on_error: str = "raise",
    class_names: Sequence[str] = (),
    normalize: Normalize | None = None,
) -> Dataset:
    """Read a folder in which each sub-folder is a class and holds its pictures.  Needs the extra ``images``.

    Classes and pictures go in the order of their names.  What begins with a dot is left out.

    Parameters
    ----------
    path : path
    size : (int, int)
        Height and width that pictures are scaled to, see `read_image`.
    channels : int
        1 (grey) or 3 (red, green, blue).
    framing, polarity : str
        As of `read_image`; "whole" and "auto" are also how ``pellucid predict`` reads pictures afterwards.
    on_error : str
        A file that cannot be read as a picture, or has one shade only: ``"raise"`` an error, or ``"skip"`` it and
        say so in a `SkippedFiles` warning.
    class_names : sequence of str, optional
        The classes in their order, such as those of the training set; each sub-folder must be one of them.
    normalize : Normalize, optional
        Such as the training set's; by default it is fitted to these pictures.

    Returns
    -------
    Dataset
        uint8 images (N, C, H, W).

    Raises
    ------
    FileError
        If there are no sub-folders, one has no pictures, or is no class of `class_names`; or a file cannot be read.
    ConfigError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image, ImageDraw
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cross", "line"):
    ...         picture = Image.new("L", (60, 40))
    ...         ImageDraw.Draw(picture).line([(10, 20), (50, 20)], 255, 6)
    ...         if name == "cross":
    ...             ImageDraw.Draw(picture).line([(30, 5), (30, 35)], 255, 6)
    ...         pathlib.Path(folder, name).mkdir()
    ...         picture.save(pathlib.Path(folder, name, "1.png"))
    ...     data = image_folder(folder, size=(20, 30), channels=3)
    >>> data.inputs.shape, data.labels.tolist(), data.class_names
    ((2, 3, 20, 30), [0, 1], ('cross', 'line'))
    """
    shape = _shape(size, channels)

    def read(file: Path) -> Array:
        if file.is_dir():
            raise FileError(f"{file}: is a folder where a picture is due; frame_folder reads sequences")
        return read_image(file, shape, framing, polarity).pixels

    return _read_classes(Path(path), shape, read, on_error, class_names, normalize)


def frame_folder(
    path: str | Path,
    frames: int = 8,
    size: tuple[int, int] = (28, 28),
    channels: int = 1,
    *,
    on_error: str = "raise",
    class_names: Sequence[str] = (),
    normalize: Normalize | None = None,
) -> Dataset:
    """Read a folder of classes, each a folder of sequences: folders of frames, or animated GIFs.

    Frames go in the natural order of their names, frame2 before frame10.  Of a sequence of more than `frames`,
    frames at even distances are taken, the first and the last among them; of a shorter one the last is repeated.
    Brightness stays as it is, in any frame; a blank one is as good as another.

    Parameters
    ----------
    path : path
    frames : int
        T, at least 1.
    size : (int, int)
        Height and width that frames are scaled to fit, on the shade of their edge.
    channels : int
        1 (grey) or 3 (red, green, blue).
    on_error : str
        A sequence with a frame that cannot be read, or without any: ``"raise"`` an error, or ``"skip"`` the sequence
        and say so in a `SkippedFiles` warning.
    class_names, normalize
        As of `image_folder`.

    Returns
    -------
    Dataset
        uint8 sequences (N, T, C, H, W).

    Raises
    ------
    FileError
        As of `image_folder`.
    ConfigError
        If an option is unknown or out of range.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sequence = pathlib.Path(folder, "brighter", "1")
    ...     sequence.mkdir(parents=True)
    ...     for n in (1, 2, 10):
    ...         Image.new("L", (8, 8), 20 * n).save(sequence / f"frame{n}.png")
    ...     data = frame_folder(folder, frames=4, size=(8, 8))
    >>> data.inputs[0, :, 0, 0, 0].tolist(), data.inputs.shape
    ([20, 40, 200, 200], (1, 4, 1, 8, 8))
    """
    shape = _shape(size, channels)
    if frames < 1:
        raise ConfigError(f"frames: is {frames}, at least 1 is needed")

    def read(sequence: Path) -> Array:
        if sequence.is_dir():
            files = sorted(_visible(sequence), key=_natural)
            if not files:
                raise FileError(f"{sequence}: no frames in it")
            return np.stack([read_frame(file, shape) for file in _spread(files, frames)])
        return np.stack([read_frame(sequence, shape, n) for n in _spread(range(count_frames(sequence)), frames)])

    return _read_classes(Path(path), (frames, *shape), read, on_error, class_names, normalize)


def _read_classes(
    path: Path,
    shape: Shape,
    read: Callable[[Path], Array],
    on_error: str,
    class_names: Sequence[str],
    normalize: Normalize | None,
) -> Dataset:
    if on_error not in ON_ERROR:
        raise ConfigError(f"on_error {on_error!r}: unknown; known are {', '.join(ON_ERROR)}")
    need_pillow(path)
    folders = sub_folders(path)
    if not folders:
        raise FileError(f"{path}: no sub-folders; each class needs one, with its pictures")
    names = tuple(class_names) or tuple(folder.name for folder in folders)
    samples: list[Array] = []
    labels: list[int] = []
    skipped: list[str] = []
    for folder in folders:
        if folder.name not in names:
            raise FileError(f"{folder}: is none of the classes {', '.join(names)}")
        before = len(samples)
        for file in sorted(_visible(folder)):
            try:
                samples.append(read(file))
                labels.append(names.index(folder.name))
            except FileError as error:
                if on_error == "raise":
                    raise
                skipped.append(str(error))
        if len(samples) == before:
            raise FileError(f"{folder}: nothing in it can be read as a sample of this class")
    if skipped:
        more = f"\n  and {len(skipped) - 10:,} more" if len(skipped) > 10 else ""
        listed = "".join(f"\n  {reason}" for reason in skipped[:10])
        warnings.warn(f"{path}: {len(skipped):,} skipped:{listed}{more}", SkippedFiles, stacklevel=3)
    inputs = np.stack(samples).reshape(-1, *shape)
    return Dataset(inputs, np.array(labels), names, normalize or Normalize.fit(inputs))


def _shape(size: tuple[int, int], channels: int) -> Shape:
    if len(tuple(size)) != 2 or min(size) < 1:
        raise ConfigError(f"size: is {size}, height and width from 1 are needed")
    if channels not in (1, 3):
        raise ConfigError(f"channels: is {channels}, 1 or 3 is needed")
    return (channels, *size)


def sub_folders(path: Path) -> list[Path]:
    """Return the folders in this one that are not hidden, by their names."""
    return sorted(entry for entry in _visible(path) if entry.is_dir())


def _visible(path: Path) -> list[Path]:
    try:
        return [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error


def _natural(path: Path) -> list[tuple[str, int]]:
    """Return a key by which numbers in names go by their value."""
    return [(text, int(digits or -1)) for text, digits in re.findall(r"([^0-9]*)([0-9]*)", path.name)]


def _spread(items: Sequence[T], count: int) -> list[T]:
    """Return `count` items at even distances, or all and the last one repeated."""
    if len(items) <= count:
        return [*items, *[items[-1]] * (count - len(items))]
    return [items[int(n)] for n in np.linspace(0, len(items) - 1, count).round()]
