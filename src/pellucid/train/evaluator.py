"""Evaluator: a model at work, without training."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..data import Dataset, Loader, Normalize
from ..nn import CrossEntropyLoss, Loss, Module
from ..ops._memory import Arena, outside
from .batches import Data, Given, as_batches
from .metrics import Means, Metric, accuracy, measure
from .report import EvaluationReport, Predictions


class Evaluator:
    """Evaluates and applies one model; a `Trainer` is one that also trains.

    Parameters
    ----------
    model : Module
        Built: ``model.build(input_shape, seed)``.
    loss : Loss, optional
        CrossEntropyLoss by default.
    metrics : mapping of name to function, optional
        (logits, targets) -> one value for each sample; by default accuracy with a CrossEntropyLoss, else none.
    normalize : Normalize, optional
        What arrays of uint8 images go through; a Dataset or Loader brings its own.

    Examples
    --------
    >>> model = Sequential(Linear(2, 2, weight_init="ones")).build((2,), seed=0)
    >>> Evaluator(model).evaluate((np.zeros((4, 2), np.float32), np.array([0, 0, 1, 0])))["accuracy"]
    0.75
    """

    def __init__(
        self,
        model: Module,
        loss: Loss | None = None,
        *,
        metrics: Mapping[str, Metric] | None = None,
        normalize: Normalize | None = None,
    ) -> None:
        self._dtype = model.parameters().data.dtype
        self.model, self.loss = model, CrossEntropyLoss() if loss is None else loss
        if metrics is None:
            metrics = {"accuracy": accuracy} if isinstance(self.loss, CrossEntropyLoss) else {}
        self.metrics = dict(metrics)
        if taken := self.metrics.keys() & {"loss", "epoch", "lr"}:
            raise ConfigError(
                f"{type(self).__name__}: {', '.join(sorted(taken))} cannot name a metric, the history has such a column"
            )
        self.normalize = normalize or Normalize()
        self._arena = Arena()

    def evaluate(self, data: Data) -> dict[str, float]:
        """Return the mean loss and metrics over `data`: Loader, Dataset, (inputs, labels) or batches."""
        means = Means()
        for _ in self._measured(data, means):
            pass
        return means.result()

    def report(self, data: Data, class_names: Sequence[str] | None = None) -> EvaluationReport:
        """Return all that can be said of the predictions for `data`, from one pass over it.

        Mean loss and metrics as `evaluate` gives them, the confusion matrix, precision, recall and F1 of each class,
        and how confidence and accuracy go together.  In all but the loss each sample counts once.

        Parameters
        ----------
        data : Loader, Dataset, (inputs, labels) or batches
        class_names : sequence of K strings, optional
            0, 1, ... unless told.

        Examples
        --------
        >>> model = Sequential(Linear(2, 2, weight_init="ones")).build((2,), seed=0)
        >>> report = Evaluator(model).report((np.zeros((4, 2), np.float32), np.array([0, 0, 1, 0])))
        >>> report.metrics["accuracy"], report.confusion.tolist(), report.reliability.error
        (0.75, [[3, 0], [1, 0]], 0.25)
        """
        means, predictions = Means(), Predictions()
        for logits, targets in self._measured(data, means):
            predictions.add(logits, targets)
        return predictions.report(means.result(), class_names)

    def predict_logits(self, inputs: Dataset | Array) -> Array:
        """Return the network's outputs (N, ...), of a classifier raw scores (N, K), for a Dataset or an array.

        uint8 images are normalised as those of `fit` were.
        """
        if not isinstance(inputs, Dataset):
            inputs = Dataset(inputs, np.zeros(len(inputs), np.int64), normalize=self.normalize)
        return np.concatenate([logits for logits, *_ in self._forward(self._batches(inputs))])

    def predict(self, inputs: Dataset | Array) -> Array:
        """Return what `predict_logits` gives as the loss understands it.

        With a CrossEntropyLoss it is the probability of each class (N, K), with a BCEWithLogitsLoss that of each yes
        (N, ...), and where numbers are to be met, the numbers.
        """
        return self.loss.predictions(self.predict_logits(inputs))

    def _forward(self, batches: Loader | Given) -> Iterator[tuple[Array, ...]]:
        """Yield (logits, targets) and sample weights, where there are any, of each batch in evaluation mode."""
        with self.model.inference():
            for x, *rest in batches.batches(dtype=self._dtype):
                with self._arena.step():
                    logits = outside(self.model.forward(x))
                yield logits, *rest
            self.model.release()

    def _measured(self, data: Data, means: Means) -> Iterator[tuple[Array, Array]]:
        """Yield (logits, targets) of each batch, after its loss and metrics have gone into `means`."""
        for logits, targets, *weights in self._forward(self._batches(data)):
            self.loss.forward(logits, targets, *weights)
            means.update(self._measure(logits, targets), self.loss.weights)
            yield logits, targets

    def _measure(self, logits: Array, targets: Array) -> dict[str, Array]:
        return {"loss": self.loss.losses, **measure(self.metrics, logits, targets)}

    def _batches(self, data: Any, batch_size: int = 256) -> Loader | Given:
        batches = as_batches(data, batch_size, normalize=self.normalize)
        return batches.plain() if isinstance(batches, Loader) else batches
