"""Scale: how the pixels of X become the network's numbers."""

from typing import NamedTuple, Self

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..data import Dataset, Normalize

FAR = 16
"""Pixels so many times as large as those that `fit` met are on another scale."""


class Scale(NamedTuple):
    """What is taken from each pixel and what it is divided by; bytes count as their 255ths.

    `largest` is the size of the largest pixel that `fit` met.
    """

    mean: float
    std: float
    largest: float

    @classmethod
    def standard(cls, images: Array) -> Self:
        """Return the one after which these pictures have mean 0 and standard deviation 1."""
        if images.dtype == np.uint8:
            found = Normalize.fit(images)
            return cls(found.mean, found.std, _largest(images))
        mean = float(images.mean(dtype=np.float64))
        return cls(mean, float(images.std(dtype=np.float64, mean=mean)) or 1.0, _largest(images))

    @classmethod
    def unit(cls, images: Array) -> Self:
        """Return the one after which no pixel of these pictures is larger than 1; 0 stays 0, and so do 0 to 1."""
        largest = _largest(images)
        return cls(0.0, max(largest, 1.0), largest)

    def dataset(self, name: str, images: Array, labels: Array) -> Dataset:
        """Return pictures and labels with the pixels on this scale.

        Raises
        ------
        ConfigError
            If they cannot be what `fit` met: bytes and floats up to 255 mixed up.
        """
        if (found := _largest(images)) > FAR * max(self.largest, 1.0):
            raise ConfigError(
                f"{name}: X reaches {found:g}, but pixels up to {self.largest:g} were fitted (bytes count as their "
                "255ths); bring X to the same scale"
            )
        if images.dtype != np.uint8:
            return Dataset((images - np.float32(self.mean)) / np.float32(self.std), labels)
        if self.largest > FAR:
            raise ConfigError(
                f"{name}: X is uint8, which counts as 0 to 1, but numbers up to {self.largest:g} were fitted; "
                "pass the same type"
            )
        return Dataset(images, labels, normalize=Normalize(self.mean, self.std))


def _largest(images: Array) -> float:
    """Return the size of the largest pixel."""
    if images.dtype == np.uint8:
        return float(images.max()) / 255
    return float(max(images.max(), -images.min()))
