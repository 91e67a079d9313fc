"""EvaluationReport: all that can be said of a classifier's predictions on a data set, from one pass over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..ops import softmax_forward
from .calibration import Reliability, binned
from .classification import ClassificationReport, confusion_matrix, matrix_table, report_of


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """What `Evaluator.report` gives; ``print(report)`` shows it all.

    Attributes
    ----------
    metrics : dict
        What `Evaluator.evaluate` gives, to the bit.
    confusion : array (K, K)
        Rows are true classes, columns predicted ones.
    classes : ClassificationReport
        Precision, recall, F1 and support of each class.
    reliability : Reliability
        Confidence against accuracy; its ``error`` is the expected calibration error.
    """

    metrics: dict[str, float]
    confusion: Array
    classes: ClassificationReport
    reliability: Reliability

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            **self.metrics,
            "confusion": self.confusion.tolist(),
            "report": self.classes.to_dict(),
            "calibration": self.reliability.to_dict(),
        }

    def __str__(self) -> str:
        return "\n\n".join(
            (
                matrix_table(self.confusion, self.classes.class_names),
                str(self.classes),
                f"{self.reliability}\nexpected calibration error {self.reliability.error:.4f}",
            )
        )


class Predictions:
    """What is kept of the predictions, batch by batch: true and predicted class, and with which confidence."""

    def __init__(self) -> None:
        self._batches: list[tuple[Array, Array, Array]] = []
        self._outputs = 0

    def add(self, logits: Array, targets: Array) -> None:
        """Add a batch: scores (N, K), and labels (N,) or class probabilities (N, K), whose largest counts."""
        if logits.ndim != 2:
            raise ConfigError(f"report: the network gives {logits.shape}, scores (N, K) of K classes are needed")
        self._outputs = logits.shape[1]
        probabilities, _ = softmax_forward(logits)
        labels = targets if targets.ndim == 1 else targets.argmax(axis=1)
        self._batches.append((labels, logits.argmax(axis=1), probabilities.max(axis=1)))

    def report(self, metrics: dict[str, float], class_names: Sequence[str] | None) -> EvaluationReport:
        """Return the report; without names the classes are called 0, 1, ..."""
        names = tuple(map(str, range(self._outputs) if class_names is None else class_names))
        if len(names) != self._outputs:
            raise ConfigError(f"report: {len(names)} class names, the network tells {self._outputs} classes apart")
        labels, predicted, confidence = (np.concatenate(parts) for parts in zip(*self._batches, strict=True))
        confusion = confusion_matrix(labels, predicted, self._outputs)
        return EvaluationReport(
            metrics, confusion, report_of(confusion, names), binned(confidence, labels == predicted)
        )
