"""MNIST as arrays, one-hot targets, and batches."""

import os
from collections.abc import Iterator

import numpy as np

from .. import data
from .._core.arrays import Array
from .._core.errors import ShapeError
from ..data import Dataset, Loader, to_one_hot

__all__ = ["batch_iterator", "load_mnist", "to_one_hot"]

Part = tuple[Array, Array]


def load_mnist(folder: str | os.PathLike[str] | None = None) -> tuple[Part, Part]:
    """Return (training images, labels), (test images, labels).

    Images are float32 (N, 1, 28, 28) from 0 to 1, labels integers (N,).  Without a folder it is the MNIST that comes
    with the package; see `pellucid.data.mnist`.
    """
    train, test = data.mnist(folder)
    return _arrays(train), _arrays(test)


def batch_iterator(
    x: Array, y: Array, batch_size: int = 64, *, shuffle: bool = True, seed: int = 0, epoch: int = 0
) -> Iterator[Part]:
    """Yield (x, y) of each batch of one epoch; its order is a function of (seed, epoch).

    Parameters
    ----------
    x, y : array (N, ...)
    batch_size : int
        The last batch may have fewer; one that would have a single sample joins the one before.

    Examples
    --------
    >>> from pellucid.functional import batch_iterator
    >>> [len(x) for x, y in batch_iterator(np.zeros((7, 2)), np.arange(7), 3)]
    [3, 4]
    """
    if len(x) != len(y):
        raise ShapeError(f"batch_iterator: {len(x)} samples in x, {len(y)} in y")
    numbers = Dataset(np.arange(len(x))[:, None], np.zeros(len(x), np.int64))
    for chosen in Loader(numbers, batch_size, shuffle, seed).indices(epoch):
        yield x[chosen], y[chosen]


def _arrays(part: Dataset) -> Part:
    return np.divide(part.inputs, 255, dtype=np.float32), part.labels
