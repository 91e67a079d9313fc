"""What all optimisers share: the flat vector they update in one pass, a learning rate, a step count."""

from typing import Protocol

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError


class Parameters(Protocol):
    """What an optimiser needs of a network: all values and all gradients, each one flat vector."""

    data: Array
    grad: Array

    def zero_grad(self) -> None:
        """Set every gradient to zero."""


class Optimizer:
    """Base of the update rules.

    Attributes
    ----------
    lr : float
        Learning rate; schedules set it before each step.
    steps : int
        How many steps were taken.
    slots : dict of str to array
        What the rule remembers, each as long as the flat vector.
    """

    def __init__(self, parameters: Parameters, lr: float, slots: tuple[str, ...]) -> None:
        if not hasattr(parameters, "grad"):
            raise ConfigError(f"{type(self).__name__}: pass model.parameters() of a network that is built")
        if not lr >= 0:
            raise ConfigError(f"{type(self).__name__}: lr is {lr}, a number from 0 is needed")
        self.parameters, self.lr, self.steps = parameters, lr, 0
        self.slots = {name: np.zeros_like(parameters.data) for name in slots}
        self._scratch = np.empty_like(parameters.data)

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


def in_unit_interval(rule: str, **values: float) -> None:
    """Refuse a decay rate outside [0, 1)."""
    for name, value in values.items():
        if not 0 <= value < 1:
            raise ConfigError(f"{rule}: {name} is {value}, a number from 0 to below 1 is needed")
