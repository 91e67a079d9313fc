"""Options and habits that several sub-commands share."""

import json
from collections.abc import Callable
from typing import Any

import click

as_json: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(value, indent=2))
