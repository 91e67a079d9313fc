"""Predictor: the same numbers as the model's forward, from one call, whatever the batch."""

import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import DtypeError, ShapeError, native
from pellucid.nn import (
    ELU,
    GELU,
    AvgPool2d,
    Conv2d,
    Dropout,
    Flatten,
    Hardswish,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2d,
    Module,
    Predictor,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from tests.checks import ENGINES

needs_engine = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")


def images(rng, N, C=2):
    return rng.standard_normal((N, C, 12, 10)).astype(np.float32)


def network():
    features = Sequential(
        Conv2d(2, 5, 3, padding="same"), ReLU(), MaxPool2d(2),
        Conv2d(5, 5, 3, padding=1, groups=5), ReLU(), Conv2d(5, 20, 3, bias=False), Tanh(),
    )  # fmt: skip
    pools = Sequential(MaxPool2d(2, stride=1), AvgPool2d(2, 1, 1, count_include_pad=False), Conv2d(20, 3, 1), Sigmoid())
    return Sequential(
        features, pools, AvgPool2d(2), Flatten(), Dropout(0.5), Linear(6, 7), ReLU(), Linear(7, 4), Softmax()
    )


def program_of(predictor):
    return next(iter(predictor._programs.values()))


def a_program_gives_the_same(model, x):
    predictor = Predictor(model)
    y = predictor(x)
    assert program_of(predictor) is not None, "or nothing is compared here"
    with model.inference():
        assert_array_equal(y, model(x))


@needs_engine
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("N", [0, 1, 2, 31, 150])
def test_it_equals_the_model(engine, N, rng):
    x, model = images(rng, N), network().build((2, 12, 10), seed=1).eval()
    with native.using(engine):
        a_program_gives_the_same(model, x)


@needs_engine
@pytest.mark.parametrize("layer", [ELU(0.3), GELU(), GELU("tanh"), Hardswish(), SiLU()], ids=repr)
def test_an_activation_with_settings_of_its_own(layer, rng):
    x, model = images(rng, 3), Sequential(Conv2d(2, 5, 3), layer).build((2, 12, 10), seed=1).eval()
    a_program_gives_the_same(model, x)


@needs_engine
def test_the_batch_and_the_threads_do_not_matter(rng):
    x, predictor = images(rng, 150), Predictor(network().build((2, 12, 10)))
    whole, before = predictor(x), native.engine.thread_count()
    try:
        for threads in (1, 3):
            native.engine.set_thread_count(threads)
            assert_array_equal(predictor(x), whole)
            assert_array_equal(np.concatenate([predictor(x[i : i + 1]) for i in range(150)]), whole)
    finally:
        native.engine.set_thread_count(before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_on_changes_nothing(dtype, rng):
    model = network().build((2, 12, 10), dtype=dtype)
    x = images(rng, 3).astype(dtype)
    predictor = Predictor(model)
    before = predictor(x)
    model.parameters().data[...] = 0
    assert_array_equal(predictor(x), before)
    assert model.training, "the model itself is left as it was"


def test_images_come_out_as_images(rng):
    model = Sequential(Conv2d(2, 3, 3), LogSoftmax()).build((2, 12, 10))
    x = images(rng, 4)
    with model.inference():
        assert_array_equal(Predictor(model)(x), model(x))


def test_a_layer_without_a_kernel_in_programs_runs_as_a_module(rng):
    model = Sequential(Linear(3, 4), LeakyReLU(), Linear(4, 2)).build((3,))
    x = rng.standard_normal((5, 3)).astype(np.float32)
    with model.inference():
        assert_array_equal(Predictor(model)(x), model(x))


class Twice(Module):
    def __init__(self):
        self.part = Linear(3, 3)

    def forward(self, x):
        return self.part.forward(self.part.forward(x))

    def output_shape(self, input_shape):
        return input_shape


def test_a_module_of_ones_own_runs_as_it_is(rng):
    model = Twice().build((3,))
    x = rng.standard_normal((5, 3)).astype(np.float32)
    with model.inference():
        assert_array_equal(Predictor(model)(x), model(x))


def test_probabilities(rng):
    model = Sequential(Linear(3, 4)).build((3,))
    p = Predictor(model).predict(rng.standard_normal((5, 3)).astype(np.float32))
    assert p.sum(axis=1) == pytest.approx(1)


def test_another_image_size_makes_another_program(rng):
    predictor = Predictor(Sequential(Conv2d(2, 3, 3), ReLU()).build((2, 12, 10)))
    assert predictor(images(rng, 2)).shape == (2, 3, 10, 8)
    assert predictor(images(rng, 2)[:, :, :6]).shape == (2, 3, 4, 8)


def test_several_threads_predict_at_once(rng):
    x, predictor = images(rng, 64), Predictor(network().build((2, 12, 10)))
    expected, found = predictor(x), []

    def work():
        found.extend(predictor(x) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    for y in found:
        assert_array_equal(y, expected)


@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (np.zeros((1, 3)), DtypeError, "x is float64, an array of float32 is needed"),
        ([[1.0, 2.0, 3.0]], DtypeError, "x is list"),
        (np.zeros((1, 4), np.float32), ShapeError, "x has 4 features but weight expects 3"),
        (np.zeros(3, np.float32), ShapeError, "samples along a first axis"),
    ],
)
def test_mistakes_are_named(x, error, words):
    with pytest.raises(error, match=words):
        Predictor(Sequential(Linear(3, 2)).build((3,)))(x)
