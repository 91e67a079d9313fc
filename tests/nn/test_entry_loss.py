"""MSELoss, HuberLoss, BCEWithLogitsLoss: what they add to their ops; `Loss` itself is tested in test_loss.py."""

import numpy as np
import pytest

from pellucid import ConfigError, DtypeError, ShapeError
from pellucid._core.arrays import ordered_sum
from pellucid.nn import BCEWithLogitsLoss, HuberLoss, MSELoss
from pellucid.ops._memory import Arena

MAKE = {
    "mse": MSELoss,
    "huber": lambda *a: HuberLoss(*a, delta=0.7),
    "bce": BCEWithLogitsLoss,
    "bce, weighted": lambda *a: BCEWithLogitsLoss(*a, pos_weight=[0.5, 2, 0]),
}
SHAPES = {
    "mse": [(4,), (4, 3), (4, 2, 3, 2)],
    "huber": [(4,), (4, 3)],
    "bce": [(4,), (4, 3)],
    "bce, weighted": [(4, 3)],
}
CASES = [(name, shape) for name, shapes in SHAPES.items() for shape in shapes]
SAMPLES = [0.5, 0.0, 3.0, 1.0]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("name", "shape"), CASES)
@pytest.mark.parametrize("samples", [None, SAMPLES], ids=["", "sample weights"])
def test_the_gradient_is_that_of_the_reduced_loss(reduction, name, shape, samples, rng):
    loss = MAKE[name](reduction)
    outputs, direction, targets = rng.standard_normal(shape), rng.standard_normal(shape), rng.random(shape)
    value = loss(outputs, targets, samples)
    assert value == ordered_sum(loss.losses) / (ordered_sum(loss.weights) if reduction == "mean" else 1)
    exact = np.vdot(loss.backward(), direction)
    ahead, behind = (loss(outputs + step * direction, targets, samples) for step in (1e-6, -1e-6))
    assert exact == pytest.approx((ahead - behind) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", MAKE)
def test_a_sample_that_weighs_nothing_might_as_well_be_away(name, reduction, rng):
    outputs, targets, loss = rng.standard_normal((3, 3)), rng.random((3, 3)), MAKE[name](reduction)
    weighted, grad = loss(outputs, targets, [1, 0, 1]), loss.backward()
    assert weighted == pytest.approx(loss(outputs[[0, 2]], targets[[0, 2]]), rel=1e-14)
    assert grad[[0, 2]] == pytest.approx(loss.backward(), rel=1e-14)
    assert not grad[1].any()


def test_weights_of_a_yes():
    """One for all, one for each entry of a sample, or along some axes; never a guess."""
    x, yes = np.zeros((2, 3, 2, 2)), np.ones((2, 3, 2, 2))
    channels = np.array([1.0, 2, 6]).reshape(3, 1, 1)
    for weight, mean in ((3.0, 3), (channels, 3), (np.full((3, 2, 2), 3), 3), (np.float32(0), 0)):
        assert BCEWithLogitsLoss(pos_weight=weight)(x, yes) == pytest.approx(mean * np.log(2))
    for weight in (np.ones(2), np.ones((3, 2)), np.ones((2, 1, 1)), np.ones((1, 3, 2, 2))):
        with pytest.raises(ShapeError, match="pos_weight has shape"):
            BCEWithLogitsLoss(pos_weight=weight)(x, yes)


def test_arguments_are_kept_and_not_written_to():
    given = np.array([1.0, 2, 3])
    loss = BCEWithLogitsLoss(pos_weight=given)
    given[0] = 99
    assert (loss.reduction, loss.pos_weight.tolist(), HuberLoss("sum", 2.0).delta) == ("mean", [1, 2, 3], 2.0)
    assert loss(np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)) == pytest.approx(2 * np.log(2))
    assert loss.backward().dtype == np.float32


def test_the_losses_of_a_step_may_be_kept(rng):
    loss, arena, kept = MSELoss(), Arena(), []
    for _ in range(3):
        with arena.step():
            loss(rng.standard_normal((4, 3)), np.zeros((4, 3)))
            kept.append(loss.losses)
    assert len({k.tobytes() for k in kept}) == 3


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: MSELoss("none"), ConfigError, "MSELoss: reduction is 'none'"),
        (lambda: HuberLoss(delta=0), ConfigError, "HuberLoss: delta is 0, a finite number above 0"),
        (lambda: BCEWithLogitsLoss(pos_weight=-1), ConfigError, "BCEWithLogitsLoss: pos_weight is -1.0, finite"),
        (lambda: MSELoss().backward(), ConfigError, "MSELoss: backward without a forward"),
        (lambda: MSELoss()(np.ones((0, 2)), np.ones((0, 2))), ShapeError, "MSELoss: no samples"),
        (lambda: MSELoss()(np.ones((2, 1)), np.ones(2)), ShapeError, "mse: targets have shape"),
        (lambda: MSELoss()(np.ones(2), [1, 2]), DtypeError, "mse: targets is int64; convert it"),
        (lambda: HuberLoss()(np.ones(2), np.ones(2), [1]), ShapeError, "HuberLoss: sample_weights have shape"),
        (lambda: HuberLoss()(np.ones(2), np.ones(2), [1, -1]), ConfigError, "HuberLoss: sample_weights must be finite"),
    ],
)
def test_mistakes_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
