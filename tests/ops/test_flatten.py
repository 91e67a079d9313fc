"""flatten: the order is C, H, W whatever the memory looks like."""

from pellucid.ops import flatten_backward, flatten_forward, flatten_shape
from tests.checks import OpLaws, case, refuse
from tests.oracles_places import flatten_loops


class TestFlatten(OpLaws):
    forward, backward = staticmethod(flatten_forward), staticmethod(flatten_backward)
    shape, loops = staticmethod(flatten_shape), staticmethod(flatten_loops)
    eps, rtol = 1.0, 1e-12  # linear
    cases = {
        "images": case((2, 3, 4, 5)),
        "batch 1": case((1, 2, 3, 2)),
        "one channel": case((3, 1, 4, 2)),
        "sequences": case((2, 3, 4)),
        "flat already": case((3, 4)),
        "numbers": case((3,)),
    }
    refused = {"a number": refuse((), words="x has no axes")}
