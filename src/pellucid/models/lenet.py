"""lenet: lenet5 without the padding, two 5x5 convolutions and three linear layers."""

from ..nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from ..nn.init import Initializer


def lenet(weight_init: str | Initializer = "he_uniform") -> Sequential:
    """Return the network for images (N, 1, 28, 28) and ten classes, unbuilt: 44,426 parameters.

        conv 6 5x5 valid, ReLU, max-pool 2 -> (6, 12, 12)     conv 16 5x5 valid, ReLU, max-pool 2 -> (16, 4, 4)
        flatten 256 -> linear 120, ReLU -> linear 84, ReLU -> linear 10

    Parameters
    ----------
    weight_init : str or function
        Start values of all weights, see `pellucid.nn.init`.

    Examples
    --------
    >>> model = lenet().build((1, 28, 28), seed=0)
    >>> model(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    """
    return Sequential(
        {
            "conv1": Conv2d(1, 6, 5, weight_init=weight_init),
            "relu1": ReLU(),
            "pool1": MaxPool2d(2),
            "conv2": Conv2d(6, 16, 5, weight_init=weight_init),
            "relu2": ReLU(),
            "pool2": MaxPool2d(2),
            "flatten": Flatten(),
            "linear1": Linear(256, 120, weight_init=weight_init),
            "relu3": ReLU(),
            "linear2": Linear(120, 84, weight_init=weight_init),
            "relu4": ReLU(),
            "linear3": Linear(84, 10, weight_init=weight_init),
        }
    )
