"""Losses other than cross-entropy: from a Dataset of floats to predictions."""

import numpy as np
import pytest

from pellucid import DtypeError, ShapeError, Trainer
from pellucid.data import Dataset
from pellucid.nn import GELU, BCEWithLogitsLoss, Conv2d, Flatten, HuberLoss, LayerNorm, Linear, MSELoss, Sequential
from pellucid.optim import SGD, Adam
from pellucid.train import Evaluator

TRUTH = np.array([[1.5, -2.0, 0.5]]).T


@pytest.fixture
def numbers(rng):
    """Inputs (200, 3), and what a linear layer can meet exactly, as (200, 1)."""
    x = rng.standard_normal((200, 3)).astype(np.float32)
    return x, x @ TRUTH + 0.25


def trained(data, loss, lr=0.05, epochs=30, outputs=1, **options):
    model = Sequential(Linear(3, outputs)).build((3,), seed=1)
    trainer = Trainer(model, Adam(model.parameters(), lr=lr), loss)
    trainer.fit(data, epochs, batch_size=20, **options)
    return trainer


@pytest.mark.parametrize("loss", [MSELoss(), HuberLoss(delta=0.5), MSELoss("sum")], ids=["mse", "huber", "sum"])
def test_a_line_is_found(loss, numbers):
    x, y = numbers
    trainer = trained((x, y), loss, validation=(x[:50], y[:50]))
    assert set(trainer.history.rows[0]) == {"epoch", "lr", "loss", "val_loss"}, "accuracy says nothing here"
    assert trainer.history["loss"][-1] < 1e-4 < 0.1 < trainer.history["loss"][0]
    assert trainer.predict(x) == pytest.approx(y, abs=0.02)
    assert trainer.evaluate((x[:50], y[:50]))["loss"] == trainer.history["val_loss"][-1]


def test_the_loss_of_an_epoch_is_the_mean_over_all_samples(numbers):
    """Whatever the batches; weights included."""
    x, y = numbers
    weights = np.linspace(0, 2, 200)
    model = Sequential(Linear(3, 1)).build((3,), seed=1)
    evaluator = Evaluator(model, MSELoss())
    squares = (evaluator.predict_logits(x).astype(np.float64) - y)[:, 0] ** 2
    assert evaluator.evaluate((x, y))["loss"] == pytest.approx(squares.mean(), rel=1e-5)
    weighted = evaluator.evaluate(Dataset(x, y, sample_weights=weights))["loss"]
    assert weighted == pytest.approx(np.average(squares, weights=weights), rel=1e-5)


def test_several_answers_at_once(numbers):
    """Each of two yes or no: predictions are probabilities of yes."""
    x, _ = numbers
    yes = np.stack([x[:, 0] > 0, x[:, 1] + x[:, 2] > 0], axis=1).astype(np.float32)

    def hits(logits, targets):
        return ((logits > 0) == targets).all(axis=1)

    model = Sequential(Linear(3, 2)).build((3,), seed=1)
    trainer = Trainer(
        model, Adam(model.parameters(), lr=0.1), BCEWithLogitsLoss(pos_weight=2.0), metrics={"hits": hits}
    )
    trainer.fit((x, yes), 40)
    assert trainer.history["hits"][-1] > 0.95
    p = trainer.predict(x)
    assert p == pytest.approx(1 / (1 + np.exp(-trainer.predict_logits(x).astype(np.float64))), rel=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_images_may_be_met_as_images(dtype, rng):
    """A kernel of 3x3 is learnt from what it does."""
    x = rng.standard_normal((40, 1, 6, 5))
    blurred = Sequential(Conv2d(1, 1, 3, padding=1, weight_init="ones")).build((1, 6, 5), dtype=np.float64)(x)
    model = Sequential(Conv2d(1, 1, 3, padding=1)).build((1, 6, 5), seed=2, dtype=dtype)
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), MSELoss())
    trainer.fit((x, blurred), 30, batch_size=10)
    assert trainer.history["loss"][-1] < 1e-3
    assert model[0].weight.data == pytest.approx(np.ones((1, 1, 3, 3)), abs=0.05)


def test_a_network_of_the_newer_layers_trains_with_the_same_bits_again(rng):
    x, y = rng.standard_normal((60, 2, 5, 4)).astype(np.float32), rng.standard_normal((60, 3))
    found = []
    for _ in range(2):
        layers = Conv2d(2, 4, 3), GELU(), Flatten(), LayerNorm(24), Linear(24, 3)
        model = Sequential(*layers).build((2, 5, 4), seed=3)
        trainer = Trainer(model, Adam(model.parameters(), lr=0.01), HuberLoss())
        trainer.fit((x, y), 8, batch_size=20)
        found.append(model.parameters().data.tobytes())
    assert found[0] == found[1]
    assert trainer.history["loss"][-1] < 0.7 * trainer.history["loss"][0]


def test_what_does_not_fit_the_loss_is_named(numbers):
    x, y = numbers
    with pytest.raises(ShapeError, match=r"mse: targets have shape \(20,\), the outputs \(20, 1\)"):
        trained((x, y[:, 0]), MSELoss(), epochs=1)
    with pytest.raises(DtypeError, match="mse: targets is int64; convert it"):
        trained((x, np.zeros(200, int)), MSELoss(), epochs=1)
    with pytest.raises(DtypeError, match="cross_entropy: labels are float32, integers are needed"):
        trained((x, y[:, 0]), None, epochs=1)
