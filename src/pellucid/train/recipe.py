"""Recipe: everything that settles a training run, besides the machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from .._core.errors import ConfigError
from ..data import Augment, augmentation
from ..data.folders import ON_ERROR
from ..nn import CrossEntropyLoss, Module
from ..optim import Optimizer, Schedule
from . import choices
from .settings import make, plain, unknown
from .toml import assign, read_toml, write_toml

_KINDS: dict[str, type] = {
    "model": str, "data": str, "unreadable": str, "monitor": str, "prefetch": bool, "clip_norm": float,
    "clip_value": float, "ema": float, "accumulate": int,
    "validation": int, "epochs": int, "batch_size": int, "seed": int, "patience": int,
    "augment": Mapping, "network": Mapping, "optimizer": Mapping, "schedule": Mapping, "loss": Mapping,
}  # fmt: skip
_WORDS = {str: "a string", bool: "true or false", float: "a number", int: "a whole number", Mapping: "a table"}
_OPTIONAL = ("augment", "clip_norm", "clip_value", "ema")
_LEAST = {"epochs": 1, "batch_size": 1, "accumulate": 1, "validation": 0, "patience": 0, "seed": 0}


@dataclass(frozen=True)
class Recipe:
    """A model's name, its data, and how to train it: what a run's config.toml holds.

    Parameters
    ----------
    model : str
    data : str
        "mnist", another data set's name, or a folder as `pellucid.data.load` takes it.
    unreadable : str
        What to do with pictures in folders that cannot be read: "raise" an error or "skip" them.
    subset : (int, int) or None
        Use so many training and test images, drawn by the seed after the validation images are set aside.
    validation : int
        How many training images to hold out; of data that bring validation images, 0 leaves them out.
    epochs, batch_size, seed : int
    prefetch : bool
        Make the next batch in a second thread.
    accumulate : int
        How many batches make an optimiser step.
    clip_norm, clip_value : float or None
        Largest norm of the gradient, largest size of a number in it.
    ema : float or None
        Average the weights over the steps with this decay, and use the average, see `Trainer`.
    patience : int
        Stop after so many epochs without improvement and take the best weights; 0: never.
    monitor : str
        The column of the history that tells the best epoch: "loss", "accuracy", "val_loss" or "val_accuracy".
    augment : table or None
        Settings of `pellucid.data.augmentation`, such as `rotate`: how training images change.
    network : table
        Settings of the model, such as `dropout` of mnist-cnn.
    optimizer : table
        `name` ("adagrad", "adam", "adamw", "rmsprop", "sgd") and settings of that class; `lr` is the peak of a cycle.
        The momentum of "sgd" is 0.9 unless it is set.  `groups`: tables, each with `match` (patterns of parameters'
        names), `lr_factor` and settings for these parameters.
    schedule : table
        `name` ("constant", "cosine", "cosine-restarts", "cyclic", "exponential", "multi-step", "one-cycle", "plateau",
        "polynomial", "step") and settings of that class, counted in optimiser steps; those of "plateau" in epochs.
        The length of "cosine", "one-cycle" and "polynomial" is that of the run.  "plateau" watches `monitor`, unless it
        has one of its own.  `warmup`: so many steps rise linearly before.  A cycle moves Adam's first beta too, unless
        `betas` are set.
    loss : table
        Settings of CrossEntropyLoss: `label_smoothing`, `weight` (of each class).

    Raises
    ------
    ConfigError
        If a name is unknown or a value is out of range; the message has the path of the key.
    """

    model: str
    data: str = "mnist"
    unreadable: str = "raise"
    subset: tuple[int, int] | None = None
    validation: int = 5000
    epochs: int = 5
    batch_size: int = 64
    seed: int = 0
    prefetch: bool = False
    accumulate: int = 1
    clip_norm: float | None = None
    clip_value: float | None = None
    ema: float | None = None
    patience: int = 0
    monitor: str = "val_loss"
    augment: Mapping[str, Any] | None = None
    network: Mapping[str, Any] = field(default_factory=dict)
    optimizer: Mapping[str, Any] = field(default_factory=lambda: {"name": "adam", "lr": 0.001})
    schedule: Mapping[str, Any] = field(default_factory=lambda: {"name": "one-cycle"})
    loss: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if not _is(value, kind) and not (value is None and name in _OPTIONAL):
                raise ConfigError(f"{name}: is {value!r}, {_WORDS[kind]} is needed")
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise ConfigError(f"{name}: is {getattr(self, name)}, at least {least} is needed")
        if self.subset is not None:
            pair = tuple(self.subset) if isinstance(self.subset, list | tuple) else ()
            if len(pair) != 2 or not all(_is(n, int) and n >= 1 for n in pair):
                raise ConfigError(f"subset: is {self.subset!r}, two whole numbers from 1 are needed: training, test")
            object.__setattr__(self, "subset", pair)
        if self.patience and self.monitor.startswith("val_") and not self.validation:
            raise ConfigError(f"patience: {self.monitor} is to be watched, but validation is 0")
        defaults = {"momentum": 0.9} if self.optimizer.get("name") == "sgd" else {}
        object.__setattr__(self, "optimizer", {**defaults, **self.optimizer})
        if self.monitor not in choices.MONITORS:
            raise ConfigError(f"monitor: is {self.monitor!r}, expected {', '.join(choices.MONITORS)}")
        choices.check_optimizer(self.optimizer)
        choices.check_schedule(self.schedule, self.validation, self.monitor)
        if self.unreadable not in ON_ERROR:
            raise ConfigError(f"unreadable: is {self.unreadable!r}, expected {', '.join(ON_ERROR)}")
        try:
            self.to_toml().encode()
        except UnicodeEncodeError:
            raise ConfigError(f"data: {self.data!r} is no valid text, which config.toml must be") from None
        except TypeError as error:
            raise ConfigError(f"recipe: {error}; leave out what has no value") from None
        self.make_loss()
        self.make_augment()

    # --- in and out ------------------------------------------------------------------------------------

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Return the recipe in plain data."""
        known = [f.name for f in fields(cls)]
        for name in table:
            if name not in known:
                raise unknown(name, name, known)
        if "model" not in table:
            raise ConfigError("model: is missing")
        return cls(**table)

    @classmethod
    def from_toml(cls, text: str, source: str = "recipe") -> Self:
        """Return the recipe in a TOML text; `source` names it in errors."""
        try:
            return cls.from_dict(read_toml(text))
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, without what is None."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: plain(value) for name, value in found.items() if value is not None}

    def to_toml(self) -> str:
        """Return all of it as TOML."""
        return write_toml(self.to_dict())

    def updated(self, changes: Mapping[str, Any]) -> Self:
        """Return a recipe with values at dotted paths replaced, such as ``{"optimizer.lr": 0.01}``.

        Another ``optimizer.name`` or ``schedule.name`` drops the settings of the old one, but for the learning rate.
        """
        table = self.to_dict()
        for part in ("optimizer", "schedule"):
            if changes.get(f"{part}.name", table[part]["name"]) != table[part]["name"]:
                table[part] = {name: value for name, value in table[part].items() if name == "lr"}
        for path, value in changes.items():
            assign(table, path, value)
        return type(self).from_dict(table)

    # --- what it names ---------------------------------------------------------------------------------

    @property
    def length_is_fixed(self) -> bool:
        """Whether the schedule is made for just this number of epochs."""
        return bool(choices.SCHEDULES[self.schedule["name"]].length)

    def make_augment(self) -> Augment | None:
        """Return what changes the training images, None if nothing does."""
        return make(augmentation, "augment", self.augment or {})  # type: ignore[no-any-return]

    def make_loss(self) -> CrossEntropyLoss:
        """Return the loss."""
        return make(CrossEntropyLoss, "loss", self.loss)  # type: ignore[no-any-return]

    def make_optimizer(self, model: Module) -> Optimizer:
        """Return the optimiser for `model`, which is built."""
        return choices.make_optimizer(self.optimizer, model)

    def make_schedule(self, optimizer: Optimizer, steps: int) -> Schedule:
        """Return the schedule for a run of `steps` optimiser steps."""
        # Adam's beta1 takes part in a cycle; a momentum or betas that the recipe states stay.
        free = self.optimizer["name"] in ("adam", "adamw") and "betas" not in self.optimizer
        return choices.make_schedule(self.schedule, optimizer, steps, cycle_momentum=free, monitor=self.monitor)


def _is(value: Any, kind: type) -> bool:
    """Whether a value of plain data is of this kind; a whole number will do for a float, a bool for neither."""
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)
