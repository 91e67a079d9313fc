"""pellucid models: the networks that come with the package."""

import click

from .options import as_json, print_json


@click.command()
@as_json
def models(as_json: bool) -> None:
    """List the ready-made networks."""
    from ..inspect import summary
    from ..models import MODELS

    rows = [
        {
            "name": name,
            "parameters": summary(entry.make(), entry.input_shape).parameters,
            "input_shape": entry.input_shape,
            "about": entry.about,
        }
        for name, entry in MODELS.items()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']:12} {row['parameters']:>9,} parameters, input {row['input_shape']}: {row['about']}")
