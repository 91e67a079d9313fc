"""pellucid lr-find: at which learning rate does a network learn fastest?"""

import shlex
from pathlib import Path
from typing import Any

import click

from .._core.errors import FileError
from .options import as_json, print_json, threads
from .train import SHORT, recipe_of


@click.command("lr-find", short_help="Find a learning rate for a network.")
@click.argument("name", required=False)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Recipe in TOML, as in a run's folder.")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Replace one value: optimizer.name=sgd.")
@click.option("--data", metavar="SOURCE", help="Folder of four IDX files, or a name of `data list`.")
@click.option("--subset", type=click.IntRange(1), nargs=2, metavar="N M", help="Use N training images, as train does.")
@click.option("--batch-size", type=click.IntRange(1), help="Images in an optimiser step.")
@click.option("--optimizer", type=click.Choice(["adagrad", "adam", "adamw", "rmsprop", "sgd"]))
@click.option("--seed", type=click.IntRange(0), help="Settles start values, order and dropout.")
@click.option("--start", type=click.FloatRange(0, min_open=True), default=1e-6, show_default=True, help="First rate.")
@click.option("--end", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True, help="Last rate.")
@click.option("--steps", type=click.IntRange(2), default=100, show_default=True, help="Optimiser steps at most.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw the curve: .png, .svg or .pdf.")
@threads
@as_json
def lr_find(
    name: str | None,
    config: Path | None,
    changes: tuple[str, ...],
    start: float,
    end: float,
    steps: int,
    plot: Path | None,
    as_json: bool,
    **short: Any,
) -> None:
    """Train network NAME (mnist-cnn unless told) for a few steps while the learning rate rises; tell where it learns.

    Nothing is kept but the picture.
    """
    from .. import models
    from ..train import assemble, lint_rate, load_parts
    from ..train import lr_find as find
    from ..train.lr_finder import new_figure
    from .main import program

    if plot is not None:
        new_figure()  # whether it can be drawn is known before the work
        if not plot.parent.is_dir():
            raise FileError(f"--plot {plot}: there is no folder {plot.parent}")
    recipe = recipe_of(name, config, changes, {SHORT[key]: value for key, value in short.items() if value is not None})
    training = load_parts(recipe).training
    model = models.network(recipe).build(training.input_shape, seed=recipe.seed)
    trainer, loader = assemble(recipe, model, training)
    curve = find(trainer, loader, start=start, end=end, steps=steps)
    if plot is not None:
        curve.save(plot)
    if as_json:
        print_json({"recipe": recipe.to_dict(), **curve.to_dict()})
        return
    least = int(curve.smoothed.argmin())
    click.echo(f"{recipe.model}, {recipe.optimizer['name']}: {len(curve.lr)} steps, learning rate {curve.lr[0]:.3g} to "
               f"{curve.lr[-1]:.3g}{', where the loss diverged' if curve.diverged else ''}")  # fmt: skip
    click.echo(f"loss {curve.smoothed[0]:.4f} at first, least {curve.smoothed[least]:.4f} at {curve.lr[least]:.3g}")
    if curve.suggestion is None:
        click.echo("the loss never falls: no learning rate to suggest; try more --steps or another --start and --end")
    else:
        click.echo(f"it falls fastest at {curve.suggestion:.3g}")
        for finding in lint_rate(trainer, curve.suggestion):
            click.echo(f"note: {finding}")
        again = _options(config, changes, short)
        click.echo(f"\nTry next:\n  {program()} train {' '.join([recipe.model, *again])} --lr {curve.suggestion:.2g}")
    if plot is not None:
        click.echo(f"\nthe curve is in {plot}")


def _options(config: Path | None, changes: tuple[str, ...], short: dict[str, Any]) -> list[str]:
    """Return the words with which `train` gets the same recipe."""
    words = ["--config", str(config)] if config is not None else []
    for change in changes:
        words += ["--set", change]
    for name, value in short.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, tuple) else [value])]
    return [shlex.quote(word) for word in words]
