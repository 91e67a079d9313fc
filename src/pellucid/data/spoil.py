"""Ways to change pixels where they stand: a patch is erased, noise is added."""

import math
from dataclasses import dataclass

from .._core.arrays import Array
from .._core.errors import ConfigError
from ._resample import add_noise, planes
from .distort import uniform_of, within


@dataclass(frozen=True)
class Erase:
    """Fill a rectangle anywhere in the image: Z. Zhong et al., Random Erasing Data Augmentation, 2017.

    Its area is uniform between bounds, the logarithm of height / width uniform between those of `aspect` and
    1 / aspect, its place uniform among all where it fits.  Sides are cut down to the image's.

    Parameters
    ----------
    probability : float
        Of each sample.
    area : (float, float)
        Least and largest part of the image, 0 to 1.
    aspect : float
        0.01 to 1.
    fill : float
        What the network sees there; 0 is the mean of a set that was normalised.

    Raises
    ------
    ConfigError
        If a number is out of range.

    Examples
    --------
    >>> y = Augment(Erase(1.0, area=(0.25, 0.25), aspect=1.0))(np.ones((1, 1, 4, 4)))
    >>> float(y.sum())  # 2x2 of 16 are gone
    12.0
    """

    probability: float = 0.5
    area: tuple[float, float] = (0.02, 0.4)
    aspect: float = 0.3
    fill: float = 0.0

    def __post_init__(self) -> None:
        within(self, "probability", 0, 1)
        within(self, "aspect", 0.01, 1)
        within(self, "fill", -1e6, 1e6)
        two = isinstance(self.area, tuple | list) and len(self.area) == 2
        if not two or not 0 <= self.area[0] <= self.area[1] <= 1:
            raise ConfigError(f"Erase: area is {self.area}, two numbers from 0 to 1 are needed, the smaller one first")

    def change(self, x: Array, keys: Array) -> None:
        """Erase in the images themselves."""
        images = planes(x)
        H, W = images.shape[2:]
        (low, high), stretch = self.area, math.log(self.aspect)
        for image, (chance, part, form, y, z) in zip(images, uniform_of(keys, 5).tolist(), strict=True):
            if chance < self.probability:
                area, ratio = H * W * (low + part * (high - low)), math.exp((2 * form - 1) * stretch)
                height = min(H, max(1, round(math.sqrt(area * ratio))))
                width = min(W, max(1, round(math.sqrt(area / ratio))))
                top, left = int(y * (H - height + 1)), int(z * (W - width + 1))
                image[:, top : top + height, left : left + width] = self.fill


@dataclass(frozen=True)
class Noise:
    """Add to each number of an image a normal one of this standard deviation; images have about 1 themselves.

    Raises
    ------
    ConfigError
        If the deviation is not from 0 to 100.

    Examples
    --------
    >>> round(float(Augment(Noise(0.1))(np.zeros((1, 1, 100, 100))).std()), 2)
    0.1
    """

    deviation: float = 0.1

    def __post_init__(self) -> None:
        within(self, "deviation", 0, 100)

    def change(self, x: Array, keys: Array) -> None:
        """Add it to the images themselves."""
        add_noise(x, keys, self.deviation)
