"""mnist-cnn: two convolutions and a linear layer, the smallest network that reaches 99 % on MNIST."""

from ..nn import Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential


def mnist_cnn(dropout: float = 0.5) -> Sequential:
    """Return the network for images (N, 1, 28, 28) and ten classes, unbuilt: 34,826 parameters.

    Parameters
    ----------
    dropout : float
        The probability with which a feature is left out before the linear layer.

    Examples
    --------
    >>> model = mnist_cnn().build((1, 28, 28), seed=0)
    >>> model(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    """
    return Sequential(
        {
            "conv1": Conv2d(1, 32, 3),
            "relu1": ReLU(),
            "pool1": MaxPool2d(2),
            "conv2": Conv2d(32, 64, 3),
            "relu2": ReLU(),
            "pool2": MaxPool2d(2),
            "flatten": Flatten(),
            "dropout": Dropout(dropout),
            "linear": Linear(1600, 10),
        }
    )
