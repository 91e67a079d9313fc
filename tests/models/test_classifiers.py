"""The classifiers of channels-last arrays: our defaults learn; as such classifiers are first written they do not."""

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
    classifier = kind()
    history = classifier.fit(x, y, epochs=2, batch_size=16, validation_data=held_out)
    assert set(history.rows[0]) == {"epoch", "lr", "loss", "accuracy", "val_loss", "val_accuracy"}
    assert history["val_accuracy"][-1] > 0.75
    assert classifier.score(*held_out) == history["val_accuracy"][-1]
    assert classifier.history is history
    p = classifier.predict_proba(held_out[0])
    assert p.shape == (300, 10)
    assert (classifier.predict(held_out[0]) == p.argmax(axis=1)).all()


@pytest.mark.parametrize("kind", [LeNet, Scratch2dCNNClassifier])
def test_as_first_written_they_stay_at_chance(kind, digits):
    (x, y), held_out = digits
    classifier = kind(**FIRST_WRITTEN)
    history = classifier.fit(x[:300], y[:300], epochs=2, batch_size=16, validation_data=held_out)
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
        [row for row in signals(kind.make(init).build((1, 28, 28), seed=0), images, y[:50]) if row.weight_gradient]
        for init in ("small_normal", "he_uniform")
    )
    assert small[0].weight_gradient < he[0].weight_gradient / 100
    assert small[-1].output < he[-1].output / 1000


def test_fit_begins_anew_and_floats_are_bytes_over_255(digits):
    (x, y), _ = digits
    classifier = LeNet(seed=2)
    first = classifier.fit(x[:100], y[:100], epochs=1).rows
    assert classifier.fit(x[:100], y[:100], epochs=1).rows == first
    floats = (x[:100] / 255).astype(np.float32)
    assert classifier.fit(floats, np.eye(10)[y[:100]], epochs=1).rows == first
    assert LeNet(seed=3).fit(floats, y[:100], epochs=1).rows != first


def test_mistakes_are_named(digits):
    (x, y), _ = digits
    with pytest.raises(ConfigError, match="LeNet: is not fitted yet"):
        LeNet().predict(x)
    with pytest.raises(ConfigError, match="schedule is 'cosine', expected one-cycle or constant"):
        LeNet(schedule="cosine")
    with pytest.raises(ConfigError, match="init: 'he' is unknown"):
        LeNet(init="he").fit(x, y)
    with pytest.raises(ShapeError, match=r"LeNet\.fit: there is a class 10, labels are 0 to 9"):
        LeNet().fit(x, y + 1)
    with pytest.raises(ShapeError, match=r"images \(N, 28, 28, 1\) are needed; the channel axis is missing"):
        LeNet().fit(x[..., 0], y)
    with pytest.raises(ConfigError, match="images are float32 up to 255; bytes must stay uint8"):
        LeNet().fit(x.astype(np.float32), y)
    assert repr(LeNet()) == "LeNet(init='orthogonal', optimizer='adam', schedule='one-cycle', seed=0)"
