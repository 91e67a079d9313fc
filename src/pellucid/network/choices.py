"""What `Network.compile` is told, made into a loss and an update rule."""

from collections.abc import Callable
from typing import TypeAlias

from .._core.errors import ConfigError
from ..nn import CrossEntropyLoss, FlatParameters
from ..optim import SGD, Optimizer
from ..train.choices import OPTIMIZERS

LOSSES = ("categorical_crossentropy", "sparse_categorical_crossentropy", "cross_entropy")
OptimizerChoice: TypeAlias = str | Optimizer | Callable[..., Optimizer]


def make_loss(given: str | CrossEntropyLoss) -> CrossEntropyLoss:
    """Return the loss of that name; a loss stands for itself.

    Examples
    --------
    >>> from pellucid.network.choices import make_loss
    >>> make_loss("categorical_crossentropy").reduction
    'mean'
    """
    if isinstance(given, CrossEntropyLoss):
        return given
    if not isinstance(given, str):
        raise ConfigError(f"compile: loss is a {type(given).__name__}; a CrossEntropyLoss or its name is needed")
    if given not in LOSSES:
        raise ConfigError(f"compile: loss {given!r} is unknown; known are {', '.join(LOSSES)}")
    return CrossEntropyLoss()


def check_optimizer(given: OptimizerChoice) -> OptimizerChoice:
    """Refuse what `make_optimizer` could make nothing of."""
    if isinstance(given, str) and given not in OPTIMIZERS:
        raise ConfigError(f"compile: optimizer {given!r} is unknown; known are {', '.join(OPTIMIZERS)}")
    if not (isinstance(given, str | Optimizer) or callable(given)):
        raise ConfigError(f"compile: optimizer is a {type(given).__name__}; a name, class or object is needed")
    return given


def make_optimizer(given: OptimizerChoice, parameters: FlatParameters) -> Optimizer:
    """Return the update rule for these parameters; "sgd" has momentum 0.9, as in recipes."""
    if isinstance(given, Optimizer):
        return given
    if isinstance(given, str):
        kind: Callable[..., Optimizer] = OPTIMIZERS[given]  # each has a rate of its own
        return SGD(parameters, momentum=0.9) if given == "sgd" else kind(parameters)
    return given(parameters)
