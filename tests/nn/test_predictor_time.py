"""Predictor over time: sequences in one program, the same numbers as the model's forward."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import models, native, nn
from pellucid.nn import GRU, LSTM, Predictor, Sequential, TimeAxis, TimeDistributed
from tests.checks import ENGINES
from tests.nn.test_predictor import a_program_gives_the_same, program_of

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")


def frames():
    layers = nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 5)
    return TimeDistributed(Sequential(*layers, nn.Softmax()))


NETS = {
    "last state": (lambda: Sequential(frames(), LSTM(5, 7), nn.Linear(7, 3)), (4, 1, 8, 10)),
    "layers of both kinds": (
        lambda: Sequential(frames(), LSTM(5, 7, 2, bias=False, return_sequences=True), GRU(7, 33, 2), nn.Tanh()),
        (3, 1, 8, 10),
    ),
    "a sequence comes out": (lambda: Sequential(GRU(5, 7, return_sequences=True), nn.LogSoftmax()), (6, 5)),
    "frames come out": (lambda: Sequential(TimeAxis(), TimeDistributed(nn.Conv2d(1, 1, 3)), nn.ReLU()), (1, 8, 10)),
    "steps within steps": (
        lambda: Sequential(TimeDistributed(TimeDistributed(nn.Conv2d(1, 1, 3))), nn.Sigmoid()),
        (2, 3, 1, 8, 10),
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("N", [0, 1, 3, 90])
def test_it_equals_the_model(engine, name, N, rng):
    make, shape = NETS[name]
    model, x = make().build(shape, seed=1).eval(), rng.standard_normal((N, *shape)).astype(np.float32)
    with native.using(engine):
        a_program_gives_the_same(model, x)


def test_one_frame_or_several():
    model, rng = models.cnn_lstm(hidden=16).build((1, 28, 28)).eval(), np.random.default_rng(0)
    predictor = Predictor(model)
    for shape in ((5, 1, 28, 28), (5, 1, 1, 28, 28), (70, 3, 1, 28, 28)):
        x = rng.standard_normal(shape).astype(np.float32)
        with model.inference():
            assert_array_equal(predictor(x), model(x))
    assert all(program is not None for program in predictor._programs.values())


LAYER_BY_LAYER = {
    "channels of a sequence": (lambda: nn.BatchNorm1d(5), (5, 4)),
    "both directions": (lambda: LSTM(5, 7, bidirectional=True), (4, 5)),
    "states": (lambda: GRU(5, 7, return_state=True), (4, 5)),
    "frames of several channels": (lambda: TimeDistributed(nn.Conv2d(2, 3, 3)), (2, 2, 8, 10)),
    "three axes that are no image": (lambda: TimeDistributed(TimeDistributed(nn.Linear(5, 4))), (2, 3, 5)),
    "three axes come out": (lambda: TimeDistributed(TimeDistributed(nn.Flatten())), (2, 3, 1, 4, 5)),
    "a time axis for several channels": (lambda: TimeAxis(), (2, 8, 10)),
    "several channels come out": (lambda: TimeDistributed(nn.Conv2d(1, 3, 3)), (2, 1, 8, 10)),
}


@pytest.mark.parametrize("name", LAYER_BY_LAYER)
def test_what_has_no_place_in_a_program(name, rng):
    make, shape = LAYER_BY_LAYER[name]
    model, x = Sequential(make()).build(shape), rng.standard_normal((3, *shape)).astype(np.float32)
    for _, buffer in model.named_buffers():
        buffer.data = rng.random(buffer.shape) + 0.5
    predictor = Predictor(model)
    y = predictor(x)
    with model.inference():
        expected = model(x)
    for one, other in zip(y, expected, strict=True):
        assert_array_equal(one, other)
    assert program_of(predictor) is None
