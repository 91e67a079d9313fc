"""Metrics, sample by sample, and their means over an epoch."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, ordered_sum
from .._core.errors import ConfigError

Metric: TypeAlias = Callable[[Array, Array], Array]  # (logits (N, K), targets) -> one value for each sample (N,)


def accuracy(logits: Array, targets: Array) -> Array:
    """Return for each sample whether its largest score is its label's; targets are labels (N,) or probabilities (N, K).

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1])).tolist()
    [True, False]
    """
    labels = targets if targets.ndim == 1 else targets.argmax(axis=1)
    hits: Array = logits.argmax(axis=1) == labels
    return hits


def measure(metrics: Mapping[str, Metric], logits: Array, targets: Array) -> dict[str, Array]:
    """Return what each metric says of each sample; a ConfigError names one that does not."""
    values = {name: np.asarray(metric(logits, targets)) for name, metric in metrics.items()}
    for name, array in values.items():
        if array.shape != (len(logits),):
            raise ConfigError(
                f"metric {name!r}: gave shape {array.shape} for {len(logits)} samples, one value for each is needed; "
                "the mean is taken later"
            )
    return values


class Means:
    """Running means, each sample counted once, summed in float64 in the order of the samples.

    So the mean over an epoch does not depend on how it was cut into batches.
    """

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.counts: dict[str, float] = {}

    def update(self, values: Mapping[str, Array], loss_weights: Array) -> None:
        """Add one batch: for each name one value a sample; the losses count by their weights."""
        for name, array in values.items():
            self.sums[name] = ordered_sum(array, self.sums.get(name, 0.0))
            before = self.counts.get(name, 0.0)
            self.counts[name] = ordered_sum(loss_weights, before) if name == "loss" else before + len(array)

    def result(self) -> dict[str, float]:
        """Return the means by name; where all samples weigh 0 it is 0."""
        return {name: total / (self.counts[name] or 1.0) for name, total in self.sums.items()}
