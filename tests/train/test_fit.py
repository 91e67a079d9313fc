"""What fit does to a model: which samples it shows in which order, what it leaves behind, when it stops."""

import gc
import weakref

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, PellucidError, models
from pellucid.data import Dataset, Loader, Normalize, mnist, to_one_hot
from pellucid.nn import Flatten, Linear, Sequential
from pellucid.optim import SGD, Adam
from pellucid.train import Trainer, digest


def test_ten_steps_on_real_digits_give_these_losses():
    """In float64: any change of arithmetic, start values, order, dropout or rule shows in some digit."""
    train, _ = mnist()
    model = models.mnist_cnn().build(train.input_shape, seed=7, dtype=np.float64)
    trainer = Trainer(model, Adam(model.parameters(), lr=0.002), seed=7)
    batches = Loader(train, 16, seed=7).batches(epoch=3, dtype=np.float64)
    losses = [trainer.train_step(*next(batches))["loss"].mean() for _ in range(10)]
    assert_allclose(losses, LOSSES, rtol=1e-9)


LOSSES = [
    5.469834011500272,
    4.529124307334345,
    4.799456580971994,
    3.34971864465185,
    3.4797556031062786,
    4.218098562602501,
    2.02542292278517,
    3.4541221332067744,
    2.536041191352437,
    2.328573158047892,
]


def watch(trainer):
    """Record the first input of every sample that the model is trained on, batch by batch."""
    seen = []
    trainer.model.register_forward_hook(lambda m, x, y: seen.append(x[:, 0].tolist()) if m.training else None)
    return seen


@pytest.mark.parametrize("seed", [0, 5])
def test_the_order_is_the_loaders_for_the_trainers_seed(make_trainer, points, seed):
    trainer = make_trainer(seed)
    seen = watch(trainer)
    trainer.fit(points, 2, batch_size=40, validation=points)
    expected = Loader(Dataset(*points), 40, seed=seed)
    assert seen == [x[:, 0].tolist() for epoch in (0, 1) for x, _ in expected.batches(epoch)]
    epochs = [[v for batch in part for v in batch] for part in (seen[:3], seen[3:])]
    assert epochs[0] != epochs[1]
    assert sorted(epochs[0]) == sorted(epochs[1])


def test_every_parameter_learns_and_by_its_whole_gradient(digits):
    train, _ = digits
    results = []
    for needed in (False, True):
        model = models.mnist_cnn().build(train.input_shape)
        start = {name: p.data.copy() for name, p in model.named_parameters()}
        trainer = Trainer(model, SGD(model.parameters()))
        if needed:
            model.require_input_grad(True)
            trainer.train_step(*next(Loader(train, 300).batches()))
        else:
            trainer.fit(train, 1, batch_size=300)
        assert all((p.data != start[name]).any() for name, p in model.named_parameters())
        results.append(digest(model))
    assert results[0] == results[1]


def test_dropout_is_on_in_fit_whatever_the_mode_before(make_trainer, points):
    trainers = make_trainer(), make_trainer()
    trainers[1].model.eval()
    first, second = (t.fit(points, 1).rows for t in trainers)
    assert first == second


def test_after_fit_the_gradient_of_the_input_is_there_for_who_asks(make_trainer, points):
    model = make_trainer().model
    trainer = Trainer(model, SGD(model.parameters()))
    trainer.fit(points, 1)
    model(points[0])
    assert model.backward(np.ones((101, 2), np.float32)).shape == (101, 3)


def test_many_samples_are_predicted_in_batches(make_trainer, rng):
    trainer, x = make_trainer(), rng.standard_normal((1024, 3)).astype(np.float32)
    with trainer.model.inference():
        expected = trainer.model(x)
    for _ in range(2):  # the second time each batch lies in the memory of the one before
        assert_allclose(trainer.predict_logits(x), expected, rtol=1e-5, atol=1e-6)


def test_bytes_are_predicted_as_they_were_trained(rng):
    images, labels = rng.integers(0, 256, (40, 1, 4, 4), np.uint8), np.arange(40) % 2
    data = Dataset(images, labels, normalize=Normalize.fit(images))
    model = Sequential(Flatten(), Linear(16, 2)).build(data.input_shape)
    trainer = Trainer(model, SGD(model.parameters()))
    trainer.fit(data, 1)
    assert trainer.predict(images).tobytes() == trainer.predict(data).tobytes()
    assert trainer.evaluate((images, labels)) == trainer.evaluate(data)


def test_probabilities_as_targets_are_labels(make_trainer, points):
    hard, soft = make_trainer(dtype=np.float64), make_trainer(dtype=np.float64)
    hard.fit(points, 2, validation=points)
    soft.fit((points[0], to_one_hot(points[1], 2)), 2, validation=points)
    for a, b in zip(hard.history.rows, soft.history.rows, strict=True):
        assert a == pytest.approx(b, rel=1e-9)


def test_a_loss_that_is_no_number_stops_the_run(make_trainer, points):
    trainer, x = make_trainer(), points[0].copy()
    x[70] = np.nan
    with pytest.raises(
        PellucidError,
        match=r"the loss is nan in step [12], which was not taken\n  the inputs of the batch, first in",
    ):
        trainer.fit((x, points[1]), 1)
    assert trainer.step == trainer.optimizer.steps <= 1
    assert np.isfinite(trainer.model.parameters().data).all(), "the step was not taken"


@pytest.mark.parametrize("metric", [lambda logits, t: (logits.argmax(1) == t).mean(), lambda logits, t: logits])
def test_a_metric_that_does_not_count_samples_is_named(make_trainer, points, metric):
    with pytest.raises(ConfigError, match=r"metric 'own': gave shape .* one value for each is needed"):
        make_trainer(metrics={"own": metric}).fit(points, 1)


def test_what_a_metric_keeps_is_its_own(make_trainer, points):
    kept = []
    trainer = make_trainer(metrics={"first": lambda logits, t: kept.append(logits) or logits[:, 0]})
    values = [trainer.train_step(*points)["first"] for _ in range(3)]
    assert len({k.tobytes() for k in kept}) == 3
    assert [v.tolist() for v in values] == [k[:, 0].tolist() for k in kept]


@pytest.mark.parametrize("evaluate", [True, False])
def test_after_training_the_model_keeps_nothing_of_the_trainer(evaluate, points, make_trainer):
    """Else whoever has the network has the memory of its training too."""
    trainer = make_trainer()
    model = trainer.model
    trainer.fit(points, epochs=4)
    for _ in range(2 * evaluate):
        trainer.evaluate(points)
    block = weakref.ref(trainer._arena.block.base)  # what views of it keep
    assert block().size > 0
    del trainer
    gc.collect()
    assert block() is None
    assert model(points[0]).shape == (101, 2)
