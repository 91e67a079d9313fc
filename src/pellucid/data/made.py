"""Made: inputs that are made when somebody asks for them, in the place of an array that holds them all."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape


class Made(ABC):
    """Reads like an array (N, ...) of which each sample is a function of a few numbers.

    A `Dataset` takes it as inputs.  ``made[indices]`` is an array; ``np.asarray(made)`` makes all of them.

    Parameters
    ----------
    shape : tuple of int
        With the samples' axis.
    dtype : dtype
    sources : arrays (N, ...)
        What the samples are made of: with shape and dtype they settle every number.
    """

    def __init__(self, shape: Shape, dtype: npt.DTypeLike, *sources: Array) -> None:
        self.shape, self.dtype, self.sources = shape, np.dtype(dtype), sources

    @property
    def ndim(self) -> int:
        """How many axes there are, with that of the samples."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    @abstractmethod
    def make(self, *sources: Array) -> Array:
        """Return the samples (B, ...) of these rows of the sources."""

    def take(self, indices: npt.ArrayLike) -> Self:
        """Return the same for these samples alone, in this order; nothing is made yet."""
        made = type(self).__new__(type(self))
        chosen = np.asarray(indices)
        sources = tuple(source[chosen] for source in self.sources)
        made.__dict__.update(self.__dict__, sources=sources, shape=(len(sources[0]), *self.shape[1:]))
        return made

    def __getitem__(self, indices: Any) -> Array:
        if isinstance(indices, int | np.integer):
            one: Array = self.make(*(source[indices][None] for source in self.sources))[0]
            return one
        return self.make(*(source[indices] for source in self.sources))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.asarray(self.make(*self.sources), dtype or self.dtype)
