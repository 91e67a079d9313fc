"""CrossEntropyLoss: the mean over samples, and the gradient that starts the way back."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, ShapeError
from pellucid._core.arrays import ordered_sum
from pellucid.nn import CrossEntropyLoss
from pellucid.ops._memory import Arena

SETTINGS = {
    "plain": {},
    "smoothed": {"label_smoothing": 0.2},
    "weighted": {"weight": [0.5, 2, 0, 1]},
    "both": {"label_smoothing": 0.2, "weight": (0.5, 2, 0, 1)},
}
LABELS, PROBABILITIES = np.array([2, 0, 1]), np.array([[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0], [0, 0.5, 0.5, 0]])
SAMPLES = [0.5, 0.0, 3.0]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("targets", [LABELS, PROBABILITIES], ids=["labels", "probabilities"])
@pytest.mark.parametrize("samples", [None, SAMPLES], ids=["", "sample weights"])
def test_the_gradient_is_that_of_the_reduced_loss(reduction, settings, targets, samples, rng):
    loss = CrossEntropyLoss(reduction, **settings)
    logits, direction = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    value = loss(logits, targets, samples)
    assert value == ordered_sum(loss.losses) / (ordered_sum(loss.weights) if reduction == "mean" else 1)
    exact = np.vdot(loss.backward(), direction)
    numeric = (
        loss(logits + 1e-6 * direction, targets, samples) - loss(logits - 1e-6 * direction, targets, samples)
    ) / 2e-6
    assert exact == pytest.approx(numeric, rel=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_samples_that_all_weigh_1_are_samples_without_weights(reduction, dtype, rng):
    logits, (plain, weighted) = rng.standard_normal((3, 4)).astype(dtype), (CrossEntropyLoss(reduction) for _ in "12")
    assert plain(logits, LABELS) == weighted(logits, LABELS, np.ones(3))
    assert plain.weights.tolist() == weighted.weights.tolist() == [1, 1, 1]
    assert plain.backward().tobytes() == weighted.backward().tobytes()


def test_weights_of_classes_and_samples_multiply(rng):
    logits = rng.standard_normal((3, 4))
    loss, plain = CrossEntropyLoss(weight=[0.5, 2, 8, 1]), CrossEntropyLoss()
    plain(logits, LABELS)
    loss(logits, LABELS, SAMPLES)
    assert loss.weights.tolist() == [0.5 * 8, 0.0 * 0.5, 3.0 * 2]
    assert_allclose(loss.losses, loss.weights * plain.losses, rtol=1e-14)
    loss(logits, PROBABILITIES, SAMPLES)
    assert loss.weights.tolist() == SAMPLES, "class probabilities have no one class whose weight it could be"


def test_a_sample_that_weighs_nothing_might_as_well_be_away(rng):
    logits = rng.standard_normal((3, 4))
    loss = CrossEntropyLoss()
    weighted = loss(logits, LABELS, [1, 0, 1])
    grad = loss.backward()
    assert weighted == pytest.approx(loss(logits[[0, 2]], LABELS[[0, 2]]), rel=1e-14)
    assert_allclose(grad[[0, 2]], loss.backward(), rtol=1e-14)
    assert not grad[1].any()


def test_the_mean_of_an_epoch_is_one_sum_over_another(rng):
    """However it is cut into batches."""
    logits, labels, samples = rng.standard_normal((7, 4)), rng.integers(0, 4, 7), rng.random(7)
    loss = CrossEntropyLoss(weight=[1, 2, 3, 4])
    whole, losses, weights = loss(logits, labels, samples), [], []
    for part in (slice(0, 3), slice(3, 7)):
        loss(logits[part], labels[part], samples[part])
        losses.append(loss.losses)
        weights.append(loss.weights)
    assert whole == ordered_sum(np.concatenate(losses)) / ordered_sum(np.concatenate(weights))


def test_arguments_are_kept_and_not_written_to(rng):
    given, samples = np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 3])
    loss = CrossEntropyLoss(label_smoothing=0.1, weight=given)
    loss(rng.standard_normal((3, 4)).astype(np.float32), LABELS, samples)
    assert loss.backward().dtype == np.float32
    given[0] = samples[0] = 99
    assert (loss.reduction, loss.label_smoothing, loss.weight.tolist()) == ("mean", 0.1, [1, 2, 3, 4])
    assert loss.weights[0] == 3


@pytest.mark.parametrize(("settings", "samples"), [({"weight": [0, 0, 0, 1]}, None), ({}, [0, 0, 0])])
def test_samples_that_all_weigh_nothing_have_no_loss_and_no_gradient(rng, settings, samples):
    loss = CrossEntropyLoss(**settings)
    assert loss(rng.standard_normal((3, 4)), np.array([0, 1, 2]), samples) == 0
    assert not loss.backward().any()
    assert not loss.weights.any()


@pytest.mark.parametrize(
    ("settings", "samples", "error", "words"),
    [
        ({"label_smoothing": -0.1}, None, ConfigError, "CrossEntropyLoss: label_smoothing is -0.1"),
        ({"label_smoothing": 1.1}, None, ConfigError, "CrossEntropyLoss: label_smoothing is 1.1"),
        ({"weight": [1, -1, 1, 1]}, None, ConfigError, "CrossEntropyLoss: the class weights are"),
        ({"weight": [1, math.inf, 1, 1]}, None, ConfigError, "CrossEntropyLoss: the class weights are"),
        ({"weight": [[1, 1, 1, 1]]}, None, ShapeError, r"CrossEntropyLoss: weight has shape \(1, 4\)"),
        ({"weight": 2.0}, None, ShapeError, r"CrossEntropyLoss: weight has shape \(\)"),
        ({"weight": [1, 1]}, None, ShapeError, r"weight has shape \(2,\), expected \(4,\)"),
        ({}, [1, 1], ShapeError, r"sample_weights have shape \(2,\), expected \(3,\)"),
        ({}, [1, 1, -1], ConfigError, "sample_weights must be finite and not negative"),
        ({}, [1, 1, math.nan], ConfigError, "sample_weights must be finite"),
    ],
)
def test_impossible_weights_are_refused(settings, samples, error, words):
    with pytest.raises(error, match=words):
        CrossEntropyLoss(**settings)(np.zeros((3, 4)), LABELS, samples)


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
