"""pellucid summary: a network layer by layer."""

import click

from .options import as_json, print_json


@click.command(short_help="Show a network layer by layer.")
@click.argument("name", default="mnist-cnn")
@as_json
def summary(name: str, as_json: bool) -> None:
    """Show the layers of network NAME: shapes, parameters, multiply-adds, receptive field."""
    from .. import models
    from ..inspect import summary as summarise

    entry = models.find(name)
    result = summarise(entry.make(), entry.input_shape)
    if as_json:
        print_json(result.to_dict())
    else:
        click.echo(result)
