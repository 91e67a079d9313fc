"""LeNet and Scratch2dCNNClassifier: our defaults learn; as such classifiers are first written they do not."""

import numpy as np
import pytest

from pellucid import ConfigError, LeNet, Scratch2dCNNClassifier, ShapeError, data

FIRST_WRITTEN = {"init": "small_normal", "optimizer": "plain_sgd", "schedule": "constant"}


@pytest.fixture(scope="module")
def digits():
    train, _ = data.mnist()
    rest, few = train.split(600)
    held_out = rest.split(300)[1]
    return [(part.inputs.transpose(0, 2, 3, 1), part.labels) for part in (few, held_out)]


@pytest.mark.parametrize("kind", [LeNet, Scratch2dCNNClassifier])
def test_the_defaults_learn(kind, digits):
    (x, y), held_out = digits
    classifier = kind().fit(x, y, epochs=2, batch_size=16, validation_data=held_out)
    history = classifier.history_
    assert set(history.rows[0]) == {"epoch", "lr", "loss", "accuracy", "val_loss", "val_accuracy"}
    assert history["val_accuracy"][-1] > 0.75
    assert classifier.score(*held_out) == history["val_accuracy"][-1]
    p = classifier.predict_proba(held_out[0])
    assert p.shape == (300, 10)
    assert (classifier.predict(held_out[0]) == p.argmax(axis=1)).all()


@pytest.mark.parametrize("kind", [LeNet, Scratch2dCNNClassifier])
def test_as_first_written_they_stay_at_chance(kind, digits):
    (x, y), held_out = digits
    history = kind(**FIRST_WRITTEN, epochs=2, batch_size=16).fit(x[:300], y[:300], validation_data=held_out).history_
    assert max(history["val_accuracy"]) < 0.15
    assert min(history["loss"]) > 2.29  # log 10 = 2.303
    assert history["lr"] == [0.01, 0.01]


@pytest.mark.parametrize("kind", [LeNet, Scratch2dCNNClassifier])
def test_why_they_stay(kind, digits):
    """The gradient of the first convolution is next to nothing: each small layer behind it divides it once more."""
    from scripts.signals import signals

    (x, y), _ = digits
    images = (x[:50].transpose(0, 3, 1, 2) / 255).astype(np.float32)
    small, he = (
        [
            row
            for row in signals(kind(init).make_network().build((1, 28, 28), seed=0), images, y[:50])
            if row.weight_gradient
        ]
        for init in ("small_normal", "he_uniform")
    )
    assert small[0].weight_gradient < he[0].weight_gradient / 100
    assert small[-1].output < he[-1].output / 1000


def test_fit_begins_anew_and_floats_are_bytes_over_255(digits):
    (x, y), _ = digits
    classifier = LeNet(seed=2, epochs=1)
    first = classifier.fit(x[:100], y[:100]).history_.rows
    assert classifier.fit(x[:100], y[:100]).history_.rows == first
    floats = (x[:100] / 255).astype(np.float32)
    again = classifier.fit(floats, np.eye(10)[y[:100]])
    assert again.history_.rows == first
    assert (again.predict_proba(x) == again.predict_proba((x / 255).astype(np.float32))).all()
    assert LeNet(seed=3, epochs=1).fit(floats, y[:100]).history_.rows != first


def test_numbers_beyond_one_are_divided_by_the_largest(digits):
    (x, y), _ = digits
    whole = LeNet(epochs=1).fit(x[:100].astype(int), y[:100])
    np.testing.assert_allclose(
        whole.history_["loss"], LeNet(epochs=1).fit(x[:100], y[:100]).history_["loss"], rtol=1e-4
    )
    with pytest.raises(ConfigError, match="LeNet: X is uint8, which counts as 0 to 1, but numbers up to 255 were"):
        whole.predict(x)


@pytest.mark.parametrize(
    ("optimizer", "schedule", "rate"),
    [
        ("adam", "one-cycle", 0.008),
        ("adam", "constant", 0.001),
        ("plain_sgd", "constant", 0.01),
        ({"name": "sgd", "nesterov": True, "momentum": 0.5}, {"name": "step", "step_size": 100}, 0.01),
        ({"name": "adamw", "lr": 0.003}, "constant", 0.003),
    ],
)
def test_rates_where_none_is_given(digits, optimizer, schedule, rate):
    (x, y), _ = digits
    model = LeNet(optimizer=optimizer, schedule=schedule, epochs=1)
    lr = model.fit(x[:40], y[:40]).history_["lr"][0]
    assert lr == (rate if schedule != "one-cycle" else pytest.approx(rate / 25 / 1e4))
    assert model.fit(x[:40], y[:40], learning_rate=0.002, optimizer="sgd").history_["lr"][0] <= 0.002


def test_plain_descent_has_no_momentum(digits):
    (x, y), _ = digits
    plain, table, pushed = (
        LeNet(optimizer=optimizer, epochs=1).fit(x[:40], y[:40]).history_.rows
        for optimizer in ("plain_sgd", {"name": "sgd", "momentum": 0.0}, "sgd")
    )
    assert plain == table != pushed


def test_any_shape_and_any_label(digits):
    (x, y), _ = digits
    words = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    model = LeNet(epochs=1).fit(x[:100], words[y[:100]])
    expected = model.predict_proba(x)
    assert set(model.predict(x)) <= set(words)
    for other in (x[..., 0], x.reshape(len(x), 784), x.transpose(0, 3, 1, 2)):
        assert (model.predict_proba(other) == expected).all()


def test_feature_maps_files_and_summary(digits, tmp_path):
    (x, y), _ = digits
    model = Scratch2dCNNClassifier(seed=4, epochs=1).fit(x[:50], y[:50])
    maps = model.get_feature_maps(x[0])
    assert {name: maps[name].shape for name in ("conv1", "pool2")} == {"conv1": (32, 28, 28), "pool2": (64, 7, 7)}
    model.save(tmp_path / "s.safetensors")
    again = Scratch2dCNNClassifier.load(tmp_path / "s.safetensors")
    assert again.get_params() == model.get_params()
    assert (again.predict_proba(x) == model.predict_proba(x)).all()
    assert again.history_.rows == model.history_.rows
    assert model.summary().parameters == 421_642


def test_mistakes_are_named(digits):
    (x, y), _ = digits
    fitted = LeNet(epochs=1).fit(x[:40], y[:40])
    for act, error, words in (
        (lambda: LeNet().predict(x), ConfigError, "LeNet: is not fitted yet"),
        (lambda: LeNet(schedule="cosin").fit(x, y), ConfigError, "schedule.name: is 'cosin', expected constant"),
        (lambda: LeNet(optimizer="adm").fit(x, y), ConfigError, "optimizer.name: is 'adm', expected"),
        (lambda: LeNet(optimizer=3).fit(x, y), ConfigError, "LeNet: an optimizer or schedule is 3"),
        (lambda: LeNet(init="he").fit(x, y), ConfigError, "init: 'he' is unknown"),
        (lambda: LeNet().fit(x, np.arange(len(y)) % 11), ConfigError, "LeNet: y has 11 classes, but num_classes is 10"),
        (lambda: LeNet().fit(x, np.ones((len(y), 3))), ShapeError, r"y has shape \(600, 3\), one label for each"),
        (lambda: LeNet().fit(x[:, :27], y), ShapeError, r"x has shape \(600, 27, 28, 1\), images .* are needed"),
        (lambda: fitted.predict(x.astype(float)), ConfigError, "X reaches 255, but pixels up to 1 were fitted"),
    ):
        with pytest.raises(error, match=words):
            act()
    assert repr(LeNet(seed=2)) == "LeNet(seed=2)"
