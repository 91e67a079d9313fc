"""From a recipe to what runs: every entry of it has its effect."""

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.data import Affine, Dataset, Noise
from pellucid.nn import Linear, Sequential
from pellucid.train import EarlyStopping, Recipe, assemble, fingerprint, load_parts


@pytest.fixture
def training(points):
    return Dataset(*points)


def made(training, **settings):
    model = Sequential(Linear(3, 2)).build((3,), seed=0)
    return assemble(Recipe("m", **settings), model, training)


def test_every_entry_arrives(training):
    trainer, loader = made(
        training, batch_size=7, seed=3, prefetch=True, clip_norm=0.5, clip_value=0.75, ema=0.9, accumulate=4,
        patience=4, monitor="val_accuracy", epochs=2,
        optimizer={"name": "sgd", "lr": 0.25, "nesterov": True}, loss={"label_smoothing": 0.125},
    )  # fmt: skip
    assert (loader.batch_size, loader.seed, loader.prefetch, loader.dataset) == (7, 3, True, training)
    assert (trainer.seed, trainer.clip_norm, trainer.loss.label_smoothing) == (3, 0.5, 0.125)
    assert (trainer.optimizer.nesterov, trainer.schedule.max_lr, trainer.schedule.total_steps) == (True, 0.25, 8)
    assert (trainer.clip_value, trainer.ema, trainer.average.decay, trainer.accumulate) == (0.75, 0.9, 0.9, 4)
    (stopping,) = trainer.callbacks
    assert isinstance(stopping, EarlyStopping)
    assert (stopping.patience, stopping.monitor) == (4, "val_accuracy")


def test_nothing_more_than_asked_for(training):
    trainer, loader = made(training)
    assert (trainer.clip_norm, trainer.callbacks, loader.prefetch) == (None, (), False)
    assert (trainer.clip_value, trainer.average, trainer.accumulate) == (None, None, 1)


def test_augmentation_arrives_and_is_kept(training):
    _, loader = made(training, augment={"rotate": 10, "noise": 0.1})
    assert loader.augment.steps == (Affine(rotate=10), Noise(0.1))
    assert made(training)[1].augment is None
    recipe = Recipe("m").updated({"augment.rotate": 5})
    assert Recipe.from_toml(recipe.to_toml()).augment == {"rotate": 5}
    assert "augment" not in Recipe("m").to_dict(), "runs that began before there was any go on"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"rotat": 3}, r"augment\.rotat: unknown; did you mean rotate\?"),
        ({"rotate": "much"}, r"augment\.rotate: is 'much', a number is needed"),
        ({"rotate": 500}, r"Affine: rotate is 500, a number from 0 to 180 is needed"),
        ({"elastic": 3}, r"elastic: is 3, two numbers are needed"),
        (3, r"augment: is 3, a table is needed"),
    ],
)
def test_augmentation_that_cannot_be(table, words):
    with pytest.raises(ConfigError, match=words):
        Recipe("m", augment=table)


def test_blended_labels_have_a_number_for_each_output(points):
    x, labels = points
    trainer, loader = made(Dataset(x, labels * 0), augment={"mix_up": 0.3}, epochs=1)
    assert next(loader.batches())[1].shape == (64, 2)
    trainer.lint = False  # of the missing class
    trainer.fit(loader, 1)


def test_parts_are_cut_as_the_recipe_says():
    training, validation, test = load_parts(Recipe("m", subset=(200, 30), validation=50, seed=1))
    assert [len(part) for part in (training, validation, test)] == [200, 50, 30]
    _, same, whole = load_parts(Recipe("m", validation=50, seed=1))
    assert fingerprint(same) == fingerprint(validation), "whatever the subset"
    assert len(whole) == 10_000
    with pytest.raises(ConfigError, match="validation: 60,000 leaves nothing of 60,000"):
        load_parts(Recipe("m", validation=60_000))
    with pytest.raises(ConfigError, match="subset: 10,001 test images asked for, there are 10,000"):
        load_parts(Recipe("m", subset=(1, 10_001)))


def test_a_fingerprint_sees_inputs_labels_and_names():
    base = Dataset(np.zeros((2, 3), np.uint8), np.array([0, 1]))
    others = [
        Dataset(np.ones((2, 3), np.uint8), np.array([0, 1])),
        Dataset(np.zeros((2, 3), np.uint8), np.array([1, 0])),
        Dataset(np.zeros((2, 3), np.uint8), np.array([0, 1]), ("a", "b")),
        Dataset(np.zeros((2, 3), np.int8), np.array([0, 1])),
    ]
    assert fingerprint(base) == fingerprint(Dataset(np.zeros((2, 3), np.uint8), np.array([0, 1])))
    assert len({fingerprint(d) for d in [base, *others]}) == 5
