"""Graph: the flow of data as it is written down, and every slip in it by its name."""

import copy

import numpy as np
import pytest

from pellucid import ConfigError, DtypeError, ShapeError
from pellucid.nn import Add, Conv2d, Flatten, Graph, Identity, Linear, Module, ReLU, Sequential
from tests.nn.branching import two_ways

SHAPES = (2, 9, 8), (5,)


def linear():
    return Linear(3, 3)


SLIPS = {
    "no nodes": (lambda: Graph({}), "no nodes"),
    "no source": (lambda: Graph({"a": (linear(),)}), "node 'a' is .*expected \\(module, source, ...\\)"),
    "no tuple": (lambda: Graph({"a": linear()}), "node 'a' is Linear"),
    "no module": (lambda: Graph({"a": ("conv", "input")}), "node 'a' is"),
    "unknown": (
        lambda: Graph({"a": (linear(), "inptu")}),
        "node 'a' takes 'inptu', which is neither an input nor a node",
    ),
    "circle": (
        lambda: Graph({"a": (Add(), "input", "c"), "b": (ReLU(), "a"), "c": (ReLU(), "b")}),
        "go round in a circle: .*(a -> b -> c|b -> c -> a|c -> a -> b)",
    ),
    "itself": (lambda: Graph({"a": (Add(), "input", "a")}), "go round in a circle: a -> a"),
    "wrong order": (
        lambda: Graph({"a": (ReLU(), "b"), "b": (ReLU(), "input")}, outputs="a"),
        "node 'a' takes 'b', which comes after it",
    ),
    "unused node": (lambda: Graph({"a": (ReLU(), "input"), "b": (ReLU(), "input")}), "nobody uses 'a'"),
    "unused input": (lambda: Graph({"a": (ReLU(), "x")}, inputs=("x", "y")), "nobody uses 'y'"),
    "unknown output": (lambda: Graph({"a": (ReLU(), "input")}, outputs="b"), "output 'b' is no node"),
    "an output twice": (lambda: Graph({"a": (ReLU(), "input")}, outputs=("a", "a")), "stands twice"),
    "input and node": (lambda: Graph({"input": (ReLU(), "input")}), "'input' names an input and something else"),
    "taken": (lambda: Graph({"forward": (ReLU(), "input")}), "'forward' cannot name a node"),
    "dot": (lambda: Graph({"a.b": (ReLU(), "input")}), "'a.b' cannot name a node"),
}


@pytest.mark.parametrize(("make", "words"), SLIPS.values(), ids=SLIPS.keys())
def test_a_slip_is_named(make, words):
    with pytest.raises(ConfigError, match=f"^Graph: .*{words}"):
        make()


def test_a_misfit_is_named_by_its_node():
    net = Graph({"wide": (Linear(3, 4), "input"), "sum": (Add(), "wide", "input")})
    with pytest.raises(ShapeError, match="layer 'sum': add: shapes \\(4,\\) and \\(3,\\) differ"):
        net.build((3,))
    one = Graph({"sum": (Add(), "input")})
    with pytest.raises(ShapeError, match="layer 'sum': Add: it joins several inputs"):
        one.build((3,))


def test_inputs_and_gradients_are_counted(rng):
    net = two_ways().build(SHAPES)
    image, numbers = (rng.standard_normal((2, *shape)).astype(np.float32) for shape in SHAPES)
    with pytest.raises(ShapeError, match="a tuple of 2 inputs is needed: image, numbers"):
        net((image,))
    with pytest.raises(ShapeError, match="a tuple of 2 inputs is needed"):
        net(image)
    with pytest.raises(DtypeError, match="x is a list, a NumPy array is needed"):
        net((image, [1.0]))
    net((image, numbers))
    with pytest.raises(ShapeError, match="backward needs a tuple of 2 gradients"):
        net.backward(np.ones((2, 6), np.float32))


def test_the_first_forward_builds(rng):
    net = two_ways()
    first, second = net(tuple(rng.standard_normal((2, *shape)).astype(np.float32) for shape in SHAPES))
    assert (first.shape, second.shape) == ((2, 6), (2, 3))
    assert net.output_shape(SHAPES) == ((6,), (3,))
    assert list(net.state_dict())[:5] == ["conv.weight", "conv.bias", "hidden.weight", "hidden.bias", "gate.0.weight"]


def test_hooks_see_tuples(rng):
    net, seen = two_ways().build(SHAPES, dtype=np.float64), []
    net.register_forward_hook(lambda module, x, y: seen.append((x, y)))
    net.rows.register_backward_hook(lambda module, grad_x, grad_y: seen.append((grad_x, grad_y)))
    x = tuple(rng.standard_normal((2, *shape)) for shape in SHAPES)
    y = net(x)
    net.backward(y)
    assert [len(part) for part in seen[0]] == [2, 2]
    assert [g.shape for g in seen[1][0]] == [(2, 4), (2, 4), (2, 5)]
    assert seen[1][1].shape == (2, 13)


def gradients(net, x, g, needed):
    net.require_input_grad(needed)
    net.parameters().zero_grad()
    net(x)
    back = net.backward(g)
    return back, net.parameters().grad.copy()


def test_without_input_gradients_the_others_are_the_same(rng):
    net = two_ways().build(SHAPES, seed=3)
    x = tuple(rng.standard_normal((2, *shape)).astype(np.float32) for shape in SHAPES)
    g = tuple(rng.standard_normal((2, n)).astype(np.float32) for n in (6, 3))
    with_inputs, wanted = gradients(net, x, g, needed=True)
    back, found = gradients(net, x, g, needed=False)
    assert all(grad_x.shape == a.shape for grad_x, a in zip(with_inputs, x, strict=True))
    assert back is None
    assert found.tobytes() == wanted.tobytes()
    assert not net.conv.needs_input_grad
    assert net.rows.needs_input_grad
    net.require_input_grad(True)
    assert net.conv.needs_input_grad


def test_one_module_at_two_nodes(rng):
    """Its gradient is the sum of both uses, whatever lies before the first parameters."""
    act, shared = ReLU(), Linear(3, 3)
    nodes = {
        "c": (shared, "right"),
        "d": (act, "c"),
        "a": (act, "left"),  # above the first parameters, and goes back before d
        "b": (shared, "a"),
        "sum": (Add(), "b", "d"),
    }
    net = Graph(nodes, inputs=("left", "right")).build(((3,), (3,)), dtype=np.float64)
    left, right, g = (rng.standard_normal((4, 3)) for _ in range(3))
    for needed in (True, False):
        _, grad = gradients(net, (left, right), g, needed)
        weight, bias = net.b.weight.data, net.b.bias.data
        after = g * (right @ weight.T + bias > 0)
        expected = g.T @ np.maximum(left, 0) + after.T @ right
        np.testing.assert_allclose(grad[:9].reshape(3, 3), expected, rtol=1e-12)
    assert len(net.state_dict()) == 4, "by both names"


def test_copies_and_states_are_whole(rng):
    net = two_ways().build(SHAPES, seed=3)
    x = tuple(rng.standard_normal((2, *shape)).astype(np.float32) for shape in SHAPES)
    twin, other = copy.deepcopy(net), two_ways().build(SHAPES, seed=4)
    other.load_state_dict(net.state_dict())
    net.conv.weight.data[...] = 0
    for one, two, zero in zip(twin(x), other(x), net(x), strict=True):
        assert one.tobytes() == two.tobytes() != zero.tobytes()


def test_a_node_may_be_a_graph_of_several_inputs_and_a_sequential(rng):
    inner = Graph({"sum": (Add(), "x", "y"), "out": (Linear(3, 2), "sum")}, inputs=("x", "y"))
    net = Graph({"a": (Sequential(Linear(3, 3), ReLU()), "input"), "join": (inner, "a", "input")}).build((3,))
    x = rng.standard_normal((2, 3)).astype(np.float32)
    hidden = np.maximum(x @ net.a[0].weight.data.T, 0)
    np.testing.assert_allclose(net(x), (hidden + x) @ inner.out.weight.data.T, rtol=1e-5, atol=1e-6)
    assert net.backward(np.ones((2, 2), np.float32)).shape == x.shape


def test_a_gradient_that_nobody_asked_for_is_none(rng):
    net = Graph({"a": (Linear(3, 2), "input"), "b": (Linear(3, 2), "input")}, outputs=("a", "b")).build((3,))
    net(rng.standard_normal((2, 3)).astype(np.float32))
    assert net.backward((None, None)) is None


def test_an_output_may_be_used_further_on(rng):
    nodes = {"a": (Identity(), "input"), "b": (Identity(), "a")}
    net = Graph(nodes, outputs=("a", "b")).build((3,))
    net(rng.standard_normal((2, 3)))
    assert net.backward((np.full((2, 3), 2.0), np.ones((2, 3)))).tolist() == [[3.0] * 3] * 2


def test_gradients_add_up_in_the_order_of_the_nodes_that_use_them():
    users = {name: (Identity(), "a") for name in "bcd"}
    net = Graph({"a": (Identity(), "input"), **users}, outputs=tuple(users)).build((1,))
    net(np.ones((1, 1), np.float32))
    gradients = (np.full((1, 1), value, np.float32) for value in (1, 1e8, -1e8))  # from behind they are 1
    assert net.backward(tuple(gradients)).tolist() == [[0.0]]


def test_it_shows_its_flow():
    net = Graph({"flat": (Flatten(), "x"), "pic": (Conv2d(1, 1, 1), "x")}, inputs="x", outputs=("pic", "flat"))
    assert repr(net) == "Graph(\n  flat = Flatten()(x)\n  pic = Conv2d(1, 1, 1x1)(x)\n) -> pic, flat"
    assert [name for name, module in net.children() if isinstance(module, Module)] == ["flat", "pic"]
