"""Calibration: of the predictions made with 80 % confidence, are 80 % right?

C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from .._core.errors import ConfigError, ShapeError
from ..ops._check import whole


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predictions in bins of their confidence; made by `reliability`.

    Attributes
    ----------
    edges : array (M + 1,)
        Bin m has the confidences above ``edges[m]`` and up to ``edges[m + 1]``.
    counts : array (M,) of int
    confidence, accuracy : array (M,)
        The means over each bin; 0 where a bin is empty.
    """

    edges: Array
    counts: Array
    confidence: Array
    accuracy: Array

    @property
    def error(self) -> float:
        """The expected calibration error: sum_m counts[m] / N * abs(accuracy[m] - confidence[m])."""
        return float((self.counts * abs(self.accuracy - self.confidence)).sum() / max(int(self.counts.sum()), 1))

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "error": self.error,
            "bins": [
                {"above": low, "to": high, "count": count, "confidence": confidence, "accuracy": accuracy}
                for low, high, count, confidence, accuracy in zip(
                    self.edges[:-1].tolist(), self.edges[1:].tolist(), self.counts.tolist(),
                    self.confidence.tolist(), self.accuracy.tolist(), strict=True,
                )
            ],
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [f"{'confidence':<13}{'samples':>9}{'mean':>9}{'accuracy':>10}"]
        for row in self.to_dict()["bins"]:
            if row["count"]:
                span = f"{row['above']:.3f}-{row['to']:.3f}"
                lines.append(f"{span:<13}{row['count']:>9,}{row['confidence']:>9.4f}{row['accuracy']:>10.4f}")
        return "\n".join(lines)


def reliability(probabilities: Array, labels: npt.ArrayLike, bins: int = 15) -> Reliability:
    """Return the table behind `expected_calibration_error`.

    Parameters
    ----------
    probabilities : array (N, K)
        What `Trainer.predict` gives; the largest of a row is the confidence of its prediction.
    labels : whole numbers (N,)
    bins : int
        How many of equal width between 0 and 1.

    Raises
    ------
    ShapeError
        If there are not as many labels as rows.
    ConfigError
        If a confidence lies outside 0 to 1.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.3, 0.7], [0.1, 0.9]])
    >>> print(reliability(p, [0, 0, 1], bins=2))
    confidence     samples     mean  accuracy
    0.500-1.000          3   0.8333    0.6667
    """
    given, labels = np.asarray(probabilities), np.asarray(labels)
    if given.ndim != 2 or labels.shape != given.shape[:1]:
        raise ShapeError(
            f"reliability: probabilities {given.shape} and labels {labels.shape}, (N, K) and (N,) are needed"
        )
    return binned(given.max(axis=1, initial=0.0), given.argmax(axis=1) == labels, bins)


def binned(confidence: Array, right: Array, bins: int = 15) -> Reliability:
    """Return the table for predictions of such confidence (N,), of which some were right (N,)."""
    M, confidence = whole("reliability", "bins", bins), confidence.astype(np.float64)
    if not ((confidence >= 0) & (confidence <= 1 + 1e-6)).all():  # rounding may take float32 beyond 1
        raise ConfigError("reliability: confidences must be probabilities, from 0 to 1; are these scores?")
    edges = np.arange(M + 1) / M
    place = np.clip(np.searchsorted(edges, confidence) - 1, 0, M - 1)  # the upper edge belongs to a bin
    counts = np.bincount(place, minlength=M)
    sums = (np.bincount(place, weights=values, minlength=M) for values in (confidence, right))
    means = [each / np.maximum(counts, 1) for each in sums]
    return Reliability(edges, counts, *means)


def expected_calibration_error(probabilities: Array, labels: npt.ArrayLike, bins: int = 15) -> float:
    """Return how far confidence and accuracy lie apart, in the mean over the predictions.

        sum over bins m of:   counts[m] / N * abs(accuracy[m] - confidence[m])

    C. Guo et al., On calibration of modern neural networks, ICML 2017, eq. 3.  Bin m of M has the confidences above
    m / M and up to (m + 1) / M.  The value depends on the number of bins; 15 is that of the paper.

    Parameters
    ----------
    probabilities, labels, bins
        As of `reliability`, and so are the errors.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.3, 0.7], [0.1, 0.9]])
    >>> round(expected_calibration_error(p, [0, 1, 1]), 4)         # all right: 0.1, 0.3 and 0.1 too modest
    0.1667
    """
    return reliability(probabilities, labels, bins).error
