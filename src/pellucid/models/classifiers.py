"""Classifiers of 28x28 images with arrays channels last: two networks of fixed sizes behind fit and predict.

As such classifiers are often first written, all weights are small normal numbers and the rule is plain SGD at 0.01.
Then they stay at chance for epochs: docs/at-chance.md shows why, and ``init="small_normal",
optimizer="plain_sgd", schedule="constant"`` does it again.
"""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from .._core.errors import ConfigError, ShapeError
from ..nn import Sequential
from ..nn.init import Initializer
from ..optim import SGD, OneCycleLR, Optimizer
from ..train import History
from .choices import OptimizerChoice
from .lenet import lenet
from .network import Network, Samples
from .samples import class_labels
from .scratch2d import scratch2d

SHAPE = (28, 28, 1)
SCHEDULES = ("one-cycle", "constant")


class Classifier:
    """Base of `Scratch2dCNNClassifier` and `LeNet`; a subclass says which network `make` returns.

    Its `peak` is the highest rate of Adam in a cycle.  Peaks and start values were chosen on validation images, after 2
    epochs of 2,000: rates from 0.002 to 0.012, He's, Glorot's and orthogonal weights, three or four seeds each.
    """

    make: ClassVar[Callable[..., Sequential]]
    peak: ClassVar[float]

    def __init__(
        self,
        init: str | Initializer = "orthogonal",
        optimizer: OptimizerChoice = "adam",
        schedule: str = "one-cycle",
        seed: int = 0,
    ) -> None:
        if schedule not in SCHEDULES:
            raise ConfigError(f"{type(self).__name__}: schedule is {schedule!r}, expected {' or '.join(SCHEDULES)}")
        self.init, self.optimizer, self.schedule, self.seed = init, optimizer, schedule, seed
        self._network: Network | None = None

    def fit(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        epochs: int = 2,
        batch_size: int = 16,
        learning_rate: float | None = None,
        validation_data: Samples | None = None,
    ) -> History:
        """Train from new start values; return the history: loss, accuracy, val_loss, val_accuracy of each epoch.

        Parameters
        ----------
        x : array (N, 28, 28, 1)
            uint8 (0 to 255), or floats from 0 to 1.
        y : array
            Labels 0 to 9, or one-hot rows (N, 10).
        epochs, batch_size : int
        learning_rate : float, optional
            The highest one, in a cycle.  Else 0.008 (LeNet) or 0.006 for "adam" and "adamw" in a
            cycle, and the optimiser's own without one.
        validation_data : (x, y), optional

        Raises
        ------
        ShapeError
            If images or labels do not fit.
        """
        network = self._new()
        cycle = self.schedule == "one-cycle"
        if learning_rate is None and cycle and self.optimizer in ("adam", "adamw"):
            learning_rate = self.peak
        network.train(
            *self._checked(x, y),
            epochs,
            learning_rate,
            batch_size=batch_size,
            validation_data=None if validation_data is None else self._checked(*validation_data),
            schedule=_one_cycle if cycle else None,
        )
        self._network = network
        return network.history

    @property
    def network(self) -> Network:
        """What `fit` has trained."""
        if self._network is None:
            raise ConfigError(f"{type(self).__name__}: is not fitted yet; call fit first")
        return self._network

    @property
    def history(self) -> History:
        """What the last `fit` returned."""
        return self.network.history

    def predict_proba(self, x: npt.ArrayLike) -> Array:
        """Return the probability of each class (N, 10)."""
        return self.network.predict(x)

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return the most probable class of each image (N,)."""
        labels: Array = self.network.predict_logits(x).argmax(axis=1)
        return labels

    def score(self, x: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Return the share of images whose class is predicted."""
        labels = class_labels("score", y, len(np.asarray(x)))
        return float(np.mean(self.predict(x) == (labels if labels.ndim == 1 else labels.argmax(axis=1))))

    def _new(self) -> Network:
        network = Network(type(self).make(self.init), SHAPE, seed=self.seed)
        network.compile(optimizer=SGD if self.optimizer == "plain_sgd" else self.optimizer)
        return network

    def _checked(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Samples:
        x = np.asarray(x)
        if x.dtype.kind == "f" and x.size and x.min() >= 0 and x.max() > 2:
            raise ConfigError(
                f"{type(self).__name__}.fit: images are {x.dtype} up to {x.max():g}; "
                "bytes must stay uint8, floats run from 0 to 1: divide by 255"
            )
        labels = class_labels(f"{type(self).__name__}.fit", y, len(x))
        top = labels.shape[1] - 1 if labels.ndim == 2 else labels.max(initial=0)
        if top > 9:
            raise ShapeError(f"{type(self).__name__}.fit: there is a class {top}, labels are 0 to 9")
        return x, labels

    def __repr__(self) -> str:
        settings = f"init={self.init!r}, optimizer={self.optimizer!r}, schedule={self.schedule!r}, seed={self.seed}"
        return f"{type(self).__name__}({settings})"


class Scratch2dCNNClassifier(Classifier):
    """conv 32 and conv 64, both 3x3 with padding 1, ReLU and 2x2 max-pooling; 3136 -> 128 -> 10: `models.scratch2d`.

    Parameters
    ----------
    init : str or function
        Start values of all weights, see `pellucid.nn.init`; "small_normal" is N(0, 0.01**2).
    optimizer : str, class or function
        "adam", "adamw", "sgd" (momentum 0.9), "plain_sgd" (no momentum), or as `Network.compile` takes it.
    schedule : "one-cycle" or "constant"
        Whether the learning rate rises and falls once, over all steps of `fit`, or stays.
    seed : int
        Settles start values and the order of the images.

    Examples
    --------
    >>> from pellucid import Scratch2dCNNClassifier
    >>> train, test = mnist()
    >>> images = train.inputs[:300].transpose(0, 2, 3, 1)
    >>> classifier = Scratch2dCNNClassifier()
    >>> history = classifier.fit(images, train.labels[:300], epochs=3, batch_size=16)
    >>> classifier.score(test.inputs[:100].transpose(0, 2, 3, 1), test.labels[:100]) > 0.7
    True
    """

    make = staticmethod(scratch2d)
    peak = 0.006


class LeNet(Classifier):
    """Two 5x5 convolutions without padding, ReLU and 2x2 max-pooling; 256 -> 120 -> 84 -> 10: `models.lenet`.

    Parameters
    ----------
    init : str or function
        Start values of all weights, see `pellucid.nn.init`; "small_normal" is N(0, 0.01**2).
    optimizer : str, class or function
        "adam", "adamw", "sgd" (momentum 0.9), "plain_sgd" (no momentum), or as `Network.compile` takes it.
    schedule : "one-cycle" or "constant"
        Whether the learning rate rises and falls once, over all steps of `fit`, or stays.
    seed : int
        Settles start values and the order of the images.

    Examples
    --------
    >>> from pellucid import LeNet
    >>> classifier = LeNet()
    >>> history = classifier.fit(np.zeros((4, 28, 28, 1), np.uint8), [0, 1, 2, 3], epochs=1)
    >>> list(history.rows[0]), classifier.predict(np.zeros((2, 28, 28, 1))).shape
    (['epoch', 'lr', 'loss', 'accuracy'], (2,))
    """

    make = staticmethod(lenet)
    peak = 0.008


def _one_cycle(optimizer: Optimizer, steps: int) -> OneCycleLR:
    return OneCycleLR(optimizer, optimizer.lr, steps, cycle_momentum=hasattr(optimizer, "betas"))
