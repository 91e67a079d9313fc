"""Data sets made of MNIST's images: digits that move, and images read row by row."""

from typing import cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._core.arrays import Array
from .._core.errors import ConfigError
from .._core.random import bits, key
from ..ops._check import whole
from .dataset import Dataset
from .made import Made
from .mnist import mnist
from .transforms import Normalize

_WAYS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # in y and x


class MovingImages(Made):
    """Frames (N, T, 1, size, size) of images that move over a ground whose opposite edges are joined.

    Frame t shows image n, moved by ``starts[n] + t * steps[n]`` pixels in y and x.

    Parameters
    ----------
    images : uint8 array (N, H, W)
        Their ground is 0.
    starts, steps : integer arrays (N, 2)
    frames : int
    size : int
        At least H and W.
    """

    def __init__(self, images: Array, starts: Array, steps: Array, frames: int, size: int) -> None:
        super().__init__((len(images), frames, 1, size, size), np.uint8, images, starts, steps)

    def make(self, *sources: Array) -> Array:
        """Return the frames (B, T, 1, size, size) of these images, starts and steps."""
        images, starts, steps = sources
        (_, height, width), (frames, _, size, _) = images.shape, self.shape[1:]
        twice = np.zeros((len(images), 2 * size, 2 * size), np.uint8)
        for y in (0, size):
            for x in (0, size):
                twice[:, y : y + height, x : x + width] = images
        # The ground twice in each direction: any place of the image is a window of it.
        windows = sliding_window_view(twice, (size, size), axis=(1, 2))
        corners = -(starts[:, None] + np.arange(frames)[:, None] * steps[:, None]) % size
        chosen: Array = windows[np.arange(len(images))[:, None], corners[..., 0], corners[..., 1]]
        return chosen[:, :, None]


def moving_digits(
    frames: int = 8, size: int = 28, directions: int = 4, speed: int = 3, seed: int = 0
) -> tuple[Dataset, Dataset]:
    """Return (training set, test set): MNIST's digits that move; the class is the digit and where it goes.

    Frames are uint8 (N, T, 1, size, size), made when a batch is: 60,000 and 10,000 sequences, each of one image of
    MNIST's training or test set.  What leaves the ground at one edge comes in at the other, and each digit starts
    anywhere, all places alike.  So in each single frame all places are alike too, whatever the direction:
    only the order of the frames tells it.

    Parameters
    ----------
    frames : int
        T, at least 2.
    size : int
        Height and width of a frame, at least 28.
    directions : int
        2 (left, right) or 4 (also up and down).
    speed : int
        Pixels from one frame to the next, below half of `size`.
    seed : int
        Settles starts and directions.

    Returns
    -------
    tuple of Dataset
        Class ``directions * digit + direction``, with names such as "7 left".  Both sets are normalised by the mean
        and standard deviation of the training frames.

    Raises
    ------
    ConfigError
        If a number is out of range.

    Examples
    --------
    >>> train, test = moving_digits(frames=5)
    >>> train.inputs.shape, len(test), len(train.class_names)
    ((60000, 5, 1, 28, 28), 10000, 40)
    >>> x, y = test.batch([0, 1])
    >>> x.shape, x.dtype.name, [test.class_names[k] for k in y]
    ((2, 5, 1, 28, 28), 'float32', ['7 down', '2 left'])
    """
    for name, value, least in (("frames", frames, 2), ("size", size, 28), ("speed", speed, 1)):
        whole("moving_digits", name, value, least)
    if 2 * speed >= size:
        raise ConfigError(f"moving_digits: speed is {speed}: from half of size {size} on, left looks like right")
    if directions not in (2, 4):
        raise ConfigError(f"moving_digits: directions is {directions}, expected 2 or 4")
    train, test = mnist()
    ways = list(_WAYS)[:directions]
    names = tuple(f"{digit} {way}" for digit in train.class_names for way in ways)
    normalize = _on_a_larger_ground(train.normalize, (28 / size) ** 2)
    made = []
    for part, digits in (("train", train), ("test", test)):
        count = len(digits)
        way = bits(key(seed, "moving-digits", part, "direction"), count) % directions  # 2 and 4 divide 2**32
        starts = (bits(key(seed, "moving-digits", part, "start"), 2 * count) % size).astype(np.int64).reshape(-1, 2)
        steps = speed * np.array([_WAYS[w] for w in ways])[way]
        inputs = cast(Array, MovingImages(digits.inputs[:, 0], starts, steps, frames, size))  # it reads like one
        made.append(Dataset(inputs, directions * digits.labels + way, names, normalize))
    return made[0], made[1]


def mnist_rows() -> tuple[Dataset, Dataset]:
    """Return (training set, test set): MNIST's images as sequences (N, 28, 28) of rows, from the top.

    28 steps of 28 numbers, for a recurrent network; labels, names and normalisation are MNIST's.

    Examples
    --------
    >>> train, test = mnist_rows()
    >>> train.input_shape, test.batch([0])[0].shape
    ((28, 28), (1, 28, 28))
    """
    train, test = (
        Dataset(part.inputs[:, 0], part.labels, part.class_names, part.normalize) for part in mnist()
    )  # fmt: skip
    return train, test


def _on_a_larger_ground(normalize: Normalize, share: float) -> Normalize:
    """Return the normalisation of images of which only this share of the area is not 0."""
    mean = normalize.mean * share
    square = (normalize.std**2 + normalize.mean**2) * share
    return Normalize(mean, (square - mean**2) ** 0.5)
