"""What is done to a batch of images before it enters a network."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .._core.arrays import Array


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
        # 256 values only: looking them up costs less than the arithmetic, and rounds each just once.
        table = ((np.arange(256) / 255 - self.mean) / self.std).astype(dtype)
        if images.ndim != 4:
            return np.take(table, images)
        return np.take(table, images.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
