"""MovingAverage: the weighted mean that its formula says."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, ShapeError
from pellucid.optim import MovingAverage


@pytest.mark.parametrize("decay", [0.1, 0.5, 0.99, 0.9999])
def test_it_is_the_mean_with_falling_shares(rng, decay):
    values = rng.standard_normal((30, 7))
    average = MovingAverage([np.full(7, 1e3)], decay)
    for t, value in enumerate(values, 1):
        average.update([value])
        shares = np.array([(1 - decay) * decay ** (t - i) for i in range(1, t + 1)])
        assert shares.sum() == pytest.approx(1 - decay**t)
        assert_allclose(average.means[0], (shares / shares.sum()) @ values[:t], rtol=0, atol=1e-12)


def test_after_one_update_it_is_that_value_to_the_bit(rng):
    value = rng.standard_normal(9).astype(np.float32)
    average = MovingAverage([np.full(9, 1e6, np.float32)], 0.999)
    average.update([value])
    assert average.means[0].tobytes() == value.tobytes()


def test_what_does_not_move_is_its_own_mean():
    values = np.array([0.1, 1 / 3, 7e20], np.float32)
    average = MovingAverage([values], 0.999)
    for _ in range(500):
        average.update([values])
    assert average.means[0].tobytes() == values.tobytes()


def test_it_keeps_copies(rng):
    start = rng.standard_normal(3)
    average = MovingAverage([start], 0.5)
    average.update([value := start + 1])
    assert not np.shares_memory(average.means[0], start)
    value[:] = start[:] = 0
    assert (average.means[0] != 0).all()


@pytest.mark.parametrize("decay", [0, 1, -0.5, float("nan")])
def test_an_impossible_decay(decay):
    with pytest.raises(ConfigError, match=r"MovingAverage: decay is .*, a number above 0 and below 1"):
        MovingAverage([np.zeros(2)], decay)


@pytest.mark.parametrize("values", [[np.zeros(3)], [np.zeros(2), np.zeros(2)], []])
def test_other_shapes_are_refused(values):
    average = MovingAverage([np.zeros(2)], 0.5)
    with pytest.raises(ShapeError, match="MovingAverage: values of shapes"):
        average.update(values)
    assert average.steps == 0
