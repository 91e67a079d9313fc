"""Choices: the optimisers and schedules that a recipe names, and what is made of their tables."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .._core.errors import ConfigError
from ..nn import Module
from ..optim import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Constant,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    Optimizer,
    PolynomialLR,
    ReduceLROnPlateau,
    RMSprop,
    Schedule,
    SequentialLR,
    StepLR,
)
from ..optim.groups import group_settings
from .settings import arguments, make, unknown

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "adagrad": Adagrad, "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "sgd": SGD,
}  # fmt: skip
MONITORS = ("loss", "accuracy", "val_loss", "val_accuracy")


class Choice(NamedTuple):
    """A schedule: which settings come from the run, and what must be said and why."""

    kind: type[Schedule]
    length: str = ""  # the setting that is the number of the run's steps
    peak: str = ""  # the setting that is optimizer.lr
    needs: tuple[tuple[str, str], ...] = ()


SCHEDULES = {
    "constant": Choice(Constant),
    "cosine": Choice(CosineAnnealingLR, length="T_max"),
    "cosine-restarts": Choice(
        CosineAnnealingWarmRestarts, needs=(("T_0", "after how many optimiser steps is the rate to begin anew?"),)
    ),
    "cyclic": Choice(
        CyclicLR,
        peak="max_lr",
        needs=(
            ("base_lr", "from which rate is it to rise?"),
            ("step_size_up", "for how many optimiser steps is it to rise?"),
        ),
    ),
    "exponential": Choice(
        ExponentialLR, needs=(("gamma", "by which factor is the rate to fall in an optimiser step?"),)
    ),
    "multi-step": Choice(MultiStepLR, needs=(("milestones", "after which optimiser steps is the rate to fall?"),)),
    "one-cycle": Choice(OneCycleLR, length="total_steps", peak="max_lr"),
    "plateau": Choice(ReduceLROnPlateau),
    "polynomial": Choice(PolynomialLR, length="total_iters"),
    "step": Choice(StepLR, needs=(("step_size", "after how many optimiser steps is the rate to fall?"),)),
}


def check_optimizer(table: Mapping[str, Any]) -> None:
    """Refuse a table of an optimiser that is not known, or with settings that it does not take."""
    _check_table("optimizer", table, OPTIMIZERS)
    lr = table.get("lr")
    if isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 < lr < float("inf"):
        raise ConfigError(f"optimizer.lr: is {lr!r}, a finite number above 0 is needed")
    groups = table.get("groups", [])
    if not isinstance(groups, list | tuple) or not all(isinstance(group, Mapping) for group in groups):
        raise ConfigError(f"optimizer.groups: is {groups!r}, tables are needed: [[optimizer.groups]]")
    known = group_settings(OPTIMIZERS[table["name"]])
    for i, group in enumerate(groups):
        for key in group:
            if key not in known:
                raise unknown(f"optimizer.groups[{i}].{key}", key, known)


def check_schedule(table: Mapping[str, Any], validation: int, monitor: str) -> None:
    """Refuse a table of a schedule that is not known, without what it needs, or with what it does not take."""
    kinds = {name: choice.kind for name, choice in SCHEDULES.items()}
    choice = SCHEDULES.get(str(table.get("name")))
    _check_table("schedule", table, kinds, ("warmup",), (choice.length, choice.peak) if choice else ())
    assert choice is not None
    for key, question in choice.needs:
        if key not in table:
            raise ConfigError(f"schedule.{key}: is missing; {question}")
    warmup = table.get("warmup", 0)
    if isinstance(warmup, bool) or not isinstance(warmup, int) or warmup < 0:
        raise ConfigError(f"schedule.warmup: is {warmup!r}, a number of steps is needed")
    if choice.kind is ReduceLROnPlateau:
        monitor = table.get("monitor", monitor)
        if monitor not in MONITORS:
            raise ConfigError(f"schedule.monitor: is {monitor!r}, expected {', '.join(MONITORS)}")
        if not validation and monitor.startswith("val_"):
            raise ConfigError(f"schedule.monitor: {monitor} is to be watched, but validation is 0")


def make_optimizer(table: Mapping[str, Any], model: Module) -> Optimizer:
    """Return the optimiser of a recipe's table for `model`, which is built."""
    given = {name: value for name, value in table.items() if name != "name"}
    if isinstance(given.get("betas"), list):
        given["betas"] = tuple(given["betas"])
    return make(OPTIMIZERS[table["name"]], "optimizer", given, parameters=model.parameters())  # type: ignore[no-any-return]


def make_schedule(
    table: Mapping[str, Any], optimizer: Optimizer, steps: int, *, cycle_momentum: bool, monitor: str
) -> Schedule:
    """Return the schedule of a recipe's table for a run of `steps` optimiser steps.

    Parameters
    ----------
    table : mapping
    optimizer : Optimizer
    steps : int
    cycle_momentum : bool
        Whether a cycle moves the momentum too, where the table does not say.
    monitor : str
        What a plateau watches, where the table does not say.
    """
    choice, warmup = SCHEDULES[table["name"]], table.get("warmup", 0)
    given = {key: value for key, value in table.items() if key not in ("name", "warmup")}
    if warmup >= steps:
        raise ConfigError(f"schedule.warmup: is {warmup} steps, the whole run has {steps}")
    if choice.peak:
        given = {"cycle_momentum": cycle_momentum} | given | {choice.peak: optimizer.lr}
    if choice.length:
        given |= {choice.length: steps - warmup}
    if choice.kind is ReduceLROnPlateau:
        monitor = given.get("monitor", monitor)
        given = {"monitor": monitor, "mode": "max" if monitor.endswith("accuracy") else "min"} | given
    before = [LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)] if warmup else []
    main: Schedule = make(choice.kind, "schedule", given, optimizer=optimizer)
    return SequentialLR(optimizer, [*before, main], [warmup]) if before else main


def _check_table(
    path: str, table: Mapping[str, Any], kinds: Mapping[str, Any], more: tuple[str, ...] = (),
    of_the_run: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Refuse a table whose name is unknown, or which has a setting that this class does not take."""
    name = str(table.get("name"))
    if name not in kinds:
        raise ConfigError(f"{path}.name: is {table.get('name')!r}, expected {', '.join(kinds)}")
    known = ["name", *more, *(key for key in arguments(kinds[name]) if key not in of_the_run)]
    for key in table:
        if key not in known:
            raise unknown(f"{path}.{key}", key, known)
