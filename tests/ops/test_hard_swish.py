"""hard_swish: silu by straight lines."""

import numpy as np

from pellucid.ops import hard_swish_backward, hard_swish_forward, hard_swish_shape
from tests.checks import OpLaws, apart, case
from tests.ops.activations import REFUSED, SHAPES
from tests.oracles_activations import hard_swish_loops


class TestHardSwish(OpLaws):
    forward, backward = staticmethod(hard_swish_forward), staticmethod(hard_swish_backward)
    shape, loops = staticmethod(hard_swish_shape), staticmethod(hard_swish_loops)
    cases = SHAPES | {"on both sides of both kinks": case((9, 11))}
    refused = REFUSED

    def make(self, rng, shape):
        return apart(rng, shape)  # odd multiples of 0.05: no step reaches -3 or 3


def test_it_is_nothing_below_the_kinks_and_the_identity_above():
    for dtype in (np.float32, np.float64):
        x = np.array([-1e9, -3, 3, 1e9], dtype)
        y, saved = hard_swish_forward(x)
        assert y.tolist() == [0, 0, 3, 1e9]
        assert hard_swish_backward(np.ones_like(x), saved).tolist() == [0, 0, 1, 1]
