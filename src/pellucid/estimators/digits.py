"""Classifiers of 28x28 images, two networks of fixed sizes.

As such classifiers are often first written, all weights are small normal numbers and the rule is plain SGD at 0.01.
Then they stay at chance for epochs: docs/at-chance.md shows why, and ``init="small_normal",
optimizer="plain_sgd", schedule="constant"`` does it again.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from ..models import lenet, scratch2d
from ..nn import Sequential
from ..nn.init import Initializer
from .choices import Named
from .classifier import ImageClassifier
from .scale import Scale


class DigitClassifier(ImageClassifier):
    """Base of `LeNet` and `Scratch2dCNNClassifier`: images of 28x28, ten outputs, a network for start values `init`.

    Pixels are as they are where none is larger than 1 (bytes count as their 255ths), else divided by the largest.

    A subclass has `peak`, the highest rate of Adam in a cycle.  Peaks and start values were chosen on validation
    images, after 2 epochs of 2,000: rates from 0.002 to 0.012, He's, Glorot's and orthogonal weights, three or four
    seeds each.

    Parameters
    ----------
    init : str or function
        Start values of all weights, see `pellucid.nn.init`; "small_normal" is N(0, 0.01**2).
    optimizer : str or table
        "adam", "adamw", "sgd" (momentum 0.9), "plain_sgd" (no momentum), ..., or such as ``{"name": "sgd",
        "nesterov": True}``.
    schedule : str or table
        "one-cycle", where the learning rate rises and falls once over all steps of `fit`, "constant", ...
    seed : int
        Settles start values and the order of the images.
    epochs, batch_size : int
    learning_rate : float, optional
        Of a cycle the peak.  Else 0.008 (LeNet) or 0.006 for "adam" and "adamw" in a cycle, and the optimiser's own
        without one.
    """

    input_shape = (1, 28, 28)
    num_classes = 10
    peak: ClassVar[float]
    make_scale = staticmethod(Scale.unit)

    def __init__(
        self,
        init: str | Initializer = "orthogonal",
        optimizer: Named = "adam",
        schedule: Named = "one-cycle",
        seed: int = 0,
        *,
        epochs: int = 2,
        batch_size: int = 16,
        learning_rate: float | None = None,
    ) -> None:
        self.init, self.optimizer, self.schedule, self.seed = init, optimizer, schedule, seed
        self.epochs, self.batch_size, self.learning_rate = epochs, batch_size, learning_rate

    def seed_of_run(self) -> int:
        """Return what start values, order and dropout depend on."""
        return self.seed

    def rate(self, optimizer: Mapping[str, Any], schedule: Mapping[str, Any]) -> float:
        """Return the learning rate where none is given."""
        if schedule["name"] == "one-cycle" and optimizer["name"] in ("adam", "adamw"):
            return self.peak
        return super().rate(optimizer, schedule)


class Scratch2dCNNClassifier(DigitClassifier):
    """conv 32 and conv 64, both 3x3 with padding 1, ReLU and 2x2 max-pooling; 3136 -> 128 -> 10: `models.scratch2d`.

    The arguments are those of `DigitClassifier`.

    Examples
    --------
    >>> from pellucid import Scratch2dCNNClassifier
    >>> train, test = mnist()
    >>> images = train.inputs[:300].transpose(0, 2, 3, 1)
    >>> classifier = Scratch2dCNNClassifier(epochs=3).fit(images, train.labels[:300])
    >>> classifier.score(test.inputs[:100].transpose(0, 2, 3, 1), test.labels[:100]) > 0.7
    True
    """

    peak = 0.006

    def make_network(self) -> Sequential:
        """Return the network, unbuilt."""
        return scratch2d(self.init)


class LeNet(DigitClassifier):
    """Two 5x5 convolutions without padding, ReLU and 2x2 max-pooling; 256 -> 120 -> 84 -> 10: `models.lenet`.

    The arguments are those of `DigitClassifier`.

    Examples
    --------
    >>> from pellucid import LeNet
    >>> classifier = LeNet(epochs=1).fit(np.zeros((4, 28, 28, 1), np.uint8), ["a", "b", "c", "a"])
    >>> list(classifier.history_.rows[0]), classifier.predict_proba(np.zeros((2, 28, 28, 1))).shape
    (['epoch', 'lr', 'loss', 'accuracy'], (2, 3))
    """

    peak = 0.008

    def make_network(self) -> Sequential:
        """Return the network, unbuilt."""
        return lenet(self.init)
