"""summary: numbers computed by hand."""

import numpy as np
import pytest

from pellucid import ShapeError, models, summary
from pellucid.nn import (
    GRU,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv1d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool1d,
    MaxPool2d,
    Module,
    ReLU,
    Sequential,
)

TABLE = """\
layer                         output        parameters  multiply-adds   sees
----------------------------------------------------------------------------
input                         (1, 28, 28)
conv1    Conv2d(1, 32, 3x3)   (32, 26, 26)         320        194,688    3x3
relu1    ReLU()               (32, 26, 26)           0              0    3x3
pool1    MaxPool2d(2x2)       (32, 13, 13)           0              0    4x4
conv2    Conv2d(32, 64, 3x3)  (64, 11, 11)      18,496      2,230,272    8x8
relu2    ReLU()               (64, 11, 11)           0              0    8x8
pool2    MaxPool2d(2x2)       (64, 5, 5)             0              0  10x10
flatten  Flatten()            (1600)                 0              0  10x10
dropout  Dropout(0.5)         (1600)                 0              0  10x10
linear   Linear(1600, 10)     (10)              16,010         16,000  28x28
----------------------------------------------------------------------------
total                                           34,826      2,440,960"""


OVER_TIME = """\
layer                                                  output           parameters  multiply-adds   sees
--------------------------------------------------------------------------------------------------------
input                                                  (3, 1, 28, 28)
time                   TimeAxis()                      (3, 1, 28, 28)            0              0    1x1
frames.module.conv1    Conv2d(1, 16, 3x3, padding=1)   (3, 16, 28, 28)         160        338,688    3x3
frames.module.relu1    ReLU()                          (3, 16, 28, 28)           0              0    3x3
frames.module.pool1    MaxPool2d(2x2)                  (3, 16, 14, 14)           0              0    4x4
frames.module.conv2    Conv2d(16, 32, 3x3, padding=1)  (3, 32, 14, 14)       4,640      2,709,504    8x8
frames.module.relu2    ReLU()                          (3, 32, 14, 14)           0              0    8x8
frames.module.pool2    MaxPool2d(2x2)                  (3, 32, 7, 7)             0              0  10x10
frames.module.flatten  Flatten()                       (3, 1568)                 0              0  10x10
head.lstm              LSTM(1568, 128)                 (128)               869,376      2,605,056  28x28
head.linear            Linear(128, 10)                 (10)                  1,290          1,280  28x28
--------------------------------------------------------------------------------------------------------
total                                                                      875,466      5,654,528"""


def test_mnist_cnn_to_the_letter():
    result = summary(models.mnist_cnn(), (1, 28, 28))
    assert str(result) == TABLE
    assert result.parameters == 320 + 18_496 + 16_010 == 34_826
    assert [row.output_shape for row in result.rows if "ReLU" not in row.layer] == [
        (32, 26, 26), (32, 13, 13), (64, 11, 11), (64, 5, 5), (1600,), (1600,), (10,),
    ]  # fmt: skip


def test_it_leaves_the_model_unbuilt():
    model = models.mnist_cnn()
    summary(model, (1, 28, 28))
    assert not model.built


WINDOWS = {
    "strides": (
        [Conv2d(1, 2, (3, 2), stride=(2, 1)), MaxPool2d((2, 3), stride=(1, 2)), Conv2d(2, 1, (1, 2))],
        (5, 6),
        (2, 2),
    ),
    "dilation": (
        [Conv2d(1, 2, (3, 2), stride=(1, 2), dilation=(2, 1)), Conv2d(2, 1, 2, dilation=(1, 3))],
        (6, 8),
        (1, 2),
    ),
    "groups and means": (
        [Conv2d(1, 2, (2, 3)), AvgPool2d((3, 2), stride=(2, 1)), Conv2d(2, 2, 2, groups=2), Conv2d(2, 1, 1)],
        (6, 5),
        (2, 1),
    ),
}


@pytest.mark.parametrize(("layers", "field", "jump"), WINDOWS.values(), ids=WINDOWS.keys())
def test_the_receptive_field_is_what_moves_the_output(layers, field, jump, rng):
    """Which input pixels change one output position: counted by backward, between the first and the last of them."""
    model = Sequential(*layers).build((1, 15, 14), dtype=np.float64)
    row = summary(model, (1, 15, 14)).rows[-1]
    touched = np.zeros((15, 14), bool)
    for _ in range(60):  # another input, another winner in the pool
        y = model(rng.standard_normal((1, 1, 15, 14)))
        g = np.zeros_like(y)
        g[0, 0, 1, 1] = 1
        touched |= model.backward(g)[0, 0] != 0
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    assert (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1) == row.receptive_field == field
    assert (rows[0], columns[0]) == row.jump == jump


def test_groups_divide_the_work():
    whole, parts = (summary(Conv2d(4, 6, 3, groups=g), (4, 5, 5)) for g in (1, 2))
    assert (whole.multiply_adds, parts.multiply_adds) == (6 * 9 * 4 * 9, 6 * 9 * 2 * 9)
    assert (whole.parameters, parts.parameters) == (6 * 4 * 9 + 6, 6 * 2 * 9 + 6)


def test_a_mean_has_nothing_to_multiply_with():
    row = summary(AvgPool2d(2), (3, 6, 6)).rows[0]
    assert (row.parameters, row.multiply_adds, row.output_shape) == (0, 0, (3, 3, 3))


def test_nested_and_tied():
    inner = Sequential({"a": Linear(4, 4, bias=False), "relu": ReLU()})
    model = Sequential({"body": inner, "b": Linear(4, 4, bias=False)})
    model.b.weight = inner.a.weight
    result = summary(model, (4,))
    assert [row.path for row in result.rows] == ["body.a", "body.relu", "b"]
    assert result.parameters == 16
    assert result.multiply_adds == 32


def test_linear_over_leading_axes_multiplies_for_each():
    assert summary(Linear(3, 5), (7, 3)).multiply_adds == 7 * 3 * 5


def test_over_time_to_the_letter():
    """Every frame goes through the convolutions; the LSTM multiplies by all its weights at each step."""
    result = summary(models.cnn_lstm(), (3, 1, 28, 28))
    assert str(result) == OVER_TIME
    assert result.rows[1].multiply_adds == 3 * 16 * 28 * 28 * 9
    assert result.rows[-2].multiply_adds == 3 * 4 * 128 * (1568 + 128)
    assert summary(models.cnn_lstm(), (1, 28, 28)).multiply_adds * 3 - 2 * 1280 == result.multiply_adds


def test_both_directions_and_all_layers_multiply():
    rows = summary(GRU(5, 4, 2, bidirectional=True, return_sequences=True), (7, 5)).rows
    assert rows[0].multiply_adds == 7 * 2 * 12 * ((5 + 4) + (8 + 4))


def test_a_module_of_ones_own_is_one_row():
    class Own(Module):
        def __init__(self):
            self.layer = Linear(3, 3)

        def output_shape(self, input_shape):
            return input_shape

    result = summary(Sequential(Conv2d(1, 1, 3), Own(), MaxPool2d(2)), (1, 6, 6))
    conv, own, pool = result.rows
    assert own.parameters == 12
    assert (own.multiply_adds, own.receptive_field, pool.receptive_field) == (None, None, None), (
        "its inside is not known"
    )
    assert conv.receptive_field == (3, 3)
    assert result.multiply_adds is None
    assert str(result).count("?") == 4


def test_linear_sees_all_only_where_all_is_one_row():
    rows = summary(Sequential(Linear(3, 5), Flatten(), Linear(35, 2)), (7, 3)).rows
    assert rows[0].receptive_field == (1, 1)
    assert rows[2].receptive_field == (7, 3)


def test_as_plain_data():
    data = summary(Sequential(Flatten(), Linear(4, 2)), (1, 2, 2)).to_dict()
    assert data["parameters"] == 10
    assert data["rows"][1]["path"] == "1"


def test_a_misfit_names_the_layer():
    with pytest.raises(ShapeError, match=r"layer 'body\.conv': conv2d: x has 1 channels"):
        summary(Sequential({"body": Sequential({"conv": Conv2d(2, 2, 3)})}), (1, 5, 5))


def test_what_is_not_followed_is_not_said():
    s = summary(Sequential(Conv1d(3, 4, 5), MaxPool1d(2), Flatten(), Linear(12, 2)), (3, 10))
    assert [row.receptive_field for row in s.rows] == [None, None, None, (3, 10)]
    assert s.multiply_adds == 4 * 6 * 15 + 24
    s = summary(Sequential(Conv2d(1, 1, 3), AdaptiveAvgPool2d(3), ReLU()), (1, 9, 9))
    assert [row.receptive_field for row in s.rows] == [(3, 3), None, None]


def test_what_is_frozen_is_counted():
    model = Sequential(Conv2d(1, 32, 3), MaxPool2d(2), Flatten(), Linear(5408, 10))
    assert "frozen" not in str(summary(model, (1, 28, 28)))
    model[0].freeze()
    model[3].bias.frozen = True
    found = summary(model, (1, 28, 28))
    assert [row.frozen for row in found.rows] == [320, 0, 0, 10]
    assert (found.parameters, found.frozen, found.to_dict()["frozen"]) == (54410, 330, 330)
    lines = str(found).splitlines()
    assert [line.split() for line in lines[-2:]] == [["frozen", "330"], ["trainable", "54,080"]]
    assert lines[-3].startswith("total")
    assert set(lines[-4]) == {"-"}


def test_batch_norm_changes_neither_shape_nor_sight():
    net = Sequential(Conv2d(1, 4, 3), BatchNorm2d(4), ReLU(), Flatten(), Linear(64, 2), BatchNorm1d(2))
    rows = summary(net, (1, 6, 6)).rows
    assert (rows[1].output_shape, rows[1].parameters, rows[1].receptive_field) == ((4, 4, 4), 8, (3, 3))
    assert summary(net, (1, 6, 6)).multiply_adds == 4 * 16 * 9 + 64 * 2
