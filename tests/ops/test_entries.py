"""The losses of targets that have the shape of the outputs: mse, huber, bce_with_logits."""

import numpy as np
import pytest

from pellucid import ConfigError, DtypeError
from pellucid.ops import (
    bce_with_logits_backward,
    bce_with_logits_forward,
    bce_with_logits_shape,
    huber_backward,
    huber_forward,
    huber_shape,
    mse_backward,
    mse_forward,
    mse_shape,
)
from tests.checks import OpLaws, case, refuse
from tests.oracles_losses import bce_with_logits_loops, huber_loops, mse_loops

SHAPES = {
    "one entry each": (5,),
    "rows": (3, 4),
    "images": (2, 3, 4, 5),
    "batch 1": (1, 7),
    "sequences": (4, 3, 2),
    "many entries": (3, 517),
    "many samples": (300, 3),
}
CASES = {name: case(shape, targets=np.random.default_rng(1).random(shape)) for name, shape in SHAPES.items()}
REFUSED = {
    "another shape": refuse((2, 3), targets=np.ones((2, 1)), words=r"targets have shape \(2, 1\), the outputs"),
    "labels": refuse((2, 3), targets=np.ones(2), words=r"targets have shape \(2,\)"),
    "integers": refuse((2, 3), targets=np.ones((2, 3), int), error=DtypeError, words="targets is int64; convert it"),
    "types": refuse((2, 3), targets=np.ones((2, 3), np.float32), error=DtypeError, words="must be alike"),
    "no entries": refuse((2, 0), targets=np.ones((2, 0)), words="have no entries"),
    "a number": refuse((), targets=np.ones(()), words="have no entries"),
}


class Entries:
    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape, options["targets"].shape)


class TestMSE(Entries, OpLaws):
    forward, backward = staticmethod(mse_forward), staticmethod(mse_backward)
    shape, loops = staticmethod(mse_shape), staticmethod(mse_loops)
    cases, refused = CASES, REFUSED


class TestHuber(Entries, OpLaws):
    forward, backward = staticmethod(huber_forward), staticmethod(huber_backward)
    shape, loops = staticmethod(huber_shape), staticmethod(huber_loops)
    cases = CASES | {
        "early straight": case((3, 40), targets=np.zeros((3, 40)), delta=0.3),
        "late straight": case((3, 40), targets=np.zeros((3, 40)), delta=20.0),
    }
    refused = REFUSED | {
        f"delta {delta}": refuse((2,), targets=np.ones(2), delta=delta, error=ConfigError, words="delta is")
        for delta in (0, -1, np.inf, np.nan)
    }


class TestBCEWithLogits(Entries, OpLaws):
    forward, backward = staticmethod(bce_with_logits_forward), staticmethod(bce_with_logits_backward)
    shape, loops = staticmethod(bce_with_logits_shape), staticmethod(bce_with_logits_loops)
    cases = CASES | {
        "yes or no": case((2, 4), targets=np.array([[0.0, 1, 1, 0], [1, 1, 0, 0]])),
        "weighted": case((3, 4), targets=CASES["rows"].options["targets"], pos_weight=np.array([0.5, 1, 3, 0])),
        "weighted images": case(
            (2, 3, 4, 5), targets=CASES["images"].options["targets"], pos_weight=np.arange(60.0).reshape(3, 4, 5)
        ),
        "weighted numbers": case((5,), targets=CASES["one entry each"].options["targets"], pos_weight=np.array(3.0)),
    }
    refused = REFUSED | {
        "weights are not broadcast": refuse(
            (2, 3),
            targets=np.ones((2, 3)),
            pos_weight=np.ones(1),
            words=r"pos_weight has shape \(1,\), expected",
        ),
        "a weight below 0": refuse(
            (2, 3), targets=np.ones((2, 3)), pos_weight=-np.ones(3), error=ConfigError, words="finite numbers from 0"
        ),
        "weights of another type": refuse(
            (2, 3), targets=np.ones((2, 3)), pos_weight=np.ones(3, np.float32), error=DtypeError, words="must be alike"
        ),
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sure_score_overflows_nothing_and_keeps_its_digits(dtype):
    x, t = np.array([1000, -1000, 1000, -1000, -40, 40], dtype), np.array([1, 0, 0, 1, 0, 1], dtype)
    y, saved = bce_with_logits_forward(x, t)
    tail = pytest.approx(np.exp(-40.0), rel=1e-6)
    assert y.tolist() == [0, 0, 1000, 1000, tail, tail]
    grad = bce_with_logits_backward(np.ones(6, dtype), saved).tolist()
    assert grad == [0, 0, 1, -1, tail, pytest.approx(-np.exp(-40.0), rel=1e-6)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (mse_forward, mse_backward),
        (huber_forward, huber_backward),
        (bce_with_logits_forward, bce_with_logits_backward),
    ],
)
def test_nan_is_its_samples_alone(forward, backward, dtype):
    x = np.zeros((20, 3), dtype)
    x[7, 1] = np.nan
    y, saved = forward(x, np.ones_like(x))
    assert np.flatnonzero(np.isnan(y)).tolist() == [7]
    assert np.argwhere(np.isnan(backward(np.ones(20, dtype), saved))).tolist() == [[7, 1]]


def test_a_long_mean_loses_nothing_by_rounding(rng):
    x = rng.standard_normal((2, 3_000_001)).astype(np.float32)
    exact = np.square(x.astype(np.float64)).mean(axis=1)
    assert mse_forward(x, np.zeros_like(x))[0].tolist() == pytest.approx(exact, rel=3e-7)
