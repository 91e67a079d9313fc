"""max_pool1d and avg_pool1d: any kernel, stride and padding along a sequence."""

from pellucid import ConfigError
from pellucid.ops import (
    avg_pool1d_backward,
    avg_pool1d_forward,
    avg_pool1d_shape,
    max_pool1d_backward,
    max_pool1d_forward,
    max_pool1d_shape,
)
from tests.checks import OpLaws, apart, case, refuse
from tests.oracles import avg_pool1d_loops, max_pool1d_loops

CASES = {
    "touching": case((2, 3, 8), kernel_size=2),
    "stride drops the end": case((2, 3, 7), kernel_size=3, stride=2),
    "overlapping, padded": case((2, 3, 8), kernel_size=3, stride=1, padding=1),
    "each side its own": case((2, 3, 8), kernel_size=4, stride=3, padding=(2, 0)),
    "one window": case((2, 21, 5), kernel_size=5),
    "batch 1": case((1, 4, 6), kernel_size=2, stride=1),
    "one channel": case((3, 1, 6), kernel_size=2),
}
REFUSED = {
    "too short": refuse((1, 1, 2), kernel_size=3, words="kernel 1x3 does not fit into the input 1x2"),
    "images": refuse((1, 1, 4, 4), kernel_size=2, words="expected 3 axes"),
    "padding": refuse((1, 1, 4), kernel_size=3, padding=2, error=ConfigError, words="more than half of kernel"),
    "words": refuse((1, 1, 4), kernel_size=3, padding="same", error=ConfigError, words="an int or \\(before, behind"),
    "kernel": refuse((1, 1, 4), kernel_size=0, error=ConfigError, words="kernel_size is 0, at least 1"),
}


class TestMaxPool1d(OpLaws):
    forward, backward = staticmethod(max_pool1d_forward), staticmethod(max_pool1d_backward)
    shape, loops = staticmethod(max_pool1d_shape), staticmethod(max_pool1d_loops)
    eps, rtol = 1e-3, 1e-10  # piecewise linear, and no step reaches a tie
    cases, refused = CASES, REFUSED

    def make(self, rng, shape):
        return apart(rng, shape)


class TestAvgPool1d(OpLaws):
    forward, backward = staticmethod(avg_pool1d_forward), staticmethod(avg_pool1d_backward)
    shape, loops = staticmethod(avg_pool1d_shape), staticmethod(avg_pool1d_loops)
    eps, rtol = 1.0, 1e-12  # linear
    cases = CASES | {
        "uncounted zeros": case((2, 3, 8), kernel_size=3, stride=2, padding=1, count_include_pad=False),
    }
    refused = REFUSED
