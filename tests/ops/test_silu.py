"""silu: x * sigmoid(x)."""

import math

import numpy as np
import pytest

from pellucid.ops import silu_backward, silu_forward, silu_shape
from tests.checks import OpLaws
from tests.ops.activations import REFUSED, SHAPES
from tests.oracles_activations import silu_loops


class TestSiLU(OpLaws):
    forward, backward = staticmethod(silu_forward), staticmethod(silu_backward)
    shape, loops = staticmethod(silu_shape), staticmethod(silu_loops)
    cases, refused = SHAPES, REFUSED


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_from_zero(dtype):
    x = np.array([-1e4, -80, 80, 1e4], dtype)
    y, saved = silu_forward(x)
    close = {"rel": 1e-6, "abs": 1e-45}
    assert y.tolist() == pytest.approx([0, -80 * math.exp(-80), 80, 1e4], **close)
    assert silu_backward(np.ones_like(x), saved).tolist() == pytest.approx([0, -79 * math.exp(-80), 1, 1], **close)
