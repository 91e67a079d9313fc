"""CrossEntropyLoss: the mean over samples, and the gradient that starts the way back."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.nn import CrossEntropyLoss
from pellucid.ops._memory import Arena


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_gradient_is_that_of_the_reduced_loss(reduction, rng):
    loss, labels = CrossEntropyLoss(reduction), np.array([2, 0, 1])
    logits, direction = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    loss(logits, labels)
    exact = np.vdot(loss.backward(), direction)
    numeric = (loss(logits + 1e-6 * direction, labels) - loss(logits - 1e-6 * direction, labels)) / 2e-6
    assert exact == pytest.approx(numeric, rel=1e-7)


def test_no_knowledge_costs_log_k():
    loss = CrossEntropyLoss()
    assert loss(np.zeros((5, 10), np.float32), np.arange(5)) == pytest.approx(math.log(10), rel=1e-6)
    assert_allclose(loss.losses, math.log(10), rtol=1e-6)
    assert loss.backward().dtype == np.float32


def test_the_losses_of_a_step_may_be_kept(rng):
    loss, arena, kept = CrossEntropyLoss(), Arena(), []
    for _ in range(3):
        with arena.step():
            loss(rng.standard_normal((4, 3)), np.array([0, 1, 2, 0]))
            kept.append(loss.losses)
    assert len({k.tobytes() for k in kept}) == 3


def test_backward_needs_a_forward():
    with pytest.raises(ConfigError, match="backward without a forward"):
        CrossEntropyLoss().backward()


def test_an_unknown_reduction():
    with pytest.raises(ConfigError, match="'none'"):
        CrossEntropyLoss("none")
