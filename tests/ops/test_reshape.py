"""reshape and permute: the order of the numbers is C, H, W whatever the memory looks like."""

from pellucid import ConfigError
from pellucid.ops import (
    permute_backward,
    permute_forward,
    permute_shape,
    reshape_backward,
    reshape_forward,
    reshape_shape,
)
from tests.checks import OpLaws, case, refuse
from tests.oracles_places import permute_loops, reshape_loops


class TestReshape(OpLaws):
    forward, backward = staticmethod(reshape_forward), staticmethod(reshape_backward)
    shape, loops = staticmethod(reshape_shape), staticmethod(reshape_loops)
    eps, rtol = 1.0, 1e-12  # linear
    cases = {
        "image to rows": case((2, 1, 4, 5), shape=(4, 5)),
        "channels to time": case((2, 3, 4, 5), shape=(3, 20)),
        "row to image": case((2, 60), shape=(3, 4, 5)),
        "sequence to image": case((2, 6, 5), shape=(2, 3, 5)),
        "image to image": case((2, 3, 4, 5), shape=(5, 2, 6)),
        "flat": case((3, 2, 5), shape=(-1,)),
        "what is left": case((1, 3, 8), shape=(2, -1, 4)),
        "batch 1": case((1, 6), shape=(2, 3)),
        "no samples": case((0, 6), shape=(2, 3)),
    }
    refused = {
        "too few": refuse((2, 6), shape=(4,), words="samples of shape \\(6,\\) do not become \\(4,\\)"),
        "does not divide": refuse((2, 6), shape=(4, -1), words="do not become"),
        "two unknown": refuse((2, 6), shape=(-1, -1), error=ConfigError, words="impossible sizes"),
        "a number": refuse((), shape=(1,), words="x has no axes"),
    }


class TestPermute(OpLaws):
    forward, backward = staticmethod(permute_forward), staticmethod(permute_backward)
    shape, loops = staticmethod(permute_shape), staticmethod(permute_loops)
    eps, rtol = 1.0, 1e-12  # linear
    cases = {
        "sequences": case((2, 3, 4), axes=(2, 1)),
        "rows of an image": case((2, 3, 4, 5), axes=(2, 3, 1)),
        "around": case((2, 3, 4, 5), axes=(3, 1, 2)),
        "as it was": case((2, 3, 4, 5), axes=(1, 2, 3)),
        "five axes": case((2, 3, 1, 4, 2), axes=(4, 1, 3, 2)),
        "batch 1": case((1, 21, 4), axes=(2, 1)),
        "no samples": case((0, 2, 3), axes=(2, 1)),
    }
    refused = {
        "twice the same": refuse((2, 3, 4), axes=(1, 1), words="axes \\(1, 1\\) are not 1 to 2"),
        "the samples": refuse((2, 3, 4), axes=(0, 1), words="each once"),
    }
