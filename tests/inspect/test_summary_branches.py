"""summary of networks with branches: numbers computed by hand."""

import pytest

from pellucid import ShapeError, summary
from pellucid.nn import Concat, Conv2d, GlobalAvgPool2d, ReLU, Residual, Sequential
from tests.nn.branching import two_ways


def test_branches_come_one_after_the_other_and_then_their_join():
    net = Sequential(Conv2d(1, 4, 3), Residual(Sequential(Conv2d(4, 4, 3, padding=1), ReLU())), GlobalAvgPool2d())
    s = summary(net, (1, 8, 9))
    assert [(row.path, row.layer.split("(")[0], row.parameters) for row in s.rows] == [
        ("0", "Conv2d", 40),
        ("1.body.0", "Conv2d", 148),
        ("1.body.1", "ReLU", 0),
        ("1", "Residual", 0),
        ("2", "GlobalAvgPool2d", 0),
    ]
    assert [row.receptive_field for row in s.rows] == [(3, 3), (5, 5), (5, 5), (5, 5), (8, 9)]
    assert s.parameters == 188
    assert s.multiply_adds == 6 * 7 * 4 * (9 + 36)


def test_a_join_sees_as_far_as_its_widest_branch():
    s = summary(Concat(Conv2d(2, 3, 1), Conv2d(2, 5, (3, 5), padding=(1, 2))), (2, 6, 6))
    assert [(row.path, row.output_shape, row.receptive_field) for row in s.rows] == [
        ("branches.0", (3, 6, 6), (1, 1)),
        ("branches.1", (5, 6, 6), (3, 5)),
        ("Concat", (8, 6, 6), (3, 5)),
    ]


def test_a_graph_of_several_inputs_and_outputs():
    s = summary(two_ways(), ((2, 9, 8), (5,)))
    rows = {row.path: row for row in s.rows}
    assert list(rows)[-3:] == ["first", "second", "Graph"]
    assert rows["rows"].output_shape == (13,)
    assert rows["Graph"].output_shape == ((6,), (3,))
    assert s.parameters == sum(p.size for _, p in two_ways().named_parameters())
    assert "((2, 9, 8), (5))" in str(s)


def test_a_misfit_inside_a_branch_is_named():
    with pytest.raises(ShapeError, match=r"layer '1.body.0': conv2d: x has 4 channels but weight expects 5"):
        summary(Sequential(Conv2d(1, 4, 3), Residual(Sequential(Conv2d(5, 4, 3)))), (1, 8, 8))
