"""lenet5: LeNet-5's sizes with ReLU and max-pooling, two convolutions and three linear layers."""

from ..nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from ..nn.init import Initializer


def lenet5(weight_init: str | Initializer = "he_uniform") -> Sequential:
    """Return the network for images (N, 1, 28, 28) and ten classes, unbuilt: 61,706 parameters.

        conv 6 5x5 same, ReLU, max-pool 2 -> (6, 14, 14)      conv 16 5x5 valid, ReLU, max-pool 2 -> (16, 5, 5)
        flatten 400 -> linear 120, ReLU -> linear 84, ReLU -> linear 10

    The sizes are those of Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document
    recognition, Proceedings of the IEEE 86 (1998), where tanh, learned averages and a sparse second layer stood.

    Parameters
    ----------
    weight_init : str or function
        Start values of all weights, see `pellucid.nn.init`.

    Examples
    --------
    >>> model = lenet5().build((1, 28, 28), seed=0)
    >>> model(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    """
    return Sequential(
        {
            "conv1": Conv2d(1, 6, 5, padding="same", weight_init=weight_init),
            "relu1": ReLU(),
            "pool1": MaxPool2d(2),
            "conv2": Conv2d(6, 16, 5, weight_init=weight_init),
            "relu2": ReLU(),
            "pool2": MaxPool2d(2),
            "flatten": Flatten(),
            "linear1": Linear(400, 120, weight_init=weight_init),
            "relu3": ReLU(),
            "linear2": Linear(120, 84, weight_init=weight_init),
            "relu4": ReLU(),
            "linear3": Linear(84, 10, weight_init=weight_init),
        }
    )
