"""Start values: the variance that each name promises."""

import math

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.nn import Conv2d, Linear
from pellucid.nn.init import fans, initializer, orthogonal

SHAPE = (64, 48, 3, 3)
FAN_IN, FAN_OUT = 48 * 9, 64 * 9
DEVIATIONS = {
    "zeros": 0,
    "normal": 0.01,
    "glorot_uniform": math.sqrt(2 / (FAN_IN + FAN_OUT)),
    "glorot_normal": math.sqrt(2 / (FAN_IN + FAN_OUT)),
    "he_uniform": math.sqrt(2 / FAN_IN),
    "he_normal": math.sqrt(2 / FAN_IN),
}


def test_fans():
    assert fans(SHAPE) == (FAN_IN, FAN_OUT)
    assert fans((10, 1600)) == (1600, 10)


@pytest.mark.parametrize("name", DEVIATIONS)
def test_mean_and_deviation(name):
    values = initializer(name)(SHAPE, 77)
    assert values.shape == SHAPE
    assert abs(values.mean()) <= 5 * DEVIATIONS[name] / math.sqrt(values.size)
    assert values.std() == pytest.approx(DEVIATIONS[name], rel=0.01)
    if name.endswith("uniform"):
        assert np.abs(values).max() == pytest.approx(math.sqrt(3) * DEVIATIONS[name], rel=1e-3)
    elif name.endswith("normal"):
        assert np.abs(values).max() > 3.5 * DEVIATIONS[name], "a normal number goes further than a uniform one"


@pytest.mark.parametrize("shape", [(8, 8), (5, 12), (12, 5), (6, 2, 3, 3), (40, 4, 3, 3), (1, 7)])
def test_orthogonal_directions(shape):
    """Rows or columns, whichever are fewer, are unit vectors at right angles: the weight stretches nothing."""
    weight = initializer("orthogonal")(shape, 5).reshape(shape[0], -1)
    np.testing.assert_allclose(np.linalg.svd(weight, compute_uv=False), 1, rtol=1e-12)
    assert (weight != initializer("orthogonal")(shape, 6).reshape(weight.shape)).any()


def test_orthogonal_directions_are_spread_evenly():
    """The mean over many keys of each entry is 0, of its square 1 / the longer side."""
    drawn = np.array([initializer("orthogonal")((3, 4), key) for key in range(2000)])
    assert np.abs(drawn.mean(axis=0)).max() < 5 * 0.5 / math.sqrt(2000)
    np.testing.assert_allclose((drawn**2).mean(axis=0), 1 / 4, rtol=0.12)


def test_small_normal_is_normal():
    assert (initializer("small_normal")((3, 4), 1) == initializer("normal")((3, 4), 1)).all()


def test_layers_start_by_the_names_they_are_given():
    layer = Linear(50, 40, weight_init="normal", bias_init="ones").build((50,))
    assert layer.weight.data.std() == pytest.approx(0.01, rel=0.1)
    assert (layer.bias.data == 1).all()
    assert not Conv2d(1, 2, 3).build((1, 5, 5)).bias.data.any()


def test_a_group_has_the_fan_in_of_its_own_channels():
    """The sum runs over the channels of one group: 4 of 64."""
    layer = Conv2d(64, 64, 3, groups=16, weight_init="he_normal").build((64, 5, 5))
    assert layer.weight.data.std() == pytest.approx(math.sqrt(2 / (4 * 9)), rel=0.05)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError, match="'xavier' is unknown, known are zeros, ones, normal, glorot_uniform"):
        Linear(2, 2, weight_init="xavier")


def test_a_vector_has_no_fan():
    with pytest.raises(ConfigError, match="has no fan"):
        Linear(2, 2, bias_init="he_uniform").build((2,))


@pytest.mark.parametrize("shape", [(40, 10), (10, 40), (16, 16), (1, 5), (6, 2, 3, 2)])
def test_orthogonal(shape):
    """The columns, or the rows if there are fewer, are orthonormal; the same by any route to the same key."""
    values = initializer("orthogonal")(shape, 5)
    matrix = values.reshape(shape[0], -1)
    small = matrix.T @ matrix if len(matrix) > matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-11)
    assert values.shape == shape
    assert (orthogonal(shape, 5, gain=2.0) == 2 * values).all()
    assert (values != initializer("orthogonal")(shape, 6)).any()
