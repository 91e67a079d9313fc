"""What all optimisers share: the flat vector they update in one pass, a learning rate, a step count."""

from typing import Protocol

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError


class Parameters(Protocol):
    """What an optimiser needs of a network: all values and all gradients, each one flat vector."""

    data: Array

    @property
    def grad(self) -> Array:
        """All gradients."""

    @grad.setter
    def grad(self, values: Array) -> None: ...

    def zero_grad(self) -> None:
        """Set every gradient to zero."""


class Optimizer:
    """Base of the update rules.

    Attributes
    ----------
    lr : float
        Learning rate; schedules set it before each step.
    base_lr, scheduled_lr : float
        The rate that schedules start from, and the one that a schedule set last: a rate that was set by hand differs
        from it, and the next schedule starts from there.
    steps : int
        How many steps were taken.
    slots : dict of str to array
        What the rule remembers, each as long as the flat vector.
    """

    def __init__(self, parameters: Parameters, lr: float, slots: tuple[str, ...]) -> None:
        if not hasattr(parameters, "grad"):
            raise ConfigError(f"{type(self).__name__}: pass model.parameters() of a network that is built")
        from_zero(type(self).__name__, lr=lr)
        self.parameters, self.lr, self.steps = parameters, lr, 0
        self.base_lr, self.scheduled_lr = lr, lr
        self.slots = {name: np.zeros_like(parameters.data) for name in slots}

    def zero_grad(self) -> None:
        """Set every gradient to zero."""
        self.parameters.zero_grad()

    def step(self) -> None:
        """Move the parameters once, by their gradients."""
        self.steps += 1
        self.update(self.parameters.data, self.parameters.grad)

    def update(self, data: Array, grad: Array) -> None:
        """Apply the rule to the flat vectors in place."""
        raise NotImplementedError(f"{type(self).__name__} defines no update")


def regularized(grad: Array, data: Array, weight_decay: float, out: Array) -> Array:
    """Return grad + weight_decay * data in `out`: the gradient with that of weight_decay/2 * |data|**2 (L2).

    Without decay it is `grad` itself.
    """
    if not weight_decay:
        return grad
    np.multiply(data, weight_decay, out=out)
    out += grad
    return out


def from_zero(rule: str, **values: float) -> None:
    """Refuse a number below 0."""
    for name, value in values.items():
        if not value >= 0:
            raise ConfigError(f"{rule}: {name} is {value}, a number from 0 is needed")


def in_unit_interval(rule: str, **values: float) -> None:
    """Refuse a decay rate outside [0, 1)."""
    for name, value in values.items():
        if not 0 <= value < 1:
            raise ConfigError(f"{rule}: {name} is {value}, a number from 0 to below 1 is needed")
