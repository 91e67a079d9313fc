"""What a classifier confuses: counts of true and predicted classes, and precision, recall and F1 of each class.

These are no means over samples, so they are no metrics of a Trainer: they look at all predictions of a data set.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from .._core.errors import ConfigError, ShapeError
from ..ops._check import whole

Labels = npt.ArrayLike


def confusion_matrix(labels: Labels, predicted: Labels, num_classes: int) -> Array:
    """Return how often class i was taken for class j, at [i, j]: rows are true classes, columns predicted ones.

    Parameters
    ----------
    labels, predicted : whole numbers (N,)
        From 0 to below `num_classes`.
    num_classes : int
        K.

    Returns
    -------
    array (K, K) of int64

    Raises
    ------
    ShapeError, ConfigError
        If the lengths differ, or a class is none.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1, 2], [0, 1, 1, 1], num_classes=3).tolist()
    [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    """
    K = whole("confusion_matrix", "num_classes", num_classes)
    true, taken = (_classes(name, given, K) for name, given in (("labels", labels), ("predicted", predicted)))
    if len(true) != len(taken):
        raise ShapeError(f"confusion_matrix: {len(true)} labels, {len(taken)} predicted")
    counts: Array = np.bincount(true * K + taken, minlength=K * K).reshape(K, K)
    return counts


@dataclass(frozen=True, eq=False)
class ClassificationReport:
    """Precision, recall and F1 of each class, and their means; made by `classification_report`.

    Attributes
    ----------
    class_names : tuple of K strings
    precision, recall, f1 : array (K,)
    support : array (K,) of int
        How many samples are of each class.
    accuracy : float
    macro, weighted : dict
        The means of precision, recall and f1: each class counts the same, or by its support.
    """

    class_names: tuple[str, ...]
    precision: Array
    recall: Array
    f1: Array
    support: Array
    accuracy: float

    @property
    def macro(self) -> dict[str, float]:
        """The means over the classes."""
        return {name: float(getattr(self, name).mean()) for name in _MEASURES}

    @property
    def weighted(self) -> dict[str, float]:
        """The means over the classes, each by its support."""
        total = max(int(self.support.sum()), 1)
        return {name: float((getattr(self, name) * self.support).sum() / total) for name in _MEASURES}

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        columns = {name: getattr(self, name).tolist() for name in (*_MEASURES, "support")}
        rows = zip(*columns.values(), strict=True)
        classes = [
            {"class": name, **dict(zip(columns, row, strict=True))}
            for name, row in zip(self.class_names, rows, strict=True)
        ]
        return {"classes": classes, "accuracy": self.accuracy, "macro": self.macro, "weighted": self.weighted}

    def __str__(self) -> str:
        data, total = self.to_dict(), int(self.support.sum())
        width = max(map(len, (*self.class_names, "weighted mean")))
        lines = [f"{'class':<{width}}" + "".join(f"{name:>11}" for name in (*_MEASURES, "support"))]
        means = [{"class": f"{name} mean", **data[name], "support": total} for name in ("macro", "weighted")]
        for row in (*data["classes"], *means):
            numbers = "".join(f"{row[name]:>11.4f}" for name in _MEASURES)
            lines.append(f"{row['class']:<{width}}{numbers}{row['support']:>11,}")
        rule = "-" * len(lines[0])
        lines[1:1], lines[-2:-2] = [rule], [rule]
        return "\n".join(line.rstrip() for line in lines)


_MEASURES = ("precision", "recall", "f1")


def classification_report(labels: Labels, predicted: Labels, class_names: Sequence[str] | int) -> ClassificationReport:
    """Return precision, recall and F1 of each class, and their means.

        precision = right / predicted as this class       recall = right / of this class
        f1 = 2 * precision * recall / (precision + recall) = 2 * right / (predicted as it + of it)

    A quotient by 0 (a class that never occurs, or is never predicted) is 0, as in scikit-learn.

    Parameters
    ----------
    labels, predicted : whole numbers (N,)
    class_names : sequence of K strings, or K

    Raises
    ------
    ShapeError, ConfigError
        As of `confusion_matrix`.

    Examples
    --------
    >>> print(classification_report([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"]))
    class          precision     recall         f1    support
    ---------------------------------------------------------
    cat               1.0000     0.5000     0.6667          2
    dog               0.6667     1.0000     0.8000          2
    ---------------------------------------------------------
    macro mean        0.8333     0.7500     0.7333          4
    weighted mean     0.8333     0.7500     0.7333          4
    """
    names = range(class_names) if isinstance(class_names, int) else class_names
    return report_of(confusion_matrix(labels, predicted, len(names)), tuple(map(str, names)))


def report_of(confusion: Array, class_names: tuple[str, ...]) -> ClassificationReport:
    """Return what a confusion matrix says of each class."""
    right, support, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    return ClassificationReport(
        class_names,
        _quotient(right, predicted),
        _quotient(right, support),
        _quotient(2 * right, predicted + support),
        support,
        float(_quotient(right.sum(), support.sum())),
    )


def matrix_table(confusion: Array, class_names: Sequence[str]) -> str:
    """Return a confusion matrix as text: a row for each true class, a column for each predicted one; a dot is 0.

    Examples
    --------
    >>> from pellucid.train.classification import matrix_table
    >>> print(matrix_table(np.array([[12, 1], [0, 7]]), ["cat", "dog"]))
    true \\ predicted  cat  dog
    cat                12    1
    dog                 .    7
    """
    corner = "true \\ predicted"
    first = max(map(len, (corner, *class_names)))
    table = [[f"{count:,}" if count else "." for count in row] for row in confusion]
    rows = [(corner, class_names), *zip(class_names, table, strict=True)]
    widths = [2 + max(map(len, column)) for column in zip(class_names, *table, strict=True)]
    return "\n".join(
        f"{head:<{first}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for head, cells in rows
    )


def _quotient(above: Array, below: Array) -> Array:
    """Return above / below, 0 where that is 0 / 0."""
    return above / np.maximum(below, 1)


def _classes(name: str, given: Labels, K: int) -> Array:
    classes = np.asarray(given)
    if classes.ndim != 1 or (classes.dtype.kind not in "iu" and classes.size):
        raise ShapeError(f"confusion_matrix: {name} have shape {classes.shape} and type {classes.dtype}, "
                         "one whole number for each sample is needed")  # fmt: skip
    classes = classes.astype(np.int64)
    if classes.size and not 0 <= classes.min() <= classes.max() < K:
        raise ConfigError(f"confusion_matrix: {name} go from {classes.min()} to {classes.max()}, there are {K} classes")
    return classes
