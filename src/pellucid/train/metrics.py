"""Metrics, sample by sample, and their means over an epoch."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, ordered_sum
from .._core.errors import ConfigError
from ..ops._check import whole

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


def top_k(k: int) -> Metric:
    """Return a metric: whether a sample's label is among its `k` largest scores.

    Of equal scores the one of the lower class counts as larger, so that ``top_k(1)`` is `accuracy`.

    Parameters
    ----------
    k : int
        From 1 to the number of classes.

    Examples
    --------
    >>> scores, labels = np.array([[0.1, 0.3, 0.6], [0.5, 0.3, 0.2]]), np.array([1, 2])
    >>> top_k(2)(scores, labels).tolist()
    [True, False]
    >>> model = Sequential(Linear(2, 3)).build((2,), seed=0)
    >>> list(Evaluator(model, metrics={"top_2_accuracy": top_k(2)}).metrics)
    ['top_2_accuracy']
    """
    k = whole("top_k", "k", k)

    def hits(logits: Array, targets: Array) -> Array:
        N, K = logits.shape
        if k > K:
            raise ConfigError(f"top_k: k is {k}, there are {K} classes")
        labels = targets if targets.ndim == 1 else targets.argmax(axis=1)
        own = logits[np.arange(N), labels][:, None]
        before = (logits > own) | ((logits == own) & (np.arange(K) < labels[:, None]))
        found: Array = (before.sum(axis=1) < k) & ~np.isnan(own[:, 0])
        return found

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


_MOST_WAITING = 64  # batches


class Means:
    """Running means, each sample counted once, summed in float64 in the order of the samples.

    So the mean over an epoch does not depend on how it was cut into batches, nor on when the sums are taken: batches
    wait until somebody asks, since one long sum costs less than many short ones.
    """

    def __init__(self, sums: Mapping[str, float] | None = None, counts: Mapping[str, float] | None = None) -> None:
        self._sums, self._counts = dict(sums or {}), dict(counts or {})
        self._waiting: list[tuple[dict[str, Array], Array]] = []

    @property
    def sums(self) -> dict[str, float]:
        """The sums so far, by name."""
        self._add()
        return self._sums

    @property
    def counts(self) -> dict[str, float]:
        """How many samples each sum has, or for the loss what they weigh."""
        self._add()
        return self._counts

    def update(self, values: Mapping[str, Array], loss_weights: Array) -> None:
        """Add one batch: for each name one value a sample; the losses count by their weights."""
        self._waiting.append(({name: np.array(array, np.float64) for name, array in values.items()}, loss_weights))
        if len(self._waiting) == _MOST_WAITING:
            self._add()

    def _add(self) -> None:
        waiting, self._waiting = self._waiting, []
        for name in dict.fromkeys(name for values, _ in waiting for name in values):  # metrics may come and go
            having = [(values[name], weights) for values, weights in waiting if name in values]
            array = np.concatenate([values for values, _ in having])
            self._sums[name] = ordered_sum(array, self._sums.get(name, 0.0))
            before = self._counts.get(name, 0.0)
            if name == "loss":
                self._counts[name] = ordered_sum(np.concatenate([weights for _, weights in having]), before)
            else:
                self._counts[name] = before + len(array)

    def result(self) -> dict[str, float]:
        """Return the means by name; where all samples weigh 0 it is 0."""
        return {name: total / (self.counts[name] or 1.0) for name, total in self.sums.items()}
