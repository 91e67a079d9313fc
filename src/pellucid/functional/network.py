"""The whole network, its gradients, and the loop that trains it: `mnist-cnn`, written down in functions.

    image -> conv1 -> relu -> pool -> conv2 -> relu -> pool -> flatten -> dropout -> linear -> softmax

Parameters are a dictionary with the names that `mnist_cnn().state_dict()` has: conv1.weight (32,1,3,3), conv1.bias,
conv2.weight (64,32,3,3), conv2.bias, linear.weight (10,1600), linear.bias.
"""

from collections.abc import Mapping
from typing import Any

from .._core.arrays import Array
from .._core.errors import ConfigError
from .._core.random import key as random_key
from . import layers
from .data import batch_iterator, to_one_hot
from .loss import cross_entropy_gradient, cross_entropy_loss, softmax
from .parameters import Arrays, adam_init, adam_step, init_bias, init_weights

_SHAPES = {"conv1": (32, 1, 3, 3), "conv2": (64, 32, 3, 3), "linear": (10, 1600)}


def full_forward(
    x: Array, parameters: Arrays, *, training: bool = False, p: float = 0.5, key: int = 0
) -> tuple[Array, dict[str, Any]]:
    """Return (probabilities, caches) of one image (1, 28, 28), or of a batch (N, 1, 28, 28).

    Parameters
    ----------
    x : array
    parameters : mapping of name to array
    training, p, key
        Of the dropout before the last layer.

    Returns
    -------
    probabilities : array (10,) or (N, 10)
    caches : dict
        What `full_backward` needs, one entry for each layer.
    """
    caches: dict[str, Any] = {}
    for i in ("1", "2"):
        weight, bias = parameters[f"conv{i}.weight"], parameters[f"conv{i}.bias"]
        x, caches[f"conv{i}"] = layers.conv2d_forward(x, weight, bias)
        x, caches[f"relu{i}"] = layers.relu_forward(x)
        x, caches[f"pool{i}"] = layers.maxpool2d_forward(x)
    x, caches["flatten"] = layers.flatten_forward(x)
    x, caches["dropout"] = layers.dropout_forward(x, p=p, key=key, training=training)
    x, caches["linear"] = layers.dense_forward(x, parameters["linear.weight"], parameters["linear.bias"])
    return softmax(x), caches


def full_backward(predictions: Array, targets: Array, caches: Mapping[str, Any]) -> dict[str, Array]:
    """Return the gradient of the loss in each parameter; of a batch the mean over its samples.

    Parameters
    ----------
    predictions, caches
        From `full_forward`.
    targets : array (10,) or (N, 10)
        One-hot.
    """
    gradients: dict[str, Any] = {}
    g = cross_entropy_gradient(predictions, targets)
    g, gradients["linear.weight"], gradients["linear.bias"] = layers.dense_backward(g, caches["linear"])
    g = layers.dropout_backward(g, caches["dropout"])
    g = layers.flatten_backward(g, caches["flatten"])
    for i in ("2", "1"):
        g = layers.maxpool2d_backward(g, caches[f"pool{i}"])
        g = layers.relu_backward(g, caches[f"relu{i}"])
        g, gradients[f"conv{i}.weight"], gradients[f"conv{i}.bias"] = layers.conv2d_backward(g, caches[f"conv{i}"])
    return gradients


def train(
    x: Array,
    y: Array,
    parameters: Arrays | None = None,
    *,
    epochs: int = 5,
    batch_size: int = 64,
    lr: float = 0.001,
    p: float = 0.5,
    seed: int = 0,
) -> tuple[dict[str, Array], list[dict[str, float]]]:
    """Train with Adam; return (parameters, history).

    Parameters
    ----------
    x : array (N, 1, 28, 28)
    y : integer array (N,)
        Labels 0 to 9.
    parameters : mapping of name to array, optional
        To go on from; else He's start values, drawn by `seed`.
    epochs, batch_size : int
    lr : float
        Adam's learning rate.
    p : float
        Of dropout.
    seed : int
        Settles start values, order of the samples and dropout.

    Returns
    -------
    parameters : dict
    history : list of dict
        For each epoch "loss" and "accuracy", in the mean over the samples as they were met.

    Examples
    --------
    >>> from pellucid.functional import evaluate, load_mnist, train
    >>> (x, y), _ = load_mnist()
    >>> parameters, history = train(x[:100], y[:100], epochs=4, batch_size=10)
    >>> history[-1]["loss"] < history[0]["loss"], evaluate(parameters, x[:100], y[:100])["accuracy"] > 0.6
    (True, True)
    """
    if not len(x):
        raise ConfigError("train: there are no images")
    parameters = dict(parameters or _start(seed, x.dtype))
    state, history = adam_init(parameters), []
    for epoch in range(epochs):
        loss = hits = 0.0
        for images, labels in batch_iterator(x, y, batch_size, seed=seed, epoch=epoch):
            targets = to_one_hot(labels, 10)
            key = random_key(seed, "step", state["step"])
            predictions, caches = full_forward(images, parameters, training=True, p=p, key=key)
            loss += len(images) * cross_entropy_loss(predictions, targets)
            hits += float((predictions.argmax(axis=1) == labels).sum())
            gradients = full_backward(predictions, targets, caches)
            parameters, state = adam_step(parameters, gradients, state, lr=lr)
        history.append({"loss": loss / len(x), "accuracy": hits / len(x)})
    return parameters, history


def evaluate(parameters: Arrays, x: Array, y: Array, *, batch_size: int = 256) -> dict[str, float]:
    """Return the mean "loss" and "accuracy" over images x (N, 1, 28, 28) with labels y (N,), without dropout."""
    if not len(x):
        raise ConfigError("evaluate: there are no images")
    loss = hits = 0.0
    for images, labels in batch_iterator(x, y, batch_size, shuffle=False):
        predictions, _ = full_forward(images, parameters)
        loss += len(images) * cross_entropy_loss(predictions, to_one_hot(labels, 10))
        hits += float((predictions.argmax(axis=1) == labels).sum())
    return {"loss": loss / len(x), "accuracy": hits / len(x)}


def _start(seed: int, dtype: Any) -> dict[str, Array]:
    found = {}
    for name, shape in _SHAPES.items():
        found[f"{name}.weight"] = init_weights(shape, "he", seed=seed, name=f"{name}.weight", dtype=dtype)
        found[f"{name}.bias"] = init_bias(shape[0], dtype=dtype)
    return found
