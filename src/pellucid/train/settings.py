"""Settings: the constructor's arguments of optimisers, schedules and losses, as plain data, and back."""

import inspect
import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from .._core.errors import ConfigError, PellucidError
from ..optim import Schedule

_GIVEN = ("self", "parameters", "optimizer")  # what is no setting but an object of the run


def arguments(kind: Callable[..., Any]) -> list[str]:
    """Return the names of the settings that `kind` takes."""
    return [name for name in inspect.signature(kind).parameters if name not in _GIVEN]


def settings(thing: Any) -> dict[str, Any]:
    """Return kind and settings of an object that keeps each under its argument's name.

    Examples
    --------
    >>> from pellucid.train.settings import settings
    >>> settings(CrossEntropyLoss("sum"))["reduction"]
    'sum'
    """
    found = {name: plain(getattr(thing, name)) for name in arguments(type(thing))}
    if hasattr(thing, "base_lr"):  # the rate from which schedules start: theirs, and the optimiser's
        found["base_lr"] = plain(thing.base_lr)
    return {"kind": type(thing).__name__} | found


def make(kind: Callable[..., Any], where: str, given: Mapping[str, Any], **objects: Any) -> Any:
    """Return ``kind(**objects, **given)``; an unknown setting is a ConfigError that names its path."""
    known = arguments(kind)
    for name, value in given.items():
        if name not in known:
            raise unknown(f"{where}.{name}", name, known)
        _check_value(f"{where}.{name}", value, inspect.signature(kind).parameters[name].default)
    try:
        return kind(**objects, **given)
    except PellucidError as error:
        raise type(error)(f"{where}: {error}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"{where}: makes no {kind.__name__}: {error}") from error


def unknown(path: str, name: str, known: list[str]) -> ConfigError:
    """Return the error for a name that nobody knows, with the nearest one that is known."""
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return ConfigError(f"{path}: unknown; {hint}")


def _check_value(path: str, value: Any, default: Any) -> None:
    """Refuse what Python would take in its own way: a string for a truth value, numbers beyond all bounds."""
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ConfigError(f"{path}: is {value!r}, true or false is needed")
    elif isinstance(default, int | float) and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ConfigError(f"{path}: is {value!r}, a number is needed")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{path}: is {value}, a finite number is needed")


def plain(value: Any) -> Any:
    """Return `value` as TOML and JSON know it: tables, lists, numbers, strings; of a function its name."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: plain(v) for name, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if callable(value):  # of LambdaLR
        return getattr(value, "__qualname__", type(value).__qualname__)
    return settings(value) if isinstance(value, Schedule) else value
