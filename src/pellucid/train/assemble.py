"""From a recipe to what runs: images, and the trainer with its batches."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ..data import Dataset, Loader
from ..data.load import load_sets
from ..data.made import Made
from ..nn import Module
from .callbacks import Callback
from .early_stopping import EarlyStopping
from .recipe import Recipe
from .trainer import Trainer


class Parts(NamedTuple):
    """The images of a run."""

    training: Dataset
    validation: Dataset
    test: Dataset


def load_parts(recipe: Recipe, input_shape: Shape | None = None) -> Parts:
    """Return the images that a recipe names, cut as it says; pictures in folders are scaled to `input_shape`.

    A data set that brings validation images is not cut: all of them, or none if `validation` is 0.

    Raises
    ------
    ConfigError
        If there are fewer images than it asks for.
    """
    training, brought, test = load_sets(recipe.data, input_shape, recipe.unreadable)
    count = len(training)
    if brought is not None:
        validation = brought if recipe.validation else brought.take([])
    elif recipe.validation >= count:
        raise ConfigError(f"validation: {recipe.validation:,} leaves nothing of {count:,} training images")
    else:
        training, validation = training.split(recipe.validation, recipe.seed)
    if recipe.subset is not None:
        # After the validation images are set aside: they are the same for any subset.
        wanted = zip((training, test), recipe.subset, ("training", "test"), strict=True)
        training, test = (_draw(part, count, what, recipe.seed) for part, count, what in wanted)
    return Parts(training, validation, test)


def assemble(
    recipe: Recipe, model: Module, training: Dataset, callbacks: Sequence[Callback] = ()
) -> tuple[Trainer, Loader]:
    """Return the trainer and the batches for ``trainer.fit(loader, recipe.epochs, validation=...)``.

    Parameters
    ----------
    recipe : Recipe
    model : Module
        Built with the recipe's seed.
    training : Dataset
    callbacks : sequence of Callback
        Early stopping, where the recipe asks for it, comes before them.
    """
    augment, names = recipe.make_augment(), training.class_names
    if augment is not None and len(names) < (outputs := model.output_shape(training.input_shape)[0]):
        # Blended labels are rows with a number for each output.
        training = replace(training, class_names=(*names, *map(str, range(len(names), outputs))))
    loader = Loader(training, recipe.batch_size, seed=recipe.seed, prefetch=recipe.prefetch, augment=augment)
    optimizer = recipe.make_optimizer(model)
    stopping = [EarlyStopping(recipe.monitor, recipe.patience)] if recipe.patience else []
    trainer = Trainer(
        model,
        optimizer,
        recipe.make_loss(),
        schedule=recipe.make_schedule(optimizer, recipe.epochs * -(-len(loader) // recipe.accumulate)),
        seed=recipe.seed,
        clip_norm=recipe.clip_norm,
        clip_value=recipe.clip_value,
        accumulate=recipe.accumulate,
        ema=recipe.ema,
        callbacks=[*stopping, *callbacks],
    )
    return trainer, loader


def fingerprint(dataset: Dataset) -> str:
    """Return the SHA-256 of inputs and labels, their types and shapes, and the class names.

    Of inputs that are made, it is that of their shape and of what they are made of.
    """
    seal = hashlib.sha256(json.dumps(dataset.class_names).encode())
    inputs: tuple[Array, ...] = (dataset.inputs,)
    if isinstance(dataset.inputs, Made):
        seal.update(json.dumps([type(dataset.inputs).__name__, dataset.inputs.shape]).encode())
        inputs = dataset.inputs.sources
    for array in (*inputs, dataset.labels):
        seal.update(json.dumps([array.dtype.str, array.shape]).encode())
        seal.update(np.ascontiguousarray(array).data)
    return seal.hexdigest()


def _draw(dataset: Dataset, count: int, what: str, seed: int) -> Dataset:
    if count > len(dataset):
        raise ConfigError(f"subset: {count:,} {what} images asked for, there are {len(dataset):,}")
    return dataset.split(count, seed)[1]
