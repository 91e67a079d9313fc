"""CNN: the network `cnn` as a classifier."""

from .._core.arrays import Shape
from ..models import cnn
from ..nn import Sequential
from .choices import Named
from .classifier import ImageClassifier


class CNN(ImageClassifier):
    """The network `cnn` as a classifier with scikit-learn's manners; scikit-learn need not be there.

    Parameters
    ----------
    input_shape : (C, H, W)
    num_classes : int
        Outputs of the network.  The labels may have fewer classes; their outputs are the first.
    use_batchnorm : bool
    dropout_rate : float
    epochs, batch_size : int
    learning_rate : float or None
        Of "one-cycle" the peak; None: the optimiser's own.
    optimizer : str or table
        "adam", "adamw", "sgd", ..., or such as ``{"name": "adamw", "weight_decay": 0.2}``.
    schedule : str or table
        "one-cycle", "constant", "cosine", ...
    random_state : int
        Settles start values, order of the samples and dropout.

    Examples
    --------
    >>> from pellucid import CNN
    >>> from pellucid.data import mnist
    >>> train, test = (part.take(range(200)) for part in mnist())
    >>> model = CNN(epochs=2).fit(train.inputs, train.labels)
    >>> model.predict(test.inputs).shape, model.score(test.inputs, test.labels) > 0.3
    ((200,), True)
    """

    def __init__(
        self,
        input_shape: Shape = (1, 28, 28),
        num_classes: int = 10,
        use_batchnorm: bool = True,
        dropout_rate: float = 0.25,
        *,
        epochs: int = 5,
        batch_size: int = 32,
        learning_rate: float | None = 0.001,
        optimizer: Named = "adam",
        schedule: Named = "one-cycle",
        random_state: int = 0,
    ) -> None:
        self.input_shape, self.num_classes = input_shape, num_classes
        self.use_batchnorm, self.dropout_rate = use_batchnorm, dropout_rate
        self.epochs, self.batch_size, self.learning_rate = epochs, batch_size, learning_rate
        self.optimizer, self.schedule, self.random_state = optimizer, schedule, random_state

    def make_network(self) -> Sequential:
        """Return the network, unbuilt."""
        return cnn(self.input_shape, self.num_classes, self.use_batchnorm, self.dropout_rate)

    def seed_of_run(self) -> int:
        """Return what start values, order and dropout depend on."""
        return self.random_state
