"""conv1d: every option, along sequences of any length."""

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError
from pellucid.ops import conv1d_backward, conv1d_forward, conv1d_shape
from tests.checks import OpLaws, case, refuse
from tests.oracles import conv1d_loops


class TestConv1d(OpLaws):
    forward, backward = staticmethod(conv1d_forward), staticmethod(conv1d_backward)
    shape, loops = staticmethod(conv1d_shape), staticmethod(conv1d_loops)
    eps, rtol = 1.0, 1e-12  # (bi)linear
    cases = {
        "plain": case((2, 3, 9), (4, 3, 3), (4,)),
        "without bias": case((2, 3, 9), (4, 3, 2)),
        "stride drops the end": case((2, 3, 10), (4, 3, 3), (4,), stride=2, padding=1),
        "same, even kernel": case((2, 3, 8), (4, 3, 4), (4,), padding="same"),
        "each side its own": case((2, 3, 8), (4, 3, 3), (4,), padding=(2, 0)),
        "dilated": case((2, 3, 11), (4, 3, 3), (4,), dilation=3, padding=2),
        "groups": case((2, 4, 9), (6, 2, 3), (6,), groups=2),
        "depthwise": case((2, 17, 9), (17, 1, 3), (17,), groups=17),
        "one channel": case((3, 1, 7), (2, 1, 2), (2,)),
        "batch 1": case((1, 2, 7), (3, 2, 3), (3,)),
    }
    refused = {
        "channels": refuse((1, 2, 5), (3, 4, 3), words="conv1d: x has 2 channels but weight expects 4"),
        "too short": refuse((1, 2, 2), (3, 2, 3), words="conv1d: kernel 1x3 does not fit into the input 1x2"),
        "images": refuse((1, 2, 5, 5), (3, 2, 3), words="conv1d: expected 3 axes"),
        "bias": refuse((1, 2, 5), (3, 2, 3), (1,), words="bias has shape"),
        "stride": refuse((1, 2, 5), (3, 2, 3), stride=0, error=ConfigError, words="stride is 0"),
        "padding": refuse((1, 2, 5), (3, 2, 3), padding=(1, 1, 1), error=ConfigError, words="\\(before, behind\\)"),
        "same": refuse((1, 2, 5), (3, 2, 3), padding="same", stride=2, error=ConfigError, words="needs stride 1"),
    }

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape, arrays[1].shape, **options)


def test_gradients_go_where_they_are_wanted(rng):
    x, weight = rng.standard_normal((2, 3, 9)), rng.standard_normal((4, 3, 3))
    y, saved = conv1d_forward(x, weight, np.zeros(4))
    place, place_bias = np.full(weight.shape, np.nan), np.full(4, np.nan)
    grad_x, grad_weight, grad_bias = conv1d_backward(y, saved, needs_input_grad=False, out=(place, place_bias))
    assert grad_x is None
    assert grad_weight is place
    assert grad_bias is place_bias
    np.testing.assert_array_equal(place, conv1d_backward(y, saved)[1])


def test_a_gradient_of_another_length_is_named():
    _, saved = conv1d_forward(np.ones((1, 2, 5)), np.ones((3, 2, 3)))
    with pytest.raises(ShapeError, match="conv1d: grad_y has shape \\(1, 3, 4\\), expected \\(1, 3, 3\\)"):
        conv1d_backward(np.ones((1, 3, 4)), saved)
