"""What a classifier is told of its optimiser and schedule, made into a recipe's tables."""

import inspect
from collections.abc import Mapping
from typing import Any, TypeAlias

from .._core.errors import ConfigError
from ..train.choices import OPTIMIZERS

Named: TypeAlias = str | Mapping[str, Any]
_ALSO: dict[str, dict[str, Any]] = {"plain_sgd": {"name": "sgd", "momentum": 0.0}}


def as_table(who: str, given: Named) -> dict[str, Any]:
    """Return the table of an optimiser or schedule that may be a name alone; "plain_sgd" is "sgd" without momentum."""
    if isinstance(given, Mapping):
        return {"name": None} | dict(given)
    if not isinstance(given, str):
        raise ConfigError(f"{who}: an optimizer or schedule is {given!r}; a name or a table is needed")
    return _ALSO.get(given, {"name": given})


def own_rate(optimizer: Mapping[str, Any]) -> float:
    """Return the learning rate that an optimiser has by itself."""
    kind = OPTIMIZERS.get(optimizer["name"])
    return float(inspect.signature(kind).parameters["lr"].default) if kind else 0.0  # an unknown one is refused later
