"""Recipe: everything that settles a training run, besides the data and the machine."""

import tomllib
from dataclasses import dataclass, fields
from typing import Any, Self, cast

from .._core.errors import ConfigError
from ..nn import Module
from ..optim import SGD, Adam, Constant, OneCycleLR, Optimizer, Schedule

OPTIMIZERS = ("adam", "sgd")
SCHEDULES = ("constant", "one-cycle")


@dataclass(frozen=True)
class Recipe:
    """A model's name and how to train it.

    Parameters
    ----------
    model : str
    epochs, batch_size : int
    optimizer : "adam" or "sgd"
    lr : float
        Learning rate; with the one-cycle schedule its peak.
    schedule : "constant" or "one-cycle"
    momentum : float
        Of SGD.
    validation : int
        How many training images to hold out.
    seed : int

    Raises
    ------
    ConfigError
        If a value is out of range.
    """

    model: str
    epochs: int = 5
    batch_size: int = 64
    optimizer: str = "adam"
    lr: float = 0.001
    schedule: str = "one-cycle"
    momentum: float = 0.9
    validation: int = 5000
    seed: int = 0

    def __post_init__(self) -> None:
        for f in fields(self):
            value, kind = getattr(self, f.name), cast(type, f.type)
            if not isinstance(value, (int, float) if kind is float else kind) or isinstance(value, bool):
                raise ConfigError(f"recipe: {f.name} is {value!r}, expected {kind.__name__}")
        for name, allowed in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in allowed:
                raise ConfigError(f"recipe: {name} is {getattr(self, name)!r}, expected {' or '.join(allowed)}")
        for name, least in (("epochs", 1), ("batch_size", 1), ("validation", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"recipe: {name} is {getattr(self, name)}, at least {least} is needed")
        if not 0 < self.lr < float("inf"):
            raise ConfigError(f"recipe: lr is {self.lr}, a finite number above 0 is needed")

    @classmethod
    def from_toml(cls, text: str, source: str = "recipe") -> Self:
        """Return the recipe in a TOML text; `source` names it in errors."""
        try:
            table: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{source}: no valid TOML: {error}") from error
        known = [f.name for f in fields(cls)]
        unknown = [name for name in table if name not in known]
        if unknown:
            raise ConfigError(f"{source}: unknown {', '.join(unknown)}; known are {', '.join(known)}")
        if "model" not in table:
            raise ConfigError(f"{source}: model is missing")
        try:
            return cls(**table)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}".replace(": recipe: ", ": ")) from None

    def make_optimizer(self, model: Module) -> Optimizer:
        """Return the optimiser for `model`, which is built."""
        if self.optimizer == "sgd":
            return SGD(model.parameters(), lr=self.lr, momentum=self.momentum)
        return Adam(model.parameters(), lr=self.lr)

    def make_schedule(self, optimizer: Optimizer, steps: int) -> Schedule:
        """Return the schedule for a run of `steps` optimiser steps."""
        if self.schedule == "one-cycle":
            # Adam's beta1 takes part in the cycle; SGD keeps the momentum that the recipe states.
            return OneCycleLR(optimizer, self.lr, steps, cycle_momentum=self.optimizer == "adam")
        return Constant(optimizer)
