"""ReduceLROnPlateau: a function of the history."""

import pytest

from pellucid import ConfigError
from pellucid.nn import Linear
from pellucid.optim import SGD, ChainedScheduler, LinearLR, ReduceLROnPlateau, SequentialLR


def sgd(lr):
    return SGD(Linear(1, 1).build((1,)).parameters(), lr)


def test_a_plateau_is_a_function_of_the_history():
    """Whatever it was told before: so a run that goes on has the same rate."""
    rows = [{"val_loss": loss} for loss in (3.0, 2.0, 2.1, 2.2, 1.9, 2.0, 2.0, 2.0)]
    one = ReduceLROnPlateau(sgd(1.0), factor=0.5, patience=1)
    rates = []
    for i in range(len(rows)):
        one.measured(rows[: i + 1])
        rates.append(one.lr(i))
    assert rates == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25]
    one.measured(rows[:4])
    assert one.lr(4) == 0.5
    with pytest.raises(ConfigError, match="'val_loss' is not measured; measured are loss; give fit validation data"):
        one.measured([{"loss": 1.0}])


def test_a_plateau_after_a_warm_up_and_in_a_chain():
    optimizer = sgd(1.0)
    parts = [LinearLR(optimizer, 0.5, total_iters=2), ReduceLROnPlateau(optimizer, factor=0.5, patience=0)]
    warm, chain = SequentialLR(optimizer, parts, [2]), ChainedScheduler(parts)
    for schedule in (warm, chain):
        schedule.measured([{"val_loss": 1.0}, {"val_loss": 2.0}])
    assert [warm.lr(step) for step in range(4)] == [0.5, 0.75, 0.5, 0.5]
    assert [chain.lr(step) for step in range(4)] == [0.25, 0.375, 0.5, 0.5]
