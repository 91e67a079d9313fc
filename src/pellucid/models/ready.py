"""The table of ready-made networks: what makes each, what it takes, and its recipe for training."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from .._core.arrays import Shape
from .._core.errors import ConfigError
from ..nn import Module
from ..train import Recipe
from ..train.settings import make
from .best_mnist import best_mnist
from .cnn import cnn
from .cnn_lstm import cnn_lstm
from .lenet import lenet
from .lenet5 import lenet5
from .mnist_cnn import mnist_cnn
from .row_lstm import row_lstm
from .scratch2d import scratch2d


@dataclass(frozen=True)
class Entry:
    """A network that the command line knows."""

    make: Callable[..., Module]
    input_shape: Shape
    about: str


MODELS = {
    "mnist-cnn": Entry(mnist_cnn, (1, 28, 28), "two 3x3 convolutions with pooling, dropout, one linear layer"),
    "cnn": Entry(cnn, (1, 28, 28), "two blocks of two convolutions with batch-norm, two linear layers"),
    "lenet5": Entry(lenet5, (1, 28, 28), "LeNet-5's sizes with ReLU and max-pooling, three linear layers"),
    "lenet": Entry(lenet, (1, 28, 28), "two 5x5 convolutions without padding, three linear layers"),
    "scratch2d": Entry(scratch2d, (1, 28, 28), "two padded 3x3 convolutions, two linear layers"),
    "cnn-lstm": Entry(cnn_lstm, (1, 28, 28), "two 3x3 convolutions with pooling on each frame, an LSTM over time"),
    "row-lstm": Entry(row_lstm, (28, 28), "an LSTM that reads an image row by row"),
    "best-mnist": Entry(best_mnist, (1, 28, 28), "six 3x3 convolutions with batch-norm, a mean over the image"),
}


def find(name: str) -> Entry:
    """Return the entry of a model; an unknown name is a ConfigError that lists the known ones."""
    if name not in MODELS:
        raise ConfigError(f"model {name!r}: unknown; known are {', '.join(MODELS)}")
    return MODELS[name]


def network(recipe: Recipe) -> Module:
    """Return the network that a recipe names, unbuilt, with the recipe's settings.

    Raises
    ------
    ConfigError
        If the network is unknown, or has no such setting; the message has its path.
    """
    return make(find(recipe.model).make, "network", recipe.network)  # type: ignore[no-any-return]


def recipe(name: str, data: str = "mnist") -> Recipe:
    """Return how a model is trained by default on a data set; one without a recipe of its own gets MNIST's."""
    find(name)
    folder = files(__package__) / "recipes"
    for file in (folder / f"{name}.{data}.toml", folder / f"{name}.toml"):
        if file.is_file():
            break
    return Recipe.from_toml(file.read_text(), f"recipe of {name}")
