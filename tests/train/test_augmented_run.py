"""A run whose images change at random goes on, wherever it was stopped, as if it had never been."""

import numpy as np
import pytest

from pellucid.data import Affine, Augment, Dataset, Elastic, Erase, Flip, Loader, MixUp, Noise
from pellucid.nn import Flatten, Linear, Sequential
from pellucid.optim import SGD
from pellucid.train import Trainer, digest, read_checkpoint, restore, save_checkpoint
from tests.train.runs import StopAt

ALL = Augment(Affine(0.1, 10, 0.1, 5), Flip(), Elastic(20, 3), Erase(), Noise(0.1), MixUp(0.4))


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return Dataset(rng.integers(0, 256, (50, 1, 8, 8), np.uint8), rng.integers(0, 3, 50))


def trainer(callbacks=()):
    model = Sequential(Flatten(), Linear(64, 3)).build((1, 8, 8), seed=0)
    return Trainer(model, SGD(model.parameters(), lr=0.1), callbacks=callbacks)


def test_it_goes_on_bit_for_bit(images, tmp_path):
    loader, held_out = Loader(images, 8, augment=ALL), images.take(np.arange(20))
    whole = trainer()
    whole.fit(loader, 2, validation=held_out)
    plain = trainer()
    plain.fit(loader.plain(), 2)
    assert digest(whole.model) != digest(plain.model), "it does something"
    for step in (3, 6, 8):
        cut = trainer([StopAt(step)])
        cut.fit(loader, 2, validation=held_out)
        save_checkpoint(cut, tmp_path / f"{step}")
        again = trainer()
        restore(again, read_checkpoint(tmp_path / f"{step}"))
        again.fit(Loader(images, 8, prefetch=True, augment=ALL), 2 - again.epoch, validation=held_out)
        assert (digest(again.model), again.history.rows) == (digest(whole.model), whole.history.rows)


def test_measuring_leaves_the_images_as_they_are(images):
    one = trainer()
    assert one.evaluate(Loader(images, 8, augment=ALL)) == one.evaluate(Loader(images, 8))
    history = one.fit(Loader(images, 8, augment=ALL), 1, validation=Loader(images, 8, augment=ALL))
    assert {f"val_{k}": v for k, v in one.evaluate(images).items()}.items() <= history.rows[-1].items()
