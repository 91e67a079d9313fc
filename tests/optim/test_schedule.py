"""Schedules: functions of the step."""

import inspect

import pytest

from pellucid import ConfigError
from pellucid.nn import Linear
from pellucid.optim import (
    SGD,
    Adam,
    ChainedScheduler,
    Constant,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    Schedule,
    SequentialLR,
    StepLR,
)


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


# --- one after another --------------------------------------------------------------------------------------


def warm_up_and_fall(optimizer, last_first=False):
    """A line up over 2 steps, half a cosine over 4, then a tenth; the parts made in the one order or the other."""
    makers = [
        lambda: LinearLR(optimizer, 0.5, total_iters=2),
        lambda: CosineAnnealingLR(optimizer, 4),
        lambda: LinearLR(optimizer, 0.1, 0.1, 1),
    ]
    parts = [make() for make in (makers[::-1] if last_first else makers)]
    return SequentialLR(optimizer, parts[::-1] if last_first else parts, [2, 6])


@pytest.mark.parametrize("last_first", [False, True])
def test_each_part_starts_from_the_rate_the_optimizer_was_made_with(last_first):
    optimizer = adam(1.0)
    schedule = warm_up_and_fall(optimizer, last_first)
    assert optimizer.lr == 0.5
    expected = [0.5, 0.75, 1.0, 0.853553, 0.5, 0.146447, 0.1, 0.1]
    assert [schedule.lr(step) for step in range(8)] == pytest.approx(expected, abs=1e-6)


def test_a_rate_set_by_hand_is_where_the_next_schedule_starts():
    optimizer = adam(1.0)
    StepLR(optimizer, 3).apply(5)
    optimizer.lr = 0.3
    assert LinearLR(optimizer).base_lr == 0.3
    assert Constant(optimizer).lr(7) == 0.3


def test_the_rate_is_a_function_of_the_step_alone():
    """In any order, with or without the steps between: so a run can go on anywhere."""
    optimizer = adam(1.0)
    schedule = warm_up_and_fall(optimizer)
    by_step = {}
    for step in (5, 0, 7, 2, 6, 1, 4, 3):
        schedule.apply(step)
        by_step[step] = optimizer.lr
    other = adam(1.0)
    stepping = warm_up_and_fall(other)
    for step in range(8):
        assert other.lr == by_step[step] == schedule.lr(step)
        stepping.step()


def test_a_part_of_a_sequence_moves_the_momentum_too():
    optimizer = adam()
    parts = [Constant(optimizer), OneCycleLR(optimizer, 1.0, 4, pct_start=0.5)]
    schedule = SequentialLR(optimizer, parts, [3])
    schedule.apply(4)
    assert (optimizer.lr, optimizer.betas[0]) == (1.0, 0.85)
    with pytest.raises(ConfigError, match="made for 4 steps"):
        schedule.lr(7)


SETTINGS = {
    Constant: {},
    StepLR: {"step_size": 4, "gamma": 0.3},
    CosineAnnealingLR: {"T_max": 9, "eta_min": 0.02},
    MultiStepLR: {"milestones": (3, 5), "gamma": 0.3},
    ExponentialLR: {"gamma": 0.3},
    PolynomialLR: {"total_iters": 7, "power": 2.0},
    ConstantLR: {"factor": 0.2, "total_iters": 7},
    LambdaLR: {"lr_lambda": float},
    CosineAnnealingWarmRestarts: {"T_0": 9, "T_mult": 2, "eta_min": 0.02},
    CyclicLR: {
        "base_lr": 0.2, "max_lr": 0.3, "step_size_up": 20, "step_size_down": 3, "mode": "exp_range", "gamma": 0.9,
        "cycle_momentum": False, "base_momentum": 0.7, "max_momentum": 0.8,
    },
    ReduceLROnPlateau: {
        "mode": "max", "factor": 0.3, "patience": 2, "threshold": 0.1, "threshold_mode": "abs", "cooldown": 1,
        "min_lr": 0.01, "eps": 0.1, "monitor": "accuracy",
    },
    LinearLR: {"start_factor": 0.2, "end_factor": 0.9, "total_iters": 7},
    OneCycleLR: {
        "max_lr": 0.3, "total_steps": 20, "pct_start": 0.4, "cycle_momentum": False, "base_momentum": 0.7,
        "max_momentum": 0.8, "div_factor": 5, "final_div_factor": 50,
    },
}  # fmt: skip


@pytest.mark.parametrize("rule", SETTINGS)
def test_all_settings_can_be_read(rule):
    """By the names of the arguments, so that who goes on with a run can compare them."""
    schedule = rule(adam(), **SETTINGS[rule])
    assert {"optimizer", *SETTINGS[rule]} == {*inspect.signature(rule).parameters}
    assert {name: getattr(schedule, name) for name in SETTINGS[rule]} == SETTINGS[rule]


def test_the_settings_of_a_sequence_are_its_parts():
    optimizer = adam()
    parts = [LinearLR(optimizer), StepLR(optimizer, 3)]
    schedule = SequentialLR(optimizer, parts, [5])
    assert (schedule.optimizer, schedule.schedules, schedule.milestones) == (optimizer, tuple(parts), (5,))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda o: StepLR(o, 0), "StepLR: step_size is 0, at least 1"),
        (lambda o: StepLR(o, 2.5), "StepLR: step_size is 2.5, a whole number"),
        (lambda o: StepLR(o, 2, gamma=0), "StepLR: gamma is 0"),
        (lambda o: CosineAnnealingLR(o, 0), "CosineAnnealingLR: T_max is 0"),
        (lambda o: CosineAnnealingLR(o, 5, -1), "CosineAnnealingLR: eta_min is -1"),
        (lambda o: LinearLR(o, 0), "LinearLR: start_factor is 0"),
        (lambda o: LinearLR(o, 1.1), "LinearLR: start_factor is 1.1"),
        (lambda o: LinearLR(o, end_factor=1.1), "LinearLR: end_factor is 1.1"),
        (lambda o: LinearLR(o, total_iters=0), "LinearLR: total_iters is 0"),
        (lambda o: MultiStepLR(o, [3, 3]), r"MultiStepLR: milestones are \(3, 3\), numbers from 1 that rise"),
        (lambda o: MultiStepLR(o, [2.5]), r"MultiStepLR: milestones are \(2.5,\)"),
        (lambda o: ExponentialLR(o, 0.0), "ExponentialLR: gamma is 0.0"),
        (lambda o: ExponentialLR(o, 1e300).lr(9), r"ExponentialLR: with gamma 1e\+300 the rate of step 10 is beyond"),
        (lambda o: PolynomialLR(o, 0), "PolynomialLR: total_iters is 0"),
        (lambda o: PolynomialLR(o, 5, 0), "PolynomialLR: power is 0"),
        (lambda o: ConstantLR(o, 1.5), "ConstantLR: factor is 1.5"),
        (lambda o: CosineAnnealingWarmRestarts(o, 0), "CosineAnnealingWarmRestarts: T_0 is 0"),
        (lambda o: CyclicLR(o, 0.1, 0.2, mode="square"), "CyclicLR: mode is 'square', expected triangular"),
        (lambda o: CyclicLR(o, 0.1, 0.2, 5, 0), "CyclicLR: step_size_down is 0"),
        (lambda o: ReduceLROnPlateau(o, "up"), "ReduceLROnPlateau: mode is 'up', expected min or max"),
        (lambda o: ReduceLROnPlateau(o, factor=1.0), "ReduceLROnPlateau: factor is 1.0"),
        (lambda o: ReduceLROnPlateau(o, patience=-1), "ReduceLROnPlateau: patience is -1"),
        (lambda o: ChainedScheduler([]), "ChainedScheduler: no schedules given"),
        (lambda o: ChainedScheduler([Constant(adam())], o), "ChainedScheduler: .* made for another optimiser"),
        (lambda o: SequentialLR(o, [], []), "SequentialLR: 0 schedules and 0 milestones"),
        (lambda o: SequentialLR(o, [Constant(o)], [3]), "SequentialLR: 1 schedules and 1 milestones"),
        (lambda o: SequentialLR(o, [Constant(o)] * 2, [0]), r"milestones are \(0,\), numbers from 1 that rise"),
        (lambda o: SequentialLR(o, [Constant(o)] * 3, [4, 4]), r"milestones are \(4, 4\)"),
        (lambda o: SequentialLR(o, [Constant(adam())], []), "SequentialLR: .* made for another optimiser"),
    ],
)
def test_impossible_schedules_are_refused(make, words):
    with pytest.raises(ConfigError, match=words):
        make(adam())


def test_after_its_warm_up_a_line_stays_at_its_end():
    schedule = LinearLR(adam(1.0), 0.5, 0.8, total_iters=3)
    assert [schedule.lr(step) for step in (0, 1, 2, 3, 4, 100)] == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.8, 0.8])
