"""What is done to a batch of images before it enters a network."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np

from .._core.arrays import Array
from ..ops._dispatch import twin
from ..ops._memory import permanent


@dataclass(frozen=True)
class Normalize:
    """Turn bytes 0..255 into (pixel / 255 - mean) / std.

    Examples
    --------
    >>> Normalize(mean=0.5, std=0.5)(np.array([[[[0, 255]]]], np.uint8), np.dtype("float32")).ravel().tolist()
    [-1.0, 1.0]
    """

    mean: float = 0.0
    std: float = 1.0

    @classmethod
    def fit(cls, images: Array) -> Self:
        """Return the normalisation after which `images`, uint8, have mean 0 and standard deviation 1."""
        counts = np.zeros(256, np.int64)
        for start in range(0, len(images), 4096):  # counting needs 8 bytes a pixel: not for all at once
            counts += np.bincount(images[start : start + 4096].ravel(), minlength=256)
        shares, pixels = counts / counts.sum(), np.arange(256) / 255
        mean = float(shares @ pixels)
        return cls(mean, float(np.sqrt(shares @ (pixels - mean) ** 2)) or 1.0)

    def __call__(self, images: Array, dtype: np.dtype[Any]) -> Array:
        """Return float images of the same shape, channels-last in memory."""
        table = _table(self.mean, self.std, dtype)
        if images.ndim != 4:
            return np.take(table, images)
        return np.take(table, images.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)

    def gather(self, images: Array, indices: Array, dtype: np.dtype[Any]) -> Array:
        """Return what `images[indices]` becomes, for most data sets without making that array."""
        plain = images.ndim == 4 and images.flags.c_contiguous and indices.ndim == 1 and indices.dtype == np.int64
        if plain:
            batch = permanent((len(indices), *images.shape[1:]), dtype, images=True)
            try:
                _gather_normalize(_table(self.mean, self.std, dtype), images, np.ascontiguousarray(indices), batch)
                return batch
            except ValueError:  # the kernel knows no index below 0 or beyond the end
                pass
        return self(images[indices], dtype)  # NumPy knows all the other kinds of index, and refuses some


@lru_cache
def _table(mean: float, std: float, dtype: np.dtype[Any]) -> Array:
    """Return what the bytes 0..255 become: a look costs less than the arithmetic, and each is rounded just once."""
    table: Array = ((np.arange(256) / 255 - mean) / std).astype(dtype)
    table.flags.writeable = False
    return table


@twin
def _gather_normalize(table: Array, images: Array, indices: Array, out: Array) -> None:
    # No byte lies outside of the table; "clip" lets NumPy write without a buffer between.
    np.take(table, images[indices].transpose(0, 2, 3, 1), out=out.transpose(0, 2, 3, 1), mode="clip")
