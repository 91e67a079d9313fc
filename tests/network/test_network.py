"""Network: the same numbers as Sequential and Trainer, from images in either order of axes."""

import numpy as np
import pytest

from pellucid import ConfigError, DtypeError, FileError, Network, ShapeError, data
from pellucid.nn import Conv2d, CrossEntropyLoss, Flatten, Linear, LogSoftmax, MaxPool2d, ReLU, Sequential, Softmax
from pellucid.optim import SGD, Adam
from pellucid.train import Trainer


def layers(channels=1):
    return [Conv2d(channels, 4, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(36, 3)]  # of 8x8 images


def make(*more, channels=1, seed=0, optimizer="adam", **settings):
    net = Network([*layers(channels), *more], seed=seed, **settings)
    net.compile(loss="categorical_crossentropy", optimizer=optimizer)
    return net


@pytest.fixture
def images(rng):
    """Which third of the picture is bright."""
    x, y = rng.random((60, 8, 8, 1), np.float32) / 2, rng.integers(0, 3, 60)
    for image, label in zip(x, y, strict=True):
        image[3 * label : 3 * label + 2] += 0.5
    return x, y


def test_lenet5_learns_from_a_thousand_digits():
    """Ten epochs reach more than 90 %; here three."""
    train, _ = data.mnist()
    rest, few = train.split(1000)
    held_out = rest.split(200)[1]
    net = Network(input_shape=(28, 28, 1))
    for layer in (Conv2d(1, 6, 5, padding="same"), ReLU(), MaxPool2d(2), Conv2d(6, 16, 5), ReLU(), MaxPool2d(2),
                  Flatten(), Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10), Softmax()):  # fmt: skip
        net.add(layer)
    net.compile(loss="categorical_crossentropy", optimizer="sgd")
    x, y = few.inputs.transpose(0, 2, 3, 1), data.to_one_hot(few.labels, 10)
    history = net.train(x, y, 3, 0.01, validation_data=(held_out.inputs, held_out.labels))
    assert history["loss"] == sorted(history["loss"], reverse=True)
    assert history["val_accuracy"][-1] > 0.75
    assert net.model.parameters().data.size == 61_706
    assert net.evaluate(held_out.inputs, held_out.labels)["accuracy"] == history["val_accuracy"][-1]
    assert net.summary().parameters == 61_706


def test_it_is_sequential_and_trainer(images):
    x, y = images
    net = make(optimizer=lambda parameters: SGD(parameters, 0.1), input_shape=(8, 8, 1), seed=3)
    history = net.train(x, y, 2, batch_size=16)
    model = Sequential(*layers()).build((1, 8, 8), seed=3)
    trainer = Trainer(model, SGD(model.parameters(), 0.1), seed=3)
    assert history.rows == trainer.fit((x.transpose(0, 3, 1, 2), y), 2, batch_size=16).rows
    assert net.predict(x).tobytes() == trainer.predict(x.transpose(0, 3, 1, 2)).tobytes()


def test_a_softmax_at_the_end_changes_nothing_but_is_shown(images):
    x, y = images
    bare, ended = make(), make(Softmax())
    assert bare.train(x, y, 2).rows == ended.train(x, y, 2).rows
    p = ended.predict(x)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    assert p.tobytes() == bare.predict(x).tobytes()
    assert np.ptp(ended.predict_logits(x).sum(axis=1)) > 0.1
    assert "Softmax()" in str(ended.summary())
    logs = make(LogSoftmax())  # the softmax of logarithms of probabilities is the probabilities
    np.testing.assert_allclose(logs.train(x, y, 2)["loss"], bare.history["loss"], rtol=1e-5)


def test_either_order_of_axes_and_either_kind_of_label(images):
    x, y = images
    expected = make().train(x, y, 2).rows
    assert make().train(x.transpose(0, 3, 1, 2), y, 2).rows == expected
    for labels in (np.eye(3)[y], np.eye(3, dtype=int)[y], np.eye(3, dtype=bool)[y], y[:, None], y.tolist()):
        assert make().train(x, labels, 2).rows == expected
    soft = make().train(x, np.eye(3, dtype=np.float32)[y] * 0.9 + 1 / 30, 2).rows
    assert soft != expected
    bytes_ = (255 * x).astype(np.uint8)
    exact = (bytes_ / 255).astype(np.float32)
    assert make().train(bytes_, y, 2).rows == make().train(exact, y, 2).rows


def test_colours_go_where_they_should(rng):
    x = rng.random((5, 8, 8, 3), np.float32)
    net = make(channels=3, input_shape=(8, 8, 3))
    assert net.predict(x).tobytes() == net.predict(np.ascontiguousarray(x.transpose(0, 3, 1, 2))).tobytes()
    assert net.predict(x).tobytes() != net.predict(x[..., ::-1]).tobytes()


SHAPES = {
    "no channel": ((5, 8, 8), "images .N, 8, 8, 1. are needed; the channel axis is missing: pass x.*None"),
    "rows of pixels": ((5, 64), "the pixels lie in rows: pass x.reshape"),
    "another size": ((5, 9, 8, 1), r"images \(N, 8, 8, 1\) or \(N, 1, 8, 8\) are needed; the axis order looks wrong"),
    "samples last": ((1, 8, 8, 5), "the samples must lie along axis 0"),
    "channels within": ((5, 8, 1, 8), "the channels lie along axis 2"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_wrong_order_of_axes_is_told(name):
    shape, words = SHAPES[name]
    with pytest.raises(ShapeError, match=f"predict: x has shape .*{words}"):
        make(input_shape=(8, 8, 1)).predict(np.zeros(shape, np.float32))


def test_what_cannot_be_told_apart_is_refused():
    net = make()
    with pytest.raises(ConfigError, match="the 1 channels may stand first or last; say which by input_shape"):
        net.predict(np.zeros((5, 1, 8, 1), np.float32))
    with pytest.raises(ShapeError, match=r"images \(N, H, W, 1\) or \(N, 1, H, W\) are needed"):
        net.predict(np.zeros((5, 3, 8, 8), np.float32))
    with pytest.raises(ConfigError, match=r"is height 1, width 8, channels 8, but the first .*; write \(8, 8, 1\)"):
        make(input_shape=(1, 8, 8)).predict(np.zeros((5, 1, 8, 8), np.float32))
    with pytest.raises(DtypeError, match=r"images are int64; uint8 \(0 to 255\) or floats are needed"):
        net.predict(np.zeros((5, 8, 8, 1), np.int64))


def test_wrong_labels_are_told(images):
    x, _ = images
    net = make(input_shape=(8, 8, 1))
    for y, error, words in (
        (np.zeros(59, int), ShapeError, "60 samples but labels of shape"),
        (np.zeros(60), DtypeError, "labels are float64, whole numbers or one-hot rows are needed"),
        (np.ones((60, 3), int), ConfigError, "int64 but not one-hot"),
        (np.full(60, 3), ShapeError, "label 3 is out of range"),
        (np.eye(4)[np.zeros(60, int)] / 2, ShapeError, "targets have shape"),
    ):
        with pytest.raises(error, match=words):
            net.train(x, y, 1)


def test_rows_of_numbers_need_no_shape(rng):
    x = rng.standard_normal((50, 4)).astype(np.float32)
    net = Network([Linear(4, 8), ReLU(), Linear(8, 2), Softmax()])
    net.compile(CrossEntropyLoss(label_smoothing=0.1), Adam)
    assert net.train(x, (x[:, 0] > 0).astype(int), 30, 0.03)["accuracy"][-1] > 0.9
    with pytest.raises(ShapeError, match=r"predict: samples have shape \(5,\), expected \(4,\)"):
        net.predict(np.zeros((3, 5), np.float32))


def test_an_optimizer_that_was_made_for_it(images):
    x, y = images
    net = Network(layers(), input_shape=(8, 8, 1))
    net.compile(optimizer=Adam(net.model.parameters(), lr=0.01))
    named = make(input_shape=(8, 8, 1))
    assert net.train(x, y, 2).rows == named.train(x, y, 2, learning_rate=0.01).rows
    assert net.train(x, y, 1)["epoch"] == [1, 2, 3], "a second call goes on"


def test_mistakes_are_named(images, tmp_path):
    x, y = images
    net = Network(layers())
    for act, words in (
        (lambda: net.train(x, y), "call compile"),
        (lambda: net.compile("mse"), "loss 'mse' is unknown; known are categorical_crossentropy"),
        (lambda: net.compile(7), "loss is a int"),
        (lambda: net.compile(optimizer="sdg"), "optimizer 'sdg' is unknown; known are adagrad, adam"),
        (lambda: net.compile(optimizer=0.1), "optimizer is a float"),
        (lambda: net.add("relu"), "add: 'relu' is a str, a layer of pellucid.nn is needed"),
        (lambda: net.add(ReLU()), "add: the network is built already"),
        (lambda: Network().predict(x), "it has no layers"),
        (lambda: Network(layers()).summary(), "the shape of a sample is not known yet"),
        (lambda: Network(layers()).save(tmp_path / "w.safetensors"), "the shape of a sample is not known yet"),
        (lambda: make().train(x, y, learning_rate=0), "learning_rate is 0"),
        (lambda: make().train(x, y, epochs=-1), "epochs is -1, a number from 0"),
        (lambda: make().train(x, y, resume_from_checkpoint=True), "needs a checkpoint_prefix"),
    ):
        with pytest.raises(ConfigError, match=words):
            act()


def test_weights_go_out_and_in(images, tmp_path):
    x, y = images
    net, other = make(input_shape=(8, 8, 1)), make(Softmax(), input_shape=(8, 8, 1), seed=5)
    net.train(x, y, 1)
    net.save(tmp_path / "w.safetensors")
    other.load(tmp_path / "w.safetensors")
    assert net.predict(x).tobytes() == other.predict(x).tobytes()
    with pytest.raises(FileError, match="exists already"):
        net.save(tmp_path / "w.safetensors")
