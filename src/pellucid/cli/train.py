"""pellucid train: its options, and the recipe that they make; the work is in session.py."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._core.errors import ConfigError
from .._core.files import read_text
from .options import as_json, find_run, threads
from .session import Session

if TYPE_CHECKING:
    from ..train import Recipe

SHORT = {  # options that are short for --set
    "data": "data", "subset": "subset", "validation": "validation", "epochs": "epochs", "batch_size": "batch_size",
    "seed": "seed", "patience": "patience", "optimizer": "optimizer.name", "lr": "optimizer.lr",
    "schedule": "schedule.name",
}  # fmt: skip
_SCHEDULES = [
    "constant", "cosine", "cosine-restarts", "cyclic", "exponential", "multi-step", "one-cycle", "plateau",
    "polynomial", "step",
]  # fmt: skip


@click.command(short_help="Train a network and test it; or go on with a run.")
@click.argument("name", required=False)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Recipe in TOML, as in a run's folder.")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Replace one value: optimizer.lr=0.01.")
@click.option("--data", metavar="SOURCE", help="Folder of IDX files or of pictures by class, or a name of `data list`.")
@click.option("--subset", type=click.IntRange(1), nargs=2, metavar="N M", help="Use N training and M test images.")
@click.option("--validation", type=click.IntRange(0), help="Training images held out; 0: train on all.")
@click.option("--epochs", type=click.IntRange(1), help="How often each image is seen.")
@click.option("--batch-size", type=click.IntRange(1), help="Images in an optimiser step.")
@click.option("--lr", type=click.FloatRange(0, min_open=True), help="Learning rate; its peak in a cycle.")
@click.option("--optimizer", type=click.Choice(["adagrad", "adam", "adamw", "rmsprop", "sgd"]))
@click.option("--schedule", type=click.Choice(_SCHEDULES))
@click.option("--patience", type=click.IntRange(0), help="Stop after so many epochs without improvement; 0: never.")
@click.option("--seed", type=click.IntRange(0), help="Settles start values, order and dropout.")
@threads
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; runs/NAME-1, -2, ... unless told.")
@click.option("--checkpoint-every", type=click.IntRange(1), metavar="STEPS", help="Also within an epoch.")
@click.option("--resume", metavar="RUN", help="Go on with a run, bit for bit; --epochs may prolong it.")
@as_json
def train(
    name: str | None,
    config: Path | None,
    changes: tuple[str, ...],
    out: Path | None,
    checkpoint_every: int | None,
    resume: str | None,
    as_json: bool,
    **short: Any,
) -> None:
    """Train network NAME (mnist-cnn unless told) and test it once, with the final weights.

    What is not given comes from the network's recipe.  Ctrl-C ends the run with a checkpoint.
    """
    given = {SHORT[key]: value for key, value in short.items() if value is not None}
    if resume is not None:
        if name or config or changes or out or set(given) - {"epochs"}:
            raise click.UsageError(
                "--resume goes on as the run began; with it go only --epochs, --threads, --checkpoint-every, --json"
            )
        from ..train import RunFolder

        folder = RunFolder(find_run(resume))
        with folder.locked():
            Session.again(folder, given.get("epochs"), as_json, checkpoint_every).train()
    else:
        session = Session.new(recipe_of(name, config, changes, given), out, as_json, checkpoint_every)
        with session.folder.locked():
            session.train()


def recipe_of(name: str | None, config: Path | None, changes: tuple[str, ...], given: dict[str, Any]) -> "Recipe":
    """Return the recipe of a network or a file, with values replaced by `changes` (KEY=VALUE) and `given` ones."""
    from .. import models
    from ..train import Recipe
    from ..train.toml import parse_setting

    if "data" in given and Path(given["data"]).is_dir():
        given = given | {"data": str(Path(given["data"]).resolve())}  # a run goes on from any folder
    replaced = dict(parse_setting(text) for text in changes) | given
    if config is None:
        recipe = models.recipe(name or "mnist-cnn", str(replaced.get("data", "mnist")))
    else:
        recipe = Recipe.from_toml(read_text(config), str(config))
        if name not in (None, recipe.model):
            raise ConfigError(f"{config}: is for {recipe.model}, but {name} was asked for")
    models.find(recipe.model)
    return recipe.updated(replaced)
