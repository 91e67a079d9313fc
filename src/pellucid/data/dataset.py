"""Dataset: inputs and labels in memory, and the ways to cut it up."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, DtypeError, ShapeError
from .._core.random import key, permutation
from ..ops._memory import in_memory_order
from .made import Made
from .transforms import Normalize


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs with their labels.

    Parameters
    ----------
    inputs : array (N, ...)
        uint8 images (N, C, H, W) stay one byte a pixel until a batch is made; other types become float then.
        Or inputs that are made for each batch, see `pellucid.data.made`.
    labels : integer array (N,), or float array (N, ...)
        The class of each sample, or the probability of each class (N, K); or numbers of any shape that a network is to
        meet, (N, K) too.
    class_names : tuple of str
        Names of the classes 0, 1, ...; without them the labels' numbers serve.  Numbers to meet have none.
    normalize : Normalize
        What a batch of uint8 images goes through; by default pixels become 0 to 1.
    sample_weights : float array (N,), optional
        How much each sample counts, finite and not negative; kept by `take` and `split`, dealt out by `Loader`.

    Raises
    ------
    ShapeError
        If there are not as many labels or weights as inputs, or a label has no name.
    DtypeError
        If labels or weights are of the wrong kind.
    ConfigError
        If a weight is negative or not finite.

    Examples
    --------
    >>> data = Dataset(np.zeros((5, 1, 2, 2), np.uint8), np.array([0, 1, 0, 1, 1]))
    >>> x, y = data.batch([0, 3])
    >>> x.shape, x.dtype.name, y.tolist(), data.class_names
    ((2, 1, 2, 2), 'float32', [0, 1], ('0', '1'))
    >>> Dataset(np.zeros((2, 3)), np.array([0.5, -1.0])).batch([1])[1].tolist()     # numbers to meet
    [-1.0]
    """

    inputs: Array
    labels: Array
    class_names: tuple[str, ...] = ()
    normalize: Normalize = field(default_factory=Normalize)
    sample_weights: Array | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.inputs, Made):
            object.__setattr__(self, "inputs", np.asarray(self.inputs))
        object.__setattr__(self, "labels", np.asarray(self.labels))
        if self.inputs.ndim < 2:
            raise ShapeError(f"Dataset: inputs have shape {self.inputs.shape}, samples along a first axis are needed")
        if self.labels.shape[:1] != self.inputs.shape[:1]:
            raise ShapeError(f"Dataset: {len(self.inputs)} inputs but labels of shape {self.labels.shape}")
        if self.labels.dtype.kind not in ("fiu" if self.labels.ndim == 1 else "f"):
            kind = "classes (N,) must be integers, probabilities (N, K) must be float, as other numbers must"
            rows = self.labels.ndim == 2 and self.labels.dtype.kind in "iub"
            if rows and ((self.labels != 0).sum(axis=1) == 1).all():
                kind = "they look one-hot: pass labels.argmax(axis=1)"
            raise DtypeError(f"Dataset: labels are {self.labels.dtype} of shape {self.labels.shape}; {kind}")
        if self.has_classes:
            self._name_classes()
        elif self.class_names:
            raise ConfigError(
                f"Dataset: labels of shape {self.labels.shape} are numbers to meet, they have no class names"
            )
        if self.sample_weights is not None:
            self._check_weights(np.asarray(self.sample_weights))

    def _name_classes(self) -> None:
        soft, classes = self.labels.ndim == 2, self.classes
        low, high = (int(classes.min()), int(classes.max())) if len(self) else (0, -1)
        if not self.class_names:
            count = self.labels.shape[1] if soft else high + 1
            object.__setattr__(self, "class_names", tuple(map(str, range(count))))
        if low < 0 or high >= len(self.class_names):
            wrong = low if low < 0 else high
            raise ShapeError(f"Dataset: label {wrong} is out of range, there are {len(self.class_names)} classes")

    def _check_weights(self, weights: Array) -> None:
        if weights.shape != (len(self),):
            raise ShapeError(f"Dataset: {len(self)} inputs but sample_weights of shape {weights.shape}")
        if weights.dtype.kind != "f":
            raise DtypeError(f"Dataset: sample_weights are {weights.dtype}, floats are needed")
        wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        if len(wrong):
            raise ConfigError(
                f"Dataset: sample_weights[{wrong[0]}] is {weights[wrong[0]]}, it must be finite and not negative"
            )
        object.__setattr__(self, "sample_weights", weights)

    @property
    def has_classes(self) -> bool:
        """Whether labels are classes or may be their probabilities; else they are numbers to meet."""
        return self.labels.ndim == 2 or self.labels.dtype.kind in "iu"

    @property
    def classes(self) -> Array:
        """The class of each sample (N,): its label, or the most probable one."""
        if not self.has_classes:
            raise ConfigError(f"Dataset: labels of shape {self.labels.shape} are numbers to meet, they have no classes")
        return self.labels if self.labels.ndim == 1 else self.labels.argmax(axis=1)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def input_shape(self) -> Shape:
        """Shape of one sample, such as (1, 28, 28)."""
        return self.inputs.shape[1:]

    def batch(self, indices: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> tuple[Array, Array]:
        """Return (inputs as float, labels) of these samples."""
        chosen = _indices(indices)
        kind: np.dtype[Any] = np.dtype(dtype)
        if self.inputs.dtype == np.uint8:
            x = self.normalize.gather(self.inputs, chosen, kind)
        else:
            x = in_memory_order(self.inputs[chosen].astype(kind, copy=False))
        labels = self.labels[chosen]
        return x, in_memory_order(labels.astype(kind, copy=False)) if labels.dtype.kind == "f" else labels

    def take(self, indices: npt.ArrayLike) -> Self:
        """Return a dataset of these samples, in this order."""
        chosen = _indices(indices)
        weights = None if self.sample_weights is None else self.sample_weights[chosen]
        inputs = self.inputs.take(chosen) if isinstance(self.inputs, Made) else self.inputs[chosen]
        return replace(self, inputs=inputs, labels=self.labels[chosen], sample_weights=weights)

    def split(self, count: int, seed: int = 0) -> tuple[Self, Self]:
        """Return (the rest, `count` samples drawn by `seed`), both with the classes in this set's proportions.

        Each class gives its share rounded down; what is left goes to the largest remainders.  Without classes all
        samples are alike.
        Both parts keep the order of this set.
        """
        if not 0 <= count <= len(self):
            raise ConfigError(f"Dataset: {count} samples asked for, there are {len(self)}")
        classes = self.classes if self.has_classes else np.zeros(len(self), np.int64)
        sizes = np.bincount(classes, minlength=len(self.class_names))
        shares, remainders = np.divmod(sizes * count, max(len(self), 1))
        shares[np.argsort(-remainders, kind="stable")[: count - shares.sum()]] += 1
        drawn = np.zeros(len(self), bool)
        for label, share in enumerate(shares):
            members = np.flatnonzero(classes == label)
            drawn[members[permutation(key(seed, "split", label), len(members))[:share]]] = True
        return self.take(np.flatnonzero(~drawn)), self.take(np.flatnonzero(drawn))


def _indices(indices: npt.ArrayLike) -> Array:
    chosen = np.asarray(indices)
    return chosen if chosen.size else chosen.astype(np.intp)  # NumPy makes an empty list float


def to_one_hot(labels: Array, num_classes: int) -> Array:
    """Return float32 rows (N, num_classes) with a one at each label.

    Examples
    --------
    >>> to_one_hot(np.array([2, 0]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DtypeError(f"to_one_hot: labels are {labels.dtype} of shape {labels.shape}, integers (N,) are needed")
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise ShapeError(
            f"to_one_hot: labels run from {labels.min()} to {labels.max()}, not within 0 to {num_classes - 1}"
        )
    rows = np.zeros((len(labels), num_classes), np.float32)
    rows[np.arange(len(labels)), labels] = 1
    return rows
