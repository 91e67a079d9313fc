"""pellucid train: train a network on MNIST, or on a folder in its format, and test it once."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._core.errors import ConfigError, FileError
from .options import as_json, print_json

if TYPE_CHECKING:
    from ..data import Dataset
    from ..nn import Module
    from ..train import Recipe


@click.command(short_help="Train a network and test it.")
@click.argument("name", default="mnist-cnn")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of four IDX files, in place of MNIST.")
@click.option("--subset", type=click.IntRange(1), nargs=2, metavar="N M", help="Use N training and M test images.")
@click.option("--validation", type=click.IntRange(0), help="Training images held out; 0: train on all.")
@click.option("--epochs", type=click.IntRange(1), help="How often each image is seen.")
@click.option("--batch-size", type=click.IntRange(1), help="Images in an optimiser step.")
@click.option("--lr", type=click.FloatRange(0, min_open=True), help="Learning rate; its peak in a cycle.")
@click.option("--optimizer", type=click.Choice(["adam", "sgd"]))
@click.option("--schedule", type=click.Choice(["constant", "one-cycle"]))
@click.option("--seed", type=click.IntRange(0), help="Settles start values, order and dropout.")
@click.option("--threads", type=click.IntRange(1), help="Threads of the matrix products.")
@click.option("--out", type=click.Path(path_type=Path), help="New folder for weights and history.")
@as_json
def train(
    name: str,
    data: Path | None,
    subset: tuple[int, int] | None,
    threads: int | None,
    out: Path | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Train network NAME (mnist-cnn unless told) and test it once, with the final weights.

    What is not given comes from the network's recipe.
    """
    if threads is not None:
        from .._core.threads import limit_threads

        limit_threads(threads)
    from dataclasses import asdict, replace

    from .. import models
    from ..data import Loader
    from ..train import ProgressBar, Trainer, digest, save_weights

    entry = models.find(name)
    recipe = replace(models.recipe(name), **{k: v for k, v in chosen.items() if v is not None})
    training, validation, test = _load(data, subset, recipe)
    model = entry.make().build(training.input_shape, seed=recipe.seed)
    loader = Loader(training, recipe.batch_size, seed=recipe.seed)
    optimizer = recipe.make_optimizer(model)
    schedule = recipe.make_schedule(optimizer, recipe.epochs * len(loader))
    progress = ProgressBar(sys.stderr if as_json else sys.stdout)
    trainer = Trainer(model, optimizer, schedule=schedule, seed=recipe.seed, callbacks=[progress])
    if not as_json:
        _introduce(recipe, model, training, validation, test, data)
    with _new_folder(out):
        started = time.perf_counter()
        trainer.fit(loader, recipe.epochs, validation=validation if len(validation) else None)
        seconds = time.perf_counter() - started
        tested = trainer.evaluate(test)
        if out is not None:
            save_weights(model, out / "weights.safetensors")
            trainer.history.to_csv(out / "history.csv")
    if as_json:
        print_json(
            {
                "recipe": asdict(recipe),
                "images": {"train": len(training), "validation": len(validation), "test": len(test)},
                "parameters": model.parameters().data.size,
                "history": trainer.history.rows,
                "test": tested,
                "weights_sha256": digest(model),
                "seconds": {"fit": seconds, "epochs": progress.seconds},
            }
        )
    else:
        _conclude(recipe, tested, digest(model), out)


def _load(folder: Path | None, subset: tuple[int, int] | None, recipe: "Recipe") -> "tuple[Dataset, Dataset, Dataset]":
    """Return training, validation and test images."""
    from ..data import mnist

    training, test = mnist(folder)
    count = len(training)
    if recipe.validation >= count:
        raise ConfigError(f"--validation {recipe.validation}: leaves nothing of {count} training images")
    training, validation = training.split(recipe.validation, recipe.seed)
    if subset is not None:
        # After the validation images are set aside: they are the same for any subset.
        training, test = (
            _draw(part, wanted, what, recipe.seed)
            for part, wanted, what in zip((training, test), subset, ("training", "test"), strict=True)
        )
    return training, validation, test


def _draw(dataset: "Dataset", count: int, what: str, seed: int) -> "Dataset":
    if count > len(dataset):
        raise ConfigError(f"--subset: {count:,} {what} images asked for, there are {len(dataset):,}")
    return dataset.split(count, seed)[1]


def _introduce(
    recipe: "Recipe",
    model: "Module",
    training: "Dataset",
    validation: "Dataset",
    test: "Dataset",
    folder: Path | None,
) -> None:
    from ..inspect import summary

    source = "MNIST" if folder is None else str(folder)
    click.echo(f"{recipe.model} on {source}: {len(training):,} training, {len(validation):,} validation, "
               f"{len(test):,} test images\n")  # fmt: skip
    click.echo(summary(model, training.input_shape))
    rule = f"SGD, momentum {recipe.momentum:g}" if recipe.optimizer == "sgd" else "Adam"
    rate = (
        f"one-cycle learning rate up to {recipe.lr:g}"
        if recipe.schedule == "one-cycle"
        else f"learning rate {recipe.lr:g}"
    )
    click.echo(f"\n{rule}, {rate}, batches of {recipe.batch_size}, seed {recipe.seed}\n")


def _conclude(recipe: "Recipe", tested: dict[str, float], digest: str, out: Path | None) -> None:
    from .main import program

    click.echo(f"\ntest accuracy {100 * tested['accuracy']:.2f} %  (loss {tested['loss']:.4f})")
    click.echo(f"weights SHA-256 {digest}")
    if out is not None:
        click.echo(f"written to {out}: weights.safetensors, history.csv")
    click.echo("\nTry next:")
    click.echo(
        f"  {program()} train {recipe.model} --seed {recipe.seed + 1} --out my-run     another seed, kept on disk"
    )
    click.echo(f"  {program()} train {recipe.model} --subset 5000 10000 --validation 500    how far 5,000 images go")


@contextmanager
def _new_folder(folder: Path | None) -> Iterator[None]:
    """Make the folder before the long work, and take it away again if that fails and left nothing in it."""
    if folder is None:
        yield
        return
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise FileError(f"--out {folder}: exists already; choose a new name, nothing is overwritten") from None
    except OSError as error:
        raise FileError(f"--out {folder}: cannot be made: {error.strerror or error}") from error
    try:
        yield
    except BaseException:
        with suppress(OSError):
            folder.rmdir()
        raise
