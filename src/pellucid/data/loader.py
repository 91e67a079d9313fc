"""Loader: a dataset in batches, in an order that is a function of (seed, epoch)."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from .._core.errors import ConfigError
from .._core.random import key, permutation
from .dataset import Dataset


class Loader:
    """Batches of a dataset.

    Parameters
    ----------
    dataset : Dataset
    batch_size : int
        Samples in a batch.  The last one may have fewer; if it would have just one, the batch before takes it in.
    shuffle : bool
        A new order each epoch, by `seed`; else the dataset's order.
    seed : int

    Examples
    --------
    >>> data = Dataset(np.arange(7.0)[:, None], np.zeros(7, int))
    >>> loader = Loader(data, batch_size=3)
    >>> [len(x) for x, y in loader.batches(epoch=0)], len(loader)
    ([3, 4], 2)
    """

    def __init__(self, dataset: Dataset, batch_size: int = 64, shuffle: bool = True, seed: int = 0) -> None:
        if batch_size < 1:
            raise ConfigError(f"Loader: batch_size is {batch_size}, at least 1 is needed")
        if not len(dataset):
            raise ConfigError("Loader: the dataset is empty")
        self.dataset, self.batch_size, self.shuffle, self.seed = dataset, batch_size, shuffle, seed

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return len(self._starts())

    def order(self, epoch: int) -> Array:
        """Return the sample indices in the order of this epoch."""
        count = len(self.dataset)
        return permutation(key(self.seed, "order", epoch), count) if self.shuffle else np.arange(count)

    def batches(self, epoch: int = 0, dtype: npt.DTypeLike = np.float32) -> Iterator[tuple[Array, Array]]:
        """Yield (inputs, labels) batch by batch."""
        order, starts = self.order(epoch), self._starts()
        for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
            yield self.dataset.batch(order[start:end], dtype)

    def _starts(self) -> list[int]:
        starts = list(range(0, len(self.dataset), self.batch_size))
        alone = len(self.dataset) - starts[-1] == 1
        return starts[:-1] if alone and len(starts) > 1 and self.batch_size > 1 else starts
