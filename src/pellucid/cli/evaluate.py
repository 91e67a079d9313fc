"""pellucid evaluate: measure a trained network once more, or on other images."""

from typing import TYPE_CHECKING

import click

from .._core.errors import ConfigError
from .options import as_json, find_trained, print_json, skipped_files_noted, threads, weights

if TYPE_CHECKING:
    from ..data import Dataset
    from ..models import TrainedModel


@click.command(short_help="Measure a trained network.")
@click.argument("run", default="mnist-cnn")
@weights
@click.option("--data", metavar="SOURCE", help="Other images: a folder, or a name of `data list`.")
@click.option("--on", "part", type=click.Choice(["test", "validation", "training"]), default="test", show_default=True)
@click.option("--report", is_flag=True, help="Also what is confused with what, each class by itself, calibration.")
@threads
@as_json
def evaluate(run: str, weights: str, data: str | None, part: str, report: bool, as_json: bool) -> None:
    """Measure the network of RUN (a run's folder or its name, or a trained network of the package)."""
    from .. import models
    from ..train import fingerprint

    trained = models.load(find_trained(run), weights)
    with skipped_files_noted():
        images = _images(trained, data, part)
    known = trained.run.info.data_sha256.get(part)
    if data is None and known not in (None, fingerprint(images)):
        click.echo(f"note: these are not the {part} images that the run had; the data have changed since", err=True)
    found = trained.report(images, trained.class_names) if report else None
    result = trained.evaluate(images) if found is None else found.metrics
    if as_json:
        print_json({"run": run, "weights": weights, "weights_sha256": trained.digest, "on": part,
                    "images": len(images), **(result if found is None else found.to_dict())})  # fmt: skip
        return
    if found is not None:
        click.echo(f"{found}\n")
    click.echo(f"{part} accuracy {100 * result['accuracy']:.2f} %  (loss {result['loss']:.4f}), {len(images):,} images")
    click.echo(f"weights SHA-256 {trained.digest}")


def _images(trained: "TrainedModel", source: str | None, part: str) -> "Dataset":
    """Return the images to measure on, normalised as those the network was trained with."""
    from dataclasses import replace

    from ..data.load import load_sets
    from ..train import Parts, load_parts

    recipe = trained.run.recipe
    if source is None:
        parts = load_parts(recipe, trained.input_shape)
    else:
        training, validation, test = load_sets(source, trained.input_shape, recipe.unreadable, trained.class_names)
        parts = Parts(training, training.take([]) if validation is None else validation, test)
    images: Dataset = getattr(parts, part)
    if not len(images):
        raise ConfigError(f"--on {part}: there are no {part} images {f'in {source}' if source else 'in this run'}")
    where, shape, classes = source or recipe.data, trained.input_shape, len(trained.class_names)
    if images.input_shape != shape:
        raise ConfigError(f"{where}: images are {images.input_shape}, the network takes {shape}")
    if len(images.class_names) > classes:
        raise ConfigError(f"{where}: has {len(images.class_names)} classes, the network knows {classes}")
    return replace(images, normalize=trained.normalize)
