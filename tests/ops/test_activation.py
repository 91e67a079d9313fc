"""Activations."""

import numpy as np

from pellucid import DtypeError
from pellucid.ops import relu_backward, relu_forward, relu_shape
from tests.checks import OpLaws, apart, case, refuse
from tests.oracles import relu_loops

SHAPES = {
    "rows": case((3, 4)),
    "images": case((2, 3, 4, 5)),
    "one number": case((1,)),
    "sequences": case((2, 3, 4)),
}


class TestReLU(OpLaws):
    forward, backward = staticmethod(relu_forward), staticmethod(relu_backward)
    shape, loops = staticmethod(relu_shape), staticmethod(relu_loops)
    eps, rtol = 1e-3, 1e-10  # piecewise linear, and no step reaches zero
    cases = SHAPES
    refused = {"bytes": refuse(np.zeros(3, np.uint8), error=DtypeError, words="x is uint8; convert it")}

    def make(self, rng, shape):
        return apart(rng, shape)


def test_relu_has_slope_0_at_0():
    _, saved = relu_forward(np.array([-1.0, 0.0, 2.0]))
    assert relu_backward(np.ones(3), saved).tolist() == [0, 0, 1]


def test_relu_passes_nan_on():
    assert np.isnan(relu_forward(np.array([np.nan]))[0]).all()
