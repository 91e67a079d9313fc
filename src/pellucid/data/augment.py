"""Augment: training images, changed a little in another way each epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from .._core.errors import ConfigError, DtypeError, ShapeError
from .._core.random import key, keys_of
from ..ops._memory import in_memory_order
from ._resample import resample
from .dataset import Dataset, to_one_hot
from .distort import Affine, Elastic, Flip, uniform_of, within
from .spoil import Erase, Noise


@dataclass(frozen=True)
class MixUp:
    """Blend each sample with another one: H. Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018.

    Inputs and labels become ``share * own + (1 - share) * other's``, with a share from Beta(alpha, alpha); of classes
    they are probabilities then.  The other is any sample of the set, as it looks in this epoch: it does not depend on
    how the epoch is cut into batches.

    Parameters
    ----------
    alpha : float
        0.01 to 100; small numbers blend little.

    Raises
    ------
    ConfigError
        If alpha is out of range.

    Examples
    --------
    >>> data = Dataset(np.eye(2), np.array([0, 1]))
    >>> x, labels = next(Loader(data, 2, augment=Augment(MixUp(1.0))).batches(epoch=3))
    >>> bool(np.allclose(x, labels)), labels.sum(axis=1).tolist()
    (True, [1.0, 1.0])
    """

    alpha: float = 0.2

    def __post_init__(self) -> None:
        within(self, "alpha", 0.01, 100)

    def shares(self, u: Array) -> Array:
        """Return the shares (N,) of the samples that got these numbers (N, 3), uniform between 0 and 1.

        L. Devroye, Random variate generation in one line of code, 1996: without rejection.
        """
        # float.__pow__ and math: their bits are those of any processor.
        root = np.array([v ** (1 / self.alpha) for v in u[:, 0].tolist()])
        square = np.array([_square_of_cosine(v) for v in u[:, 1].tolist()])
        apart = np.sqrt((1 - root) * square / (root + (1 - root) * square))
        shares: Array = (1 + np.where(u[:, 2] < 0.5, -apart, apart)) / 2
        return shares


Step: TypeAlias = Affine | Flip | Elastic | Erase | Noise | MixUp


class Augment:
    """Changes images at random: each sample in a way of its own, settled by (seed, epoch, its index in the set).

    So neither the batch size nor threads, nor where a run is taken up again, change a bit.  A `Loader` that has it
    applies it in training alone; it is also a function, for looking at what comes out.

    Parameters
    ----------
    *steps : Affine, Flip, Elastic, Erase, Noise, MixUp
        At most one of each kind.  All that bend the grid are one resampling, bilinear, where the nearest pixel stands
        for what lies beyond the edge: Affine and Flip in their order, then Elastic.  Then Erase and Noise in their
        order, then MixUp.  The frames of a sequence change alike.

    Raises
    ------
    ConfigError
        If a kind comes twice.

    Examples
    --------
    >>> train, _ = mnist()
    >>> augment = Augment(Affine(rotate=10, shift=0.1), Elastic(alpha=36, sigma=4))
    >>> x, _ = train.batch([0, 1, 2])
    >>> augment(x, seed=0, epoch=5).shape
    (3, 1, 28, 28)
    >>> loader = Loader(train, batch_size=64, augment=augment)
    """

    def __init__(self, *steps: Step) -> None:
        for step in steps:
            if not isinstance(step, Step):
                raise ConfigError(f"Augment: {step!r} is none of Affine, Flip, Elastic, Erase, Noise, MixUp")
        kinds = [type(step).__name__ for step in steps]
        for kind in kinds:
            if kinds.count(kind) > 1:
                raise ConfigError(f"Augment: {kind} comes twice")
        self.steps = steps
        self._grid = [step for step in steps if isinstance(step, Affine | Flip)]
        self._elastic = next((step for step in steps if isinstance(step, Elastic)), None)
        self._spoil = [step for step in steps if isinstance(step, Erase | Noise)]
        self._mix = next((step for step in steps if isinstance(step, MixUp)), None)

    def __repr__(self) -> str:
        return f"Augment({', '.join(map(repr, self.steps))})"

    def __call__(self, x: Array, seed: int = 0, epoch: int = 0, indices: npt.ArrayLike | None = None) -> Array:
        """Return these images changed as in this epoch, but for `MixUp`, which needs labels; `x` stays as it is.

        Parameters
        ----------
        x : float array (N, H, W), (N, C, H, W) or (N, T, C, H, W)
            `Noise` and `MixUp` take any shape.
        seed, epoch : int
        indices : integers (N,), optional
            Of these samples in their set; 0, 1, ... unless told.

        Raises
        ------
        ShapeError
            If `x` has other axes, or not an index for each sample.
        DtypeError
            If `x` is not of float32 or float64.
        """
        if x.dtype not in (np.float32, np.float64):
            raise DtypeError(f"Augment: images are {x.dtype}, float32 or float64 is needed; Dataset.batch makes it")
        samples = np.arange(len(x)) if indices is None else np.asarray(indices, np.int64)
        if samples.shape != (len(x),):
            raise ShapeError(f"Augment: {len(x)} images but indices of shape {samples.shape}")
        if not 3 <= x.ndim <= 5 and any(not isinstance(step, Noise | MixUp) for step in self.steps):
            raise ShapeError(f"Augment: x has shape {x.shape}; images have 3 axes, or 4 with channels, or 5 with time")
        if self._grid or self._elastic:
            x = self._bent(x, seed, epoch, samples)
        elif self._spoil:
            x = in_memory_order(x.copy(order="K"))
        for step in self._spoil:
            step.change(x, _keys(step, seed, epoch, samples))
        return x

    def batch(self, dataset: Dataset, indices: Array, dtype: npt.DTypeLike, seed: int, epoch: int) -> tuple[Array, ...]:
        """Return the batch of these samples, changed: inputs, labels and, if the set has them, weights."""
        x, labels, *weights = self._changed(dataset, indices, dtype, seed, epoch)
        if self._mix is None:
            return x, labels, *weights
        u = uniform_of(_keys(self._mix, seed, epoch, indices), 4)
        others = self._changed(dataset, (u[:, 3] * len(dataset)).astype(np.int64), dtype, seed, epoch)
        shares, targets = self._mix.shares(u), (labels, others[1])
        if labels.dtype.kind != "f":
            targets = to_one_hot(labels, len(dataset.class_names)), to_one_hot(others[1], len(dataset.class_names))
        pairs = [(x, others[0]), targets, *zip(weights, others[2:], strict=True)]
        return tuple(_blend(one, other, shares, np.dtype(dtype)) for one, other in pairs)

    def _changed(
        self, dataset: Dataset, indices: Array, dtype: npt.DTypeLike, seed: int, epoch: int
    ) -> tuple[Array, ...]:
        x, labels = dataset.batch(indices, dtype)
        weights = () if dataset.sample_weights is None else (dataset.sample_weights[indices].astype(dtype),)
        return self(x, seed, epoch, indices), labels, *weights

    def _bent(self, x: Array, seed: int, epoch: int, samples: Array) -> Array:
        height, width = x.shape[-2:]
        matrices = np.tile(np.eye(3), (len(x), 1, 1))
        for step in self._grid:
            inner = step.matrices(_keys(step, seed, epoch, samples), height, width)
            a, b, c = (matrices[:, :, k, None] * inner[:, None, k] for k in range(3))
            matrices = a + b + c
        fields = None
        if self._elastic is not None:
            fields = self._elastic.fields(_keys(self._elastic, seed, epoch, samples), height, width, x.dtype)
        return resample(x, matrices[:, :2], fields)


def augmentation(
    *,
    shift: float = 0.0,
    rotate: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    flip: float = 0.0,
    elastic: Sequence[float] = (),
    erase: float = 0.0,
    noise: float = 0.0,
    mix_up: float = 0.0,
) -> Augment | None:
    """Return what a recipe's ``[augment]`` table asks for; None if nothing is asked for.

    Parameters
    ----------
    shift, rotate, scale, shear : float
        Of `Affine`.
    flip : float
        Probability of a horizontal `Flip`.
    elastic : (alpha, sigma)
        Of `Elastic`.
    erase : float
        Probability of `Erase`.
    noise : float
        Deviation of `Noise`.
    mix_up : float
        Alpha of `MixUp`.

    Raises
    ------
    ConfigError
        If a number is out of range.

    Examples
    --------
    >>> augmentation(rotate=10, elastic=[36, 4])
    Augment(Affine(shift=0.0, rotate=10, scale=0.0, shear=0.0), Elastic(alpha=36, sigma=4))
    """
    steps: list[Step] = []
    if any((shift, rotate, scale, shear)):
        steps.append(Affine(shift, rotate, scale, shear))
    if flip:
        steps.append(Flip(flip))
    if elastic != () and elastic != []:
        if not isinstance(elastic, list | tuple) or len(elastic) != 2:
            raise ConfigError(f"elastic: is {elastic!r}, two numbers are needed: alpha, sigma")
        steps.append(Elastic(*elastic))
    steps += [kind(value) for kind, value in ((Erase, erase), (Noise, noise), (MixUp, mix_up)) if value]
    return Augment(*steps) if steps else None


def _keys(step: Any, seed: int, epoch: int, samples: Array) -> Array:
    return keys_of(key(seed, "augment", type(step).__name__, epoch), samples)


def _blend(one: Array, other: Array, shares: Array, dtype: np.dtype[Any]) -> Array:
    share = shares.astype(dtype).reshape(-1, *[1] * (one.ndim - 1))
    blend: Array = (share * one + (1 - share) * other).astype(dtype, copy=False)
    return blend


def _square_of_cosine(turn: float) -> float:
    return math.cos(2 * math.pi * turn) ** 2
