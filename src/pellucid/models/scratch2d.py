"""scratch2d: two padded 3x3 convolutions and two linear layers, most of the parameters in the first of these."""

from ..nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from ..nn.init import Initializer


def scratch2d(weight_init: str | Initializer = "he_uniform") -> Sequential:
    """Return the network for images (N, 1, 28, 28) and ten classes, unbuilt: 421,642 parameters.

        conv 32 3x3 pad 1, ReLU, max-pool 2 -> (32, 14, 14)   conv 64 3x3 pad 1, ReLU, max-pool 2 -> (64, 7, 7)
        flatten 3136 -> linear 128, ReLU -> linear 10

    Parameters
    ----------
    weight_init : str or function
        Start values of all weights, see `pellucid.nn.init`.

    Examples
    --------
    >>> model = scratch2d().build((1, 28, 28), seed=0)
    >>> model(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    """
    return Sequential(
        {
            "conv1": Conv2d(1, 32, 3, padding=1, weight_init=weight_init),
            "relu1": ReLU(),
            "pool1": MaxPool2d(2),
            "conv2": Conv2d(32, 64, 3, padding=1, weight_init=weight_init),
            "relu2": ReLU(),
            "pool2": MaxPool2d(2),
            "flatten": Flatten(),
            "linear1": Linear(3136, 128, weight_init=weight_init),
            "relu3": ReLU(),
            "linear2": Linear(128, 10, weight_init=weight_init),
        }
    )
