"""A misfit tells which layer, what came to it on which way, and what would mend it."""

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError
from pellucid.nn import (
    LSTM,
    BatchNorm1d,
    BatchNorm2d,
    Concat,
    Conv1d,
    Conv2d,
    Flatten,
    Graph,
    Identity,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sequential,
    TimeDistributed,
)
from pellucid.nn.misfit import explained


def told(network, shape):
    with pytest.raises(ShapeError) as error:
        network.build(shape)
    return str(error.value)


def test_the_whole_story():
    features = Sequential({"conv": Conv2d(1, 32, 3), "relu": ReLU(), "pool": MaxPool2d(2)})
    network = Sequential({"features": features, "flat": Flatten(), "fc": Linear(1024, 10)})
    assert told(network, (1, 28, 28)).splitlines() == [
        "layer 'fc': linear: x has 5408 features but weight expects 1024: use Linear(5408, 10)",
        "  the way there: input (1, 28, 28) -> features (32, 13, 13) -> flat (5408,)",
    ]


def test_inside_of_parts():
    block = Sequential({"a": Conv2d(8, 8, 3, padding=1), "b": Conv2d(4, 8, 1)})
    assert told(Sequential({"stem": Conv2d(1, 8, 3), "block": block}), (1, 9, 9)).splitlines() == [
        "layer 'block.b': conv2d: x has 8 channels but weight expects 4: use Conv2d(8, 8, ...)",
        "  the way there: input (1, 9, 9) -> stem (8, 7, 7)",
    ]


@pytest.mark.parametrize(
    ("layer", "shape", "advice"),
    [
        (Linear(100, 10), (4, 5, 5), "put Flatten() before it"),
        (Linear(90, 10), (4, 5, 5), "put Flatten() before it, and use Linear(100, 10)"),
        (Conv2d(1, 4, 3), (28, 28), "give samples an axis of channels, (1, 28, 28)"),
        (Conv2d(3, 4, 3), (28, 30, 3), "channels come first here: (3, 28, 30), not (28, 30, 3)"),
        (Conv1d(3, 4, 3), (5, 20), "use Conv1d(5, 4, ...)"),
        (BatchNorm2d(8), (4, 5, 5), "use BatchNorm2d(4)"),
        (BatchNorm1d(8), (4,), "use BatchNorm1d(4)"),
        (LSTM(28, 16), (28, 30), "use LSTM(30, 16)"),
        (LSTM(28, 16), (28,), "sequences are (T, features): a single step is (1, 28)"),
    ],
)
def test_what_would_mend_it(layer, shape, advice):
    assert told(Sequential(layer), shape).splitlines()[0].endswith(f": {advice}")
    if isinstance(layer, Linear):  # it helps
        assert Sequential(Flatten(), Linear(100, 10)).build(shape).built


def test_in_branches_and_graphs():
    assert "layer '0.body': linear" in told(Sequential(Residual(Linear(4, 5))), (5,))
    assert "layer '0.branches.1': linear" in told(Sequential(Concat(Linear(5, 2), Linear(4, 2))), (5,))
    graph = Graph({"a": (Linear(5, 4), "input"), "b": (Linear(3, 2), "a")})
    assert told(graph, (5,)).splitlines() == [
        "layer 'b': linear: x has 4 features but weight expects 3: use Linear(4, 2)",
        "  the way there: input (5,) -> a (4,)",
    ]


def test_other_images_than_it_was_built_for():
    """Found in the middle of a forward by an op; told as it is at build."""
    network = Sequential({"conv": Conv2d(1, 4, 3), "flat": Flatten(), "fc": Linear(400, 10)}).build((1, 12, 12))
    with pytest.raises(ShapeError, match="layer 'fc': linear: x has 576 features") as error:
        network(np.zeros((2, 1, 14, 14), np.float32))
    assert str(error.value).endswith("the way there: input (1, 14, 14) -> conv (4, 12, 12) -> flat (576,)")
    with pytest.raises(ShapeError, match=r"use Linear\(7, 3\)"):
        Linear(5, 3).build((5,))(np.zeros((2, 7), np.float32))


def test_time_distributed_tells_it_too():
    network = Sequential(TimeDistributed(Linear(4, 2)))
    with pytest.raises(ShapeError, match="layer '0': linear: x has 5 features"):
        network.build((3, 5))


@pytest.mark.parametrize(
    ("layer", "shape", "advice"),
    [
        (LSTM(5, 4), (5,), r"sequences are \(T, features\): a single step is \(1, 5\)"),
        (LSTM(5, 4), (7, 2, 5), r"put TimeDistributed\(Flatten\(\)\) before it"),
    ],
)
def test_what_would_mend_a_recurrent_layer(layer, shape, advice):
    with pytest.raises(ShapeError, match=advice):
        Sequential(layer).build(shape)


def test_an_error_that_shapes_do_not_explain_stays():
    class Odd(Identity):
        def output_shape(self, input_shape):
            raise ConfigError("of another kind")

    error = ShapeError("as it was")
    assert explained(Odd(), np.zeros((1, 2), np.float32), error) is error
