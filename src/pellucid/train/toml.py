"""TOML, in which recipes and run folders are written."""

import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from .._core.errors import ConfigError


def read_toml(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits and nests of brackets too
        raise ConfigError(f"no valid TOML: {error}") from error


def write_toml(table: Mapping[str, Any]) -> str:
    """Return a TOML text; reading it gives the same values."""
    return tomli_w.dumps(table)


def parse_setting(text: str) -> tuple[str, Any]:
    """Return (path, value) of ``optimizer.lr=0.01``; what is no TOML value is a string.

    Examples
    --------
    >>> from pellucid.train.toml import parse_setting
    >>> parse_setting("optimizer.lr=0.01"), parse_setting("schedule.name=step"), parse_setting("subset=[100, 10]")
    (('optimizer.lr', 0.01), ('schedule.name', 'step'), ('subset', [100, 10]))
    """
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise ConfigError(f"--set {text}: KEY=VALUE is needed, such as optimizer.lr=0.01")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"--set {path}: no valid value: {error}") from error
    return path.strip(), parsed


def assign(table: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path; a path through something that is no table is a ConfigError."""
    *parents, last = path.split(".")
    for name in parents:
        inner = table.get(name, {})
        if not isinstance(inner, Mapping):
            raise ConfigError(f"{path}: {name} is {inner!r}, not a table")
        table[name] = dict(inner)
        table = table[name]
    table[last] = value
