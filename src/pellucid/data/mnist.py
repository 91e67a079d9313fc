"""MNIST, which travels with the package, and any folder of four files in its format."""

import os
from pathlib import Path

import numpy as np

from .._core.errors import FileError, ShapeError
from .catalogue import locate
from .dataset import Dataset
from .idx import read_idx
from .transforms import Normalize

_FILES = Path(__file__).parent / "files" / "mnist"
_NAMES = {"train": "train", "test": "t10k"}


def mnist(folder: str | os.PathLike[str] | None = None) -> tuple[Dataset, Dataset]:
    """Return (training set, test set): handwritten digits, uint8 images (N, 1, 28, 28) and labels 0..9.

    Y. LeCun, C. Cortes and C. J. C. Burges; CC BY-SA 3.0.  60,000 and 10,000 images.

    Parameters
    ----------
    folder : path, optional
        Another data set of the same format: four files ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
        ``t10k-images-idx3-ubyte``, ``t10k-labels-idx1-ubyte``, each plain or ``.gz``.

    Both sets are normalised by the mean and standard deviation of the training images.

    Raises
    ------
    FileError
        If a file is missing or damaged, or images and labels do not belong together.
    """
    return read_folder(_FILES if folder is None else Path(folder))


def read_folder(source: Path, class_names: tuple[str, ...] = ()) -> tuple[Dataset, Dataset]:
    """Return (training set, test set) of a folder in MNIST's format; without names, labels are named by their numbers.

    Raises
    ------
    FileError
        As `mnist` does, and if a label has no name.
    """
    if not source.is_dir():
        raise FileError(f"{source}: no such folder")
    train, test = (_read(source, part) for part in ("train", "test"))
    if train.input_shape != test.input_shape:
        raise FileError(f"{source}: training images are {train.input_shape}, test images {test.input_shape}")
    count = max(len(train.class_names), len(test.class_names))
    if class_names and count > len(class_names):
        raise FileError(f"{source}: has a label {count - 1}, but there are {len(class_names)} classes")
    names = class_names or tuple(map(str, range(count)))
    normalize = Normalize.fit(train.inputs)
    return (
        Dataset(train.inputs, train.labels, names, normalize),
        Dataset(test.inputs, test.labels, names, normalize),
    )


def _read(folder: Path, part: str) -> Dataset:
    images_path = _find(folder, f"{_NAMES[part]}-images-idx3-ubyte")
    labels_path = _find(folder, f"{_NAMES[part]}-labels-idx1-ubyte")
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or images.dtype != np.uint8 or not images.size:
        raise FileError(
            f"{images_path}: holds {images.dtype} of shape {images.shape}, images (N, H, W) of bytes are needed"
        )
    if labels.ndim != 1 or labels.dtype != np.uint8:
        raise FileError(f"{labels_path}: holds {labels.dtype} of shape {labels.shape}, labels (N,) of bytes are needed")
    try:
        return Dataset(images[:, None], labels.astype(np.int64))
    except ShapeError:
        raise FileError(
            f"{folder}: {len(images):,} images in {images_path.name} but {len(labels):,} labels in {labels_path.name}"
        ) from None


def _find(folder: Path, name: str) -> Path:
    path = locate(folder, name)
    if path is None:
        raise FileError(f"{folder}: {name} (or {name}.gz) is missing")
    return path
