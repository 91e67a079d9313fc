"""Module: the stack, the tree, build, state, modes, hooks."""

import copy

import numpy as np
import pytest

from pellucid import ConfigError, DtypeError, ShapeError
from pellucid.nn import Buffer, Conv2d, Dropout, Flatten, Linear, Module, Parameter, ReLU, Sequential
from pellucid.ops._memory import Arena


class Twice(Module):
    """One layer used twice, and a buffer: what a composite module of a user may look like."""

    def __init__(self):
        self.layer = Linear(3, 3)
        self.blocks = [ReLU(), Linear(3, 2, bias=False)]
        self.mean = Buffer((3,), init="ones")

    def forward(self, x):
        x = self.layer(self.layer(x))
        for block in self.blocks:
            x = block(x)
        return x

    def backward(self, grad_y):
        for block in reversed(self.blocks):
            grad_y = block.backward(grad_y)
        return self.layer.backward(self.layer.backward(grad_y))


def small():
    return Sequential(Conv2d(1, 2, 3), ReLU(), Flatten(), Linear(8, 3))


def test_names_follow_the_tree():
    names = ["layer.weight", "layer.bias", "blocks.1.weight"]
    assert [n for n, _ in Twice().named_parameters()] == names
    assert [n for n, _ in Twice().named_buffers()] == ["mean"]
    assert list(Twice().build((3,)).state_dict()) == ["mean", *names]


def test_a_layer_used_twice_goes_back_in_reverse(rng):
    model = Twice().build((3,), seed=1, dtype=np.float64)
    x, v, g = rng.standard_normal((4, 3)), rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    model(x)
    grad_x = model.backward(g)
    step = 1e-6
    numeric = np.vdot(g, model(x + step * v) - model(x - step * v)) / (2 * step)
    assert np.vdot(grad_x, v) == pytest.approx(numeric, rel=1e-7)
    d = rng.standard_normal((3, 3))
    exact, weight = np.vdot(model.layer.weight.grad, d), model.layer.weight.data.copy()
    outputs = []
    for sign in (1, -1):
        model.layer.weight.data = weight + sign * step * d
        outputs.append(model(x))
    assert exact == pytest.approx(np.vdot(g, outputs[0] - outputs[1]) / (2 * step), rel=1e-7)


def test_backward_without_forward_is_an_error():
    model = small().build((1, 4, 4))
    with pytest.raises(ConfigError, match="Linear '3': backward without a forward"):
        model.backward(np.zeros((1, 3), np.float32))


def test_a_step_begins_with_a_clean_stack():
    model = Sequential(ReLU()).build((2,))
    model(np.ones((1, 2), np.float32))
    model.start_step(1)
    with pytest.raises(ConfigError, match="backward without a forward"):
        model.backward(np.ones((1, 2), np.float32))


# --- build ---------------------------------------------------------------------------------------------


def test_parameters_lie_end_to_end_in_one_vector():
    model = small().build((1, 4, 4), seed=3)
    flat = model.parameters()
    assert flat.data.size == 2 * 9 + 2 + 8 * 3 + 3
    assert [(s.name, s.part.start, s.shape) for s in flat.segments] == [
        ("0.weight", 0, (2, 1, 3, 3)), ("0.bias", 18, (2,)), ("3.weight", 20, (3, 8)), ("3.bias", 44, (3,)),
    ]  # fmt: skip
    for _, parameter in model.named_parameters():
        assert np.shares_memory(parameter.data, flat.data)
        assert np.shares_memory(parameter.grad, flat.grad)
    flat.data[:18] = 7
    assert (model[0].weight.data == 7).all()
    assert len(flat) == len(list(flat)) == 4


def test_start_values_are_a_function_of_seed_and_name():
    a, b, other = (small().build((1, 4, 4), seed=s).parameters().data for s in (3, 3, 4))
    assert a.tobytes() == b.tobytes()
    assert a.tobytes() != other.tobytes()
    alone = Sequential({"0": Conv2d(1, 2, 3)}).build((1, 4, 4), seed=3)
    assert alone[0].weight.data.tobytes() == a[:18].tobytes(), "another layer more or less changes nothing"


def test_the_first_forward_builds():
    model = small()
    assert not model.built
    model(np.zeros((2, 1, 4, 4), np.float64))
    assert model.parameters().data.dtype == np.float64


def test_bytes_are_refused_before_anything_is_built():
    model = small()
    with pytest.raises(DtypeError, match="Sequential: x is uint8"):
        model(np.zeros((2, 1, 4, 4), np.uint8))
    assert not model.built


def test_a_misfit_names_the_layer_and_builds_nothing():
    model = Sequential({"conv": Conv2d(1, 2, 3), "flat": Flatten(), "out": Linear(9, 3)})
    with pytest.raises(ShapeError, match="layer 'out': linear: x has 8 features but weight expects 9"):
        model.build((1, 4, 4))
    assert not model.built


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda m: m.build((1, 4, 4)), "the network is built already"),
        (lambda m: Sequential(m).build((1, 4, 4)), "its part '0' is built already"),
        (lambda m: setattr(m, "more", ReLU()), "'more' cannot change after build"),
        (lambda m: setattr(m[0], "bias", None), "Conv2d '0': 'bias' cannot change after build"),
        (lambda m: m[0].parameters(), "it is part of a larger network"),
    ],
)
def test_after_build_the_network_stays(act, words):
    model = small().build((1, 4, 4))
    with pytest.raises(ConfigError, match=words):
        act(model)


@pytest.mark.parametrize("act", [lambda m: m.parameters(), lambda m: m[0].weight.data, lambda m: m[0].weight.grad])
def test_before_build_there_are_no_values(act):
    with pytest.raises(ConfigError, match=r"build\(input_shape, seed\)"):
        act(small())


def test_only_two_dtypes():
    with pytest.raises(ConfigError, match="float16"):
        small().build((1, 4, 4), dtype=np.float16)


def test_tied_weights_have_one_place_and_collect_both_gradients(rng):
    model = Sequential({"a": Linear(3, 3, bias=False), "b": Linear(3, 3, bias=False)})
    model.b.weight = model.a.weight
    model.build((3,), seed=5, dtype=np.float64)
    alone = Sequential({"a": Linear(3, 3, bias=False)}).build((3,), seed=5, dtype=np.float64)
    assert model.parameters().data.tobytes() == alone.parameters().data.tobytes()
    x, g = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    model(x)
    model.backward(g)
    w = model.a.weight.data
    assert np.allclose(model.a.weight.grad, (g @ w).T @ x + g.T @ (x @ w.T))


def test_a_copy_is_whole():
    model = small().build((1, 4, 4))
    twin = copy.deepcopy(model)
    twin.parameters().data[...] = 1
    assert (twin[0].weight.data == 1).all()
    assert not (model[0].weight.data == 1).any()


# --- state ---------------------------------------------------------------------------------------------


def test_state_goes_out_and_in_with_the_same_bits():
    model, other = (Twice().build((3,), seed=s) for s in (0, 1))
    model.mean.data = [1, 2, 3]
    state = model.state_dict()
    other.load_state_dict(state)
    assert {k: v.tobytes() for k, v in other.state_dict().items()} == {k: v.tobytes() for k, v in state.items()}
    state["layer.bias"][...] = 9
    assert not (model.layer.bias.data == 9).any(), "state_dict gives copies"


def test_every_problem_of_a_state_is_told_and_nothing_changes():
    model = small().build((1, 4, 4))
    before, state = model.parameters().data.tobytes(), model.state_dict()
    del state["0.bias"], state["3.bias"]
    state |= {"extra": np.zeros(1), "3.weight": np.zeros((8, 3)), "0.weight": np.ones((2, 1, 3, 3))}
    with pytest.raises(ShapeError) as raised:
        model.load_state_dict(state)
    assert str(raised.value) == (
        "load_state_dict: missing 0.bias, 3.bias; unexpected extra; 3.weight has shape (8, 3), expected (3, 8)"
    )
    assert model.parameters().data.tobytes() == before


def test_values_of_another_shape_are_not_broadcast():
    model = small().build((1, 4, 4))
    for name in ("data", "grad"):
        with pytest.raises(ShapeError, match=r"has shape \(2,\), got values of shape \(\)"):
            setattr(model[0].bias, name, 0.0)


# --- modes -----------------------------------------------------------------------------------------------


def test_inference_keeps_nothing_and_puts_the_modes_back():
    model = Sequential(Dropout(0.5), Sequential(ReLU())).build((4,))
    model[1].eval()
    x = np.ones((2, 4), np.float32)
    with model.inference():
        assert (model(x) == x).all()
    with pytest.raises(ConfigError, match="backward without"):
        model.backward(x)
    assert model.training
    assert model[0].training
    assert not model[1].training
    assert model.keeping


def test_saliency_works_in_eval_mode():
    model = Sequential(Dropout(0.5), Linear(4, 1)).build((4,)).eval()
    model(np.ones((1, 4), np.float32))
    assert np.allclose(model.backward(np.ones((1, 1), np.float32)), model[1].weight.data)


def test_without_need_the_way_back_ends_at_the_first_parameters():
    model = Sequential(ReLU(), Flatten(), Linear(4, 2)).build((4,))
    x, g = np.ones((3, 4), np.float32), np.ones((3, 2), np.float32)
    for needed in (False, True, False):
        model.require_input_grad(needed)
        model.parameters().zero_grad()
        model(x)
        grad_x = model.backward(g)
        assert (grad_x is not None) == needed
        assert (model[2].weight.grad == 3).all()


# --- hooks -----------------------------------------------------------------------------------------------


def test_hooks_see_what_passes_and_come_off(rng):
    model = small().build((1, 4, 4))
    seen = []
    off = model[1].register_forward_hook(lambda module, x, y: seen.append((module.path, x.min() < 0, y.min() >= 0)))
    off_back = model[1].register_backward_hook(lambda module, grad_y, grad_x: seen.append((grad_y.shape, grad_x.shape)))
    x = rng.standard_normal((2, 1, 4, 4)).astype(np.float32)
    model.backward(model(x))
    assert seen == [("1", True, True), ((2, 2, 2, 2), (2, 2, 2, 2))]
    off()
    off_back()
    model.backward(model(x))
    assert len(seen) == 2


def test_what_a_hook_keeps_survives_the_step(rng):
    model, kept, arena = small().build((1, 4, 4)), [], Arena()
    model[0].register_forward_hook(lambda module, x, y: kept.append(y))
    x = rng.standard_normal((2, 1, 4, 4)).astype(np.float32)
    for factor in (1, 1, 2):
        with arena.step():
            model(factor * x)
            model.start_step(0)
    assert np.array_equal(kept[0], kept[1])
    assert not np.array_equal(kept[1], kept[2])


def test_a_module_that_defines_nothing_says_so():
    class Empty(Module):
        pass

    for call in (Empty().forward, Empty().backward):
        with pytest.raises(NotImplementedError, match="Empty defines no"):
            call(np.zeros(1))


def test_a_parameter_can_be_made_by_a_function():
    class Scale(Module):
        def __init__(self):
            self.factor = Parameter((2,), init=lambda shape, key: np.full(shape, 3.0))

    assert Scale().build((2,)).factor.data.tolist() == [3, 3]
