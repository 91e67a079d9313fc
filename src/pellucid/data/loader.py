"""Loader: a dataset in batches, in an order that is a function of (seed, epoch)."""

import copy
from collections.abc import Iterator
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from .._core.errors import ConfigError
from .._core.random import key, permutation
from .augment import Augment
from .dataset import Dataset
from .prefetch import prefetch as ahead

Batch: TypeAlias = tuple[Array, ...]
"""(inputs, labels), or (inputs, labels, weights) of a dataset with sample weights."""


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
    prefetch : bool
        Make the next batch in a thread while this one is used.  The batches are the same, to the bit.
    augment : Augment, optional
        Change each sample by (seed, epoch, its index in the dataset); `evaluate` leaves it out.

    Examples
    --------
    >>> data = Dataset(np.arange(7.0)[:, None], np.zeros(7, int))
    >>> loader = Loader(data, batch_size=3)
    >>> [len(x) for x, y in loader.batches(epoch=0)], len(loader)
    ([3, 4], 2)
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 64,
        shuffle: bool = True,
        seed: int = 0,
        prefetch: bool = False,
        augment: Augment | None = None,
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"Loader: batch_size is {batch_size}, at least 1 is needed")
        if not len(dataset):
            raise ConfigError("Loader: the dataset is empty")
        self.dataset, self.batch_size, self.shuffle, self.seed = dataset, batch_size, shuffle, seed
        self.prefetch, self.augment = prefetch, augment

    def plain(self) -> Self:
        """Return the same batches of samples as they are."""
        if self.augment is None:
            return self
        plain = copy.copy(self)
        plain.augment = None
        return plain

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return len(self._starts())

    def order(self, epoch: int) -> Array:
        """Return the sample indices in the order of this epoch."""
        count = len(self.dataset)
        return permutation(key(self.seed, "order", epoch), count) if self.shuffle else np.arange(count)

    def indices(self, epoch: int = 0) -> list[Array]:
        """Return the sample indices of each batch of this epoch."""
        return np.split(self.order(epoch), self._starts()[1:])

    def batches(self, epoch: int = 0, dtype: npt.DTypeLike = np.float32, start: int = 0) -> Iterator[Batch]:
        """Return an iterator over the batches of this epoch: inputs, labels and, if the dataset has them, weights.

        The first `start` batches are left out without being made, as a resumed epoch asks for.

        Raises
        ------
        ConfigError
            If the epoch has fewer than `start` batches.
        """
        if not 0 <= start <= len(self):
            raise ConfigError(f"Loader: start is {start}, an epoch has {len(self)} batches")
        made = self._batches(epoch, np.dtype(dtype), start)
        return ahead(made) if self.prefetch else made

    def _batches(self, epoch: int, dtype: np.dtype[Any], skipped: int) -> Iterator[Batch]:
        weights = self.dataset.sample_weights
        for chosen in self.indices(epoch)[skipped:]:
            if self.augment is not None:
                yield self.augment.batch(self.dataset, chosen, dtype, self.seed, epoch)
                continue
            pair = self.dataset.batch(chosen, dtype)
            yield pair if weights is None else (*pair, weights[chosen].astype(dtype))

    def _starts(self) -> list[int]:
        starts = list(range(0, len(self.dataset), self.batch_size))
        alone = len(self.dataset) - starts[-1] == 1
        return starts[:-1] if alone and len(starts) > 1 and self.batch_size > 1 else starts
