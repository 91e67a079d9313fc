"""add, multiply and concatenate: nothing is broadcast, and what is joined comes apart again."""

import numpy as np

from pellucid.ops import (
    add_backward,
    add_forward,
    add_shape,
    concatenate_backward,
    concatenate_forward,
    concatenate_shape,
    multiply_backward,
    multiply_forward,
    multiply_shape,
)
from tests.checks import OpLaws, case, refuse
from tests.oracles_places import add_loops, concatenate_loops, multiply_loops

PAIRS = {
    "images": case((2, 3, 4, 5), (2, 3, 4, 5)),
    "batch 1": case((1, 2, 3, 2), (1, 2, 3, 2)),
    "sequences": case((2, 3, 4), (2, 3, 4)),
    "rows": case((3, 21), (3, 21)),
    "no samples": case((0, 2), (0, 2)),
}
REFUSED = {"a number for all": refuse((2, 3), (2, 1), words="shapes \\(2, 3\\) and \\(2, 1\\) differ")}


class _Several:
    eps, rtol = 1.0, 1e-12  # (bi)linear

    def shape_of(self, arrays, options):
        return self.shape(*(a.shape for a in arrays), **options)


class TestAdd(_Several, OpLaws):
    forward, backward = staticmethod(add_forward), staticmethod(add_backward)
    shape, loops = staticmethod(add_shape), staticmethod(add_loops)
    cases, refused = PAIRS, REFUSED


class TestMultiply(_Several, OpLaws):
    forward, backward = staticmethod(multiply_forward), staticmethod(multiply_backward)
    shape, loops = staticmethod(multiply_shape), staticmethod(multiply_loops)
    cases, refused = PAIRS, REFUSED


class TestConcatenate(_Several, OpLaws):
    forward, backward = staticmethod(concatenate_forward), staticmethod(concatenate_backward)
    shape, loops = staticmethod(concatenate_shape), staticmethod(concatenate_loops)
    cases = {
        "channels": case((2, 3, 4, 5), (2, 1, 4, 5), (2, 18, 4, 5)),
        "heights": case((2, 3, 4, 5), (2, 3, 2, 5), axis=2),
        "widths": case((1, 3, 4, 5), (1, 3, 4, 2), axis=3),
        "sequences": case((2, 3, 4), (2, 5, 4)),
        "time": case((2, 3, 4), (2, 3, 1), axis=2),
        "rows": case((3, 21), (3, 2)),
        "one alone": case((2, 3, 4)),
        "batch 1": case((1, 4), (1, 2)),
        "no samples": case((0, 2), (0, 3)),
    }
    refused = {
        "other heights": refuse((2, 3, 4), (2, 3, 5), words="differ in more than axis 1"),
        "samples": refuse((2, 3), (2, 3), axis=0, words="axis 0 is none of a sample's 1 to 1"),
        "no such axis": refuse((2, 3), (2, 3), axis=2, words="axis 2 is none"),
        "other axes": refuse((2, 3), (2, 3, 1), words="differ in more than"),
    }


def test_a_sum_hands_its_gradient_on_without_a_copy():
    _, saved = add_forward(np.ones(3), np.ones(3))
    g = np.ones(3)
    assert all(grad is g for grad in add_backward(g, saved))
