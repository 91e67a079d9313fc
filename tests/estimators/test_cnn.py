"""CNN: scikit-learn's manners, labels and shapes of any kind, files, and that it learns."""

import json

import numpy as np
import pytest

from pellucid import CNN, data
from pellucid._core.errors import ConfigError, FileError, ShapeError
from pellucid.inspect import summary
from pellucid.models import cnn


@pytest.fixture(scope="module")
def digits():
    train, _ = data.mnist()
    part = train.take(range(300))
    return part.inputs, part.labels


@pytest.fixture(scope="module")
def small():
    """Pictures of 8x8 in three classes that differ in where they are bright."""
    rng = np.random.default_rng(0)
    y = np.repeat(["bottom", "left", "top"], 20)
    X = rng.uniform(0, 0.3, (60, 1, 8, 8))
    X[:20, :, 4:] += 0.7
    X[20:40, :, :, :4] += 0.7
    X[40:, :, :4] += 0.7
    return X, y


def make(**options):
    return CNN(**({"input_shape": (1, 8, 8), "num_classes": 3, "epochs": 4, "learning_rate": 0.01} | options))


@pytest.fixture(scope="module")
def fitted(small):
    return make().fit(*small)


def test_the_network_is_the_one_that_is_described():
    found = summary(cnn(), (1, 28, 28))
    assert found.parameters == 468_458
    names = [type(layer).__name__ for layer in cnn()]
    assert names.count("BatchNorm2d") == 4
    assert names.count("BatchNorm1d") == 1
    assert not any("BatchNorm" in type(layer).__name__ for layer in cnn(use_batchnorm=False))


def test_it_learns_digits(digits):
    X, y = digits
    model = CNN(epochs=4, learning_rate=0.005).fit(X, y)
    assert model.score(X, y) > 0.9
    assert model.history_["loss"][-1] < model.history_["loss"][0]


def test_labels_may_be_words(fitted, small):
    X, y = small
    assert fitted.classes_.tolist() == ["bottom", "left", "top"]
    assert fitted.score(X, y) > 0.95
    probabilities = fitted.predict_proba(X)
    assert probabilities.shape == (60, 3)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (fitted.predict(X) == fitted.classes_[probabilities.argmax(axis=1)]).all()


@pytest.mark.parametrize("form", ["rows", "channels last", "without channel"])
def test_the_same_pictures_in_other_shapes_are_the_same(fitted, small, form):
    X, _ = small
    other = {"rows": X.reshape(60, -1), "channels last": X.transpose(0, 2, 3, 1), "without channel": X[:, 0]}[form]
    assert np.array_equal(fitted.predict_proba(other), fitted.predict_proba(X))


def test_channels_are_told_from_rows_and_columns():
    X = np.random.default_rng(0).uniform(size=(6, 8, 8, 3))
    model = make(input_shape=(3, 8, 8), epochs=1, num_classes=2).fit(X, np.arange(6) % 2)
    first = model.predict_proba(X)
    assert np.array_equal(first, model.predict_proba(X.transpose(0, 3, 1, 2)))
    assert np.array_equal(first, model.predict_proba(X.transpose(0, 3, 1, 2).reshape(6, -1)))


def test_the_scale_of_the_pixels_does_not_matter(small):
    X, y = small
    bytes_, big = (X * 255).clip(0, 255).astype(np.uint8), X * 1000
    assert make().fit(bytes_, y).score(bytes_, y) > 0.95
    assert make().fit(big, y).score(big, y) > 0.95


def test_fewer_classes_than_outputs(small):
    X, y = small
    model = make(num_classes=10, epochs=2).fit(X, y)
    assert model.predict_proba(X).shape == (60, 3)
    assert set(model.predict(X)) <= set(y)


def test_fit_may_override_and_leaves_the_parameters_alone(small):
    X, y = small
    model = make(epochs=4)
    assert model.fit(X, y, epochs=1, batch_size=20, learning_rate=0.003, optimizer="sgd") is model
    assert len(model.history_) == model.n_iter_ == 1
    assert model.get_params()["epochs"] == 4
    assert model.epochs == 4


def test_validation_is_in_the_history(small):
    X, y = small
    model = make(epochs=2).fit(X[::2], y[::2], validation_data=(X[1::2], y[1::2]))
    assert len(model.history_["val_accuracy"]) == 2
    assert model.history_["val_accuracy"][-1] == model.score(X[1::2], y[1::2])


def test_the_same_fit_gives_the_same_network(small):
    X, y = small
    first, second, other = (make(epochs=1, random_state=seed).fit(X, y).predict_proba(X) for seed in (3, 3, 4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_parameters_are_read_and_set_by_name():
    model = CNN(dropout_rate=0.1)
    assert model.get_params() == CNN().get_params() | {"dropout_rate": 0.1}
    assert model.set_params(epochs=7) is model
    assert model.epochs == 7
    assert repr(model) == "CNN(dropout_rate=0.1, epochs=7)"
    with pytest.raises(ConfigError, match="no parameter 'epoch'"):
        model.set_params(batch_size=8, epoch=3)
    assert model.batch_size == 32


def test_feature_maps_are_those_of_every_layer(fitted, small):
    X, _ = small
    maps = fitted.get_feature_maps(X[0])
    assert maps["conv1a"].shape == (32, 8, 8)
    assert maps["pool2"].shape == (64, 2, 2)
    assert np.array_equal(maps["relu1a"], np.maximum(maps["bn1a"], 0))
    scores = np.exp(maps["linear2"] - maps["linear2"].max())
    assert np.allclose(scores / scores.sum(), fitted.predict_proba(X[:1])[0], atol=1e-5)
    assert not any(layer.watched for layer in fitted.model_)


def test_the_summary_needs_no_fit():
    assert "468,458" in str(CNN().summary())


def test_what_is_saved_comes_back(fitted, small, tmp_path):
    X, _ = small
    fitted.save(tmp_path / "cnn.safetensors")
    again = CNN.load(tmp_path / "cnn.safetensors")
    assert again.get_params() == fitted.get_params()
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert (again.predict(X) == fitted.predict(X)).all()
    assert again.history_.rows == fitted.history_.rows


@pytest.mark.parametrize("damage", ["text", "weights", "class", "params", "classes"])
def test_a_file_that_is_something_else_is_named(fitted, tmp_path, damage):
    from safetensors.numpy import load, save

    path = tmp_path / "cnn.safetensors"
    fitted.save(path)
    about = json.loads(_entry(path))
    state = load(path.read_bytes())
    changed = {
        "text": lambda: None,
        "weights": lambda: state.pop("conv1a.weight"),
        "class": lambda: about.update({"class": "LeNet"}),
        "params": lambda: about["params"].update(width=3),
        "classes": lambda: about.pop("classes"),
    }[damage]
    changed()
    text = "{" if damage == "text" else json.dumps(about)
    path.write_bytes(save(state, {"pellucid.classifier": text}))
    with pytest.raises(FileError, match=r"cnn\.safetensors: holds"):
        CNN.load(path)


def _entry(path):
    content = path.read_bytes()
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]["pellucid.classifier"]


@pytest.mark.parametrize(
    ("X", "y", "error", "says"),
    [
        (np.zeros((4, 9)), [0, 1, 0, 1], ShapeError, r"X has shape \(4, 9\); pictures of \(1, 8, 8\)"),
        (np.zeros(64), [0], ShapeError, "one vector of 64.*reshape"),
        (np.zeros((0, 64)), [], ConfigError, "0 sample"),
        (np.full((4, 64), np.nan), [0, 1, 0, 1], ConfigError, "NaN or infinity"),
        (np.zeros((4, 64)), [0, 1, 0], ShapeError, r"4 samples but labels of shape \(3,\)"),
        (np.zeros((4, 64)), [1, 1, 1, 1], ConfigError, "y holds one class, 1; two"),
        (np.zeros((4, 64)), [0, 1, 2, 3], ConfigError, "4 classes, but num_classes is 3"),
        (np.zeros((4, 64)), [0.5, 1, 2, 0], ConfigError, "continuous"),
        (np.full((4, 64), "a"), [0, 1, 0, 1], ConfigError, "no numbers"),
        (np.zeros((4, 64)), None, ConfigError, "requires y"),
    ],
)
def test_what_it_cannot_learn_from_is_named(X, y, error, says):
    with pytest.raises(error, match=says):
        make().fit(X, y)


def test_bad_parameters_and_a_missing_fit_are_named(small):
    X, y = small
    with pytest.raises(ConfigError, match=r"optimizer.name: is 'adm'"):
        make(optimizer="adm").fit(X, y)
    with pytest.raises(ConfigError, match="epochs: is 0"):
        make(epochs=0).fit(X, y)
    with pytest.raises(ConfigError, match="not fitted yet"):
        make().predict(X)
    with pytest.raises(ConfigError, match="labels that y has not: right"):
        make(epochs=1).fit(X, y, validation_data=(X[:1], ["right"]))


def test_what_no_file_can_hold_is_not_saved(small, tmp_path):
    X, y = small
    classifier = make(epochs=1).fit(X, y)
    classifier.learning_rate = object()
    with pytest.raises(ConfigError, match="CNN: cannot be saved; labels and parameters must be plain"):
        classifier.save(tmp_path / "cnn.safetensors")
    assert list(tmp_path.iterdir()) == []
