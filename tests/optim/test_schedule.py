"""Schedules: functions of the step."""

import pytest

from pellucid import ConfigError
from pellucid.nn import Linear
from pellucid.optim import SGD, Adam, Constant, OneCycleLR, Schedule


def adam(lr=0.1):
    return Adam(Linear(1, 1).build((1,)).parameters(), lr)


def test_constant_stays():
    optimizer = adam()
    schedule = Constant(optimizer)
    for _ in range(3):
        schedule.step()
        assert optimizer.lr == 0.1


def test_one_cycle_by_hand():
    optimizer = adam()
    schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=11, pct_start=5 / 11, div_factor=10, final_div_factor=5)
    rates, momenta = [optimizer.lr], [optimizer.betas[0]]
    for _ in range(10):
        schedule.step()
        rates.append(optimizer.lr)
        momenta.append(optimizer.betas[0])
    assert rates[0] == pytest.approx(0.1)
    assert rates[2] == pytest.approx((0.1 + 1) / 2), "half way up the cosine is half way between"
    assert rates[4] == pytest.approx(1.0)
    assert rates[7] == pytest.approx((1 + 0.02) / 2)
    assert rates[10] == pytest.approx(0.02)
    assert (momenta[0], momenta[4], momenta[10]) == pytest.approx((0.95, 0.85, 0.95))
    assert optimizer.betas[1] == 0.999
    schedule.step()
    assert optimizer.lr == pytest.approx(0.02)
    with pytest.raises(ConfigError, match="made for 11 steps, asked for step 13"):
        schedule.step()


def test_sgd_cycles_its_momentum():
    optimizer = SGD(Linear(1, 1).build((1,)).parameters(), 0.1, momentum=0.9)
    OneCycleLR(optimizer, 1.0, 10)
    assert optimizer.momentum == 0.95


def test_momentum_may_stay():
    optimizer = adam()
    schedule = OneCycleLR(optimizer, 1.0, 10, cycle_momentum=False)
    assert optimizer.betas == (0.9, 0.999)
    with pytest.raises(ConfigError, match="it has no momentum"):
        schedule.momentum(0)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_very_short_cycles_work(steps):
    schedule = OneCycleLR(adam(), 1.0, steps)
    for _ in range(steps):
        assert 0 < schedule.optimizer.lr <= 1
        schedule.step()


@pytest.mark.parametrize(
    "settings", [{"total_steps": 0}, {"total_steps": 5, "pct_start": 1.5}, {"total_steps": 5, "div_factor": 0}]
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ConfigError, match="OneCycleLR"):
        OneCycleLR(adam(), 1.0, **settings)


def test_a_schedule_that_defines_nothing_says_so():
    with pytest.raises(NotImplementedError, match="Schedule defines no lr"):
        Schedule(adam())
