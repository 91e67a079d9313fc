"""cross_entropy on logits: labels or class weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, DtypeError
from pellucid.ops import cross_entropy_backward, cross_entropy_forward, cross_entropy_shape, softmax_forward
from tests.checks import OpLaws, case, refuse
from tests.oracles_losses import cross_entropy_loops

CLASS_WEIGHTS = np.array([0.5, 2.0, 0.0, 1.25])
WEIGHTS = np.array([[0.1, 0.2, 0.7, 0.0], [0.0, 2.0, 0.0, 0.5], [0.25, 0.25, 0.25, 0.25]])


class TestCrossEntropy(OpLaws):
    forward, backward = staticmethod(cross_entropy_forward), staticmethod(cross_entropy_backward)
    shape, loops = staticmethod(cross_entropy_shape), staticmethod(cross_entropy_loops)
    cases = {
        "labels": case((5, 4), targets=np.array([3, 0, 2, 2, 1])),
        "labels of one byte": case((3, 4), targets=np.array([3, 0, 2], np.uint8)),
        "class probabilities": case((3, 4), targets=WEIGHTS),
        "smoothed": case((5, 4), targets=np.array([3, 0, 2, 2, 1]), label_smoothing=0.1),
        "all smoothed away": case((3, 4), targets=np.array([3, 0, 2]), label_smoothing=1.0),
        "weighted": case((5, 4), targets=np.array([3, 0, 2, 2, 1]), weight=CLASS_WEIGHTS),
        "smoothed and weighted": case((3, 4), targets=np.array([3, 2, 1]), label_smoothing=0.3, weight=CLASS_WEIGHTS),
        "class probabilities, smoothed and weighted": case(
            (3, 4), targets=WEIGHTS, label_smoothing=0.3, weight=CLASS_WEIGHTS
        ),
        "batch 1": case((1, 10), targets=np.array([7])),
        "many rows": case((35, 11), targets=np.arange(35) % 11),
        "one class": case((3, 1), targets=np.zeros(3, int)),
    }
    refused = {
        "too high": refuse(
            (2, 3), targets=np.array([0, 3]), words="label 3 is out of range, 3 logits mean labels 0 to 2"
        ),
        "negative": refuse((2, 3), targets=np.array([0, -1]), words="label -1 is out of range"),
        "count": refuse((2, 3), targets=np.array([0]), words=r"targets have shape \(1,\)"),
        "not broadcast": refuse((2, 3), targets=np.ones((1, 3)), words=r"targets have shape \(1, 3\)"),
        "float labels": refuse((2, 3), targets=np.array([0.0, 1.0]), error=DtypeError, words="integers are needed"),
        "integer weights": refuse((2, 3), targets=np.ones((2, 3), int), error=DtypeError, words="targets is int64"),
        "smoothing": refuse(
            (2, 3), targets=np.array([0, 1]), label_smoothing=1.5, error=ConfigError, words="label_smoothing is 1.5"
        ),
        "smoothing that is none": refuse(
            (2, 3), targets=np.array([0, 1]), label_smoothing=float("nan"), error=ConfigError, words="is nan, a number"
        ),
        "weight is not broadcast": refuse(
            (2, 3), targets=np.array([0, 1]), weight=np.ones(1), words=r"weight has shape \(1,\), expected \(3,\)"
        ),
        "weight of another type": refuse(
            (2, 3), targets=np.array([0, 1]), weight=np.ones(3, np.float32), error=DtypeError, words="must be alike"
        ),
        "a weight below 0": refuse(
            (2, 3), targets=np.array([0, 1]), weight=-np.ones(3), error=ConfigError, words="finite numbers from 0"
        ),
        "three axes": refuse((2, 3, 4), targets=np.array([0, 1]), words="expected 2 axes"),
    }

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape, options["targets"].shape)


def test_one_hot_weights_are_labels(rng):
    logits, labels = rng.standard_normal((4, 3)), np.array([2, 0, 1, 1])
    for_labels, saved = cross_entropy_forward(logits, labels)
    for_weights, saved_weights = cross_entropy_forward(logits, np.eye(3)[labels])
    assert_allclose(for_weights, for_labels, rtol=1e-14)
    grads = cross_entropy_backward(np.ones(4), saved), cross_entropy_backward(np.ones(4), saved_weights)
    assert_allclose(*grads, atol=1e-15)
    assert_allclose(grads[0], softmax_forward(logits)[0] - np.eye(3)[labels], atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_hopeless_score_has_a_finite_loss_and_gradient(dtype):
    y, saved = cross_entropy_forward(np.array([[1e4, -1e4]], dtype), np.array([1]))
    assert y.tolist() == [2e4]
    assert cross_entropy_backward(np.ones(1, dtype), saved).tolist() == [[1, -1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_class_that_is_ruled_out_costs_nothing_where_its_target_is_0(dtype):
    """Its logit is -inf, its log p too; weighted, soft or not, the others have the loss that they have without it."""
    logits, labels = np.array([[0.5, -np.inf, 2.0]], dtype), np.array([2])
    plain = cross_entropy_forward(logits, labels)[0]
    y, saved = cross_entropy_forward(logits, labels, weight=np.array([1.0, 1.0, 3.0], dtype))
    assert_allclose(y, 3 * plain, rtol=1e-6 if dtype == np.float32 else 1e-14)
    assert cross_entropy_backward(np.ones(1, dtype), saved)[0, 1] == 0
    assert cross_entropy_forward(logits, np.array([[0, 0, 1]], dtype))[0] == plain


@pytest.mark.parametrize("kind", ["b", "B", "h", "H", "i", "I", "q", "Q", ">i4"])
def test_labels_of_any_integer_type(kind):
    logits = np.arange(12, dtype=np.float32).reshape(4, 3)
    expected, _ = cross_entropy_forward(logits, np.array([2, 0, 1, 2]))
    assert cross_entropy_forward(logits, np.array([2, 0, 1, 2], kind))[0].tolist() == expected.tolist()
    every_other = np.array([2, 9, 0, 9, 1, 9, 2, 9], kind)[::2]
    assert cross_entropy_forward(logits, every_other)[0].tolist() == expected.tolist()
