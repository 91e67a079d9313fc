"""linear: one matrix product and its two gradients."""

import numpy as np

from pellucid.ops import linear_backward, linear_forward, linear_shape
from tests.checks import OpLaws, case, refuse
from tests.oracles import linear_loops


class TestLinear(OpLaws):
    forward, backward = staticmethod(linear_forward), staticmethod(linear_backward)
    shape, loops = staticmethod(linear_shape), staticmethod(linear_loops)
    eps, rtol = 1.0, 1e-12  # bilinear, and the bias adds
    cases = {
        "plain": case((4, 5), (3, 5), (3,)),
        "no bias": case((4, 5), (3, 5)),
        "batch 1": case((1, 7), (2, 7), (2,)),
        "one in, one out": case((3, 1), (1, 1), (1,)),
        "more leading axes": case((2, 3, 5), (4, 5), (4,)),
        "four axes, no images": case((2, 3, 4, 5), (6, 5), (6,)),
        "no samples": case((0, 5), (3, 5), (3,)),
    }
    refused = {
        "features": refuse((2, 1600), (10, 1024), words="x has 1600 features but weight expects 1024"),
        "weight of three axes": refuse((2, 3), (4, 3, 1), words="expected 2 axes"),
        "a number": refuse((), (4, 3), words="x has no features"),
        "bias is not broadcast": refuse((2, 3), (4, 3), (1,), words="bias has shape"),
    }

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape, arrays[1].shape)

    def gradients(self, grad_y, saved):
        return tuple(g for g in super().gradients(grad_y, saved) if g is not None)


def test_first_layer_may_skip_grad_x(rng):
    y, saved = linear_forward(rng.standard_normal((2, 3)), rng.standard_normal((4, 3)), np.zeros(4))
    assert linear_backward(y, saved, needs_input_grad=False)[0] is None
