"""What `fit` and `evaluate` take as data, made into one thing: batches of an epoch."""

from collections.abc import Iterable, Iterator, Sized
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..data import Batch, Dataset, Loader, Normalize


class Given:
    """Batches that somebody else made: a list, a generator's object, anything that can be walked over once an epoch.

    Parameters
    ----------
    source : iterable of (inputs, labels) or (inputs, labels, sample weights)
    normalize : Normalize
        What uint8 images go through.
    """

    def __init__(self, source: Iterable[Batch], normalize: Normalize) -> None:
        self.source, self.normalize = source, normalize

    def batches(self, epoch: int = 0, dtype: npt.DTypeLike = np.float32, start: int = 0) -> Iterator[tuple[Array, ...]]:
        """Yield the batches from number `start` on, made canonical as those of a Loader are."""
        found = 0
        for batch in islice(self.source, start, None):
            if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
                raise ConfigError(
                    f"batch {start + found + 1}: is a {type(batch).__name__}, (inputs, labels) is needed, "
                    "or (inputs, labels, sample weights)"
                )
            inputs, labels, *weights = batch
            whole = Dataset(inputs, labels, normalize=self.normalize).batch(np.arange(len(inputs)), dtype)
            yield *whole, *(np.asarray(w, dtype) for w in weights)
            found += 1
        if not found and not start:
            raise ConfigError(
                f"data: gave no batches in epoch {epoch + 1}; "
                "a generator is spent after one epoch, pass a list or a Loader"
            )


Data: TypeAlias = Loader | Dataset | tuple[Any, Any] | Iterable[Batch] | Given


def as_batches(
    data: Data, batch_size: int, *, shuffle: bool = False, seed: int = 0, normalize: Normalize | None = None
) -> Loader | Given:
    """Return `data` as something with ``batches(epoch, dtype, start)``."""
    if isinstance(data, np.ndarray):
        raise ConfigError("data: is an array; inputs and labels go together: (inputs, labels)")
    if isinstance(data, Loader | Given):
        return data
    normalize = normalize or Normalize()
    if isinstance(data, tuple):
        if len(data) != 2:
            raise ConfigError(f"data: is a tuple of {len(data)}, (inputs, labels) is needed")
        inputs, labels = map(np.asarray, data)
        data = Dataset(inputs, labels, normalize=normalize)
    if isinstance(data, Dataset):
        return Loader(data, batch_size, shuffle, seed)
    if not isinstance(data, Iterable):
        raise ConfigError(
            f"data: is a {type(data).__name__}; a Loader, a Dataset, (inputs, labels) or batches are needed"
        )
    return Given(data, normalize)


def count(batches: Loader | Given) -> int | None:
    """Return how many batches an epoch has, None where nobody knows."""
    if isinstance(batches, Loader):
        return len(batches)
    return len(batches.source) if isinstance(batches.source, Sized) else None
