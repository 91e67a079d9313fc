"""Ways to bend an image's grid: what stands where, not how bright it is.

Each sample has a key, and its numbers are entries of it.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from .._core.random import bits_of
from ._resample import smooth_fields


def within(step: object, name: str, low: float, high: float) -> None:
    """Refuse a setting of `step` that is no number from `low` to `high`."""
    value = getattr(step, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{type(step).__name__}: {name} is {value!r}, a number from {low:g} to {high:g} is needed")


def uniform_of(keys: Array, count: int) -> Array:
    """Return for each key (N,) `count` numbers between 0 and 1, float64 (N, count)."""
    return (bits_of(keys, count) + 0.5) * 2.0**-32


@dataclass(frozen=True)
class Affine:
    """Shift, rotate, scale and shear, by as much as the sample's numbers say, uniform within these bounds.

    Parameters
    ----------
    shift : float
        Largest part of height and of width, 0 to 1.
    rotate : float
        Largest angle, in degrees.
    scale : float
        Factors go from 1 - scale to 1 + scale, the same for height and width; 0 to 0.9.
    shear : float
        Largest angle by which columns lean, in degrees; 0 to 60.

    Raises
    ------
    ConfigError
        If a number is out of range.

    Examples
    --------
    >>> x = np.zeros((4, 1, 9, 9))
    >>> x[:, :, 4, 4] = 1
    >>> y = Augment(Affine(shift=0.3))(x)
    >>> y[:, 0].round(1).max(axis=1).argmax(axis=1).tolist()  # the column of the pixel
    [2, 2, 6, 2]
    """

    shift: float = 0.0
    rotate: float = 0.0
    scale: float = 0.0
    shear: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("shift", 1), ("rotate", 180), ("scale", 0.9), ("shear", 60)):
            within(self, name, 0, most)

    def matrices(self, keys: Array, height: int, width: int) -> Array:
        """Return matrices (N, 3, 3) from (row, column, 1) of the new image to those of the old one."""
        bounds = np.array([self.rotate, self.shear, self.scale, self.shift * height, self.shift * width])
        drawn = (2 * uniform_of(keys, 5) - 1) * bounds
        middle = np.array([(height - 1) / 2, (width - 1) / 2])
        angles, leans = (np.array([math.radians(v) for v in row]) for row in drawn[:, :2].T.tolist())
        # Functions of the C library: their bits are those of any processor, NumPy's depend on its vectors.
        cosine, sine, slope = (
            np.array([function(v) for v in row.tolist()])
            for function, row in ((math.cos, angles), (math.sin, angles), (math.tan, leans))
        )
        # The inverse of: shear, scale, rotate about the middle, shift.
        inverse = np.array([[cosine, sine], [-sine - slope * cosine, cosine - slope * sine]]) / (1 + drawn[:, 2])
        target = middle + drawn[:, 3:]
        matrices = np.zeros((len(keys), 3, 3))
        matrices[:, :2, :2] = inverse.transpose(2, 0, 1)
        matrices[:, :2, 2] = middle - (matrices[:, :2, 0] * target[:, :1] + matrices[:, :2, 1] * target[:, 1:])
        matrices[:, 2, 2] = 1
        return matrices


@dataclass(frozen=True)
class Flip:
    """Turn an image into its mirror image.

    Parameters
    ----------
    probability : float
        Of each sample.
    axis : str
        "horizontal" changes left and right, "vertical" changes top and bottom.

    Raises
    ------
    ConfigError
        If the probability is none or the axis is unknown.

    Examples
    --------
    >>> Augment(Flip(1.0))(np.arange(3.0).reshape(1, 1, 1, 3)).ravel().tolist()
    [2.0, 1.0, 0.0]
    """

    probability: float = 0.5
    axis: str = "horizontal"

    def __post_init__(self) -> None:
        within(self, "probability", 0, 1)
        if self.axis not in ("horizontal", "vertical"):
            raise ConfigError(f"Flip: axis is {self.axis!r}, expected 'horizontal' or 'vertical'")

    def matrices(self, keys: Array, height: int, width: int) -> Array:
        """Return matrices (N, 3, 3) from (row, column, 1) of the new image to those of the old one."""
        axis, last = (1, width - 1) if self.axis == "horizontal" else (0, height - 1)
        flipped = uniform_of(keys, 1)[:, 0] < self.probability
        matrices = np.tile(np.eye(3), (len(keys), 1, 1))
        matrices[flipped, axis, axis] = -1
        matrices[flipped, axis, 2] = last
        return matrices


@dataclass(frozen=True)
class Elastic:
    """Bend the image smoothly: P. Y. Simard, D. Steinkraus and J. C. Platt, Best Practices for CNNs, 2003.

    Each pixel shows what stood ``alpha * (G * noise)`` pixels away: noise is uniform from -1 to 1, one number for
    rows and one for columns at each pixel, and G a Gaussian of sum 1.  Far from the edge the standard deviation of
    this way is alpha / (sigma * sqrt(12 * pi)).

    Parameters
    ----------
    alpha : float
        0 to 10,000.
    sigma : float
        Standard deviation of the Gaussian, in pixels; 0.5 to 100.  Its tails end at 3 sigma.

    Raises
    ------
    ConfigError
        If a number is out of range.

    Examples
    --------
    >>> x, _ = mnist()[0].batch([0])
    >>> y = Augment(Elastic(alpha=36, sigma=4))(x)
    >>> y.shape, bool((y == x).all())
    ((1, 1, 28, 28), False)
    """

    alpha: float = 36.0
    sigma: float = 4.0

    def __post_init__(self) -> None:
        within(self, "alpha", 0, 10_000)
        within(self, "sigma", 0.5, 100)

    def fields(self, keys: Array, height: int, width: int, dtype: np.dtype[Any]) -> Array:
        """Return how far away each pixel's source is, (N, 2, H, W): rows and columns."""
        fields = smooth_fields(keys, height, width, self.sigma, dtype)
        fields *= dtype.type(self.alpha)
        return fields
