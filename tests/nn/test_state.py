"""Where parameters live: build, the flat vector, state_dict and back."""

import copy

import numpy as np
import pytest

from pellucid import ConfigError, DtypeError, ShapeError
from pellucid.nn import Conv2d, Flatten, Linear, Module, Parameter, ReLU, Sequential
from pellucid.ops._memory import Arena, empty
from tests.nn.nets import Twice, small


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


def test_the_vector_lies_outside_any_step():
    """A network that is built while a step is open keeps its weights when the step's memory is dealt again."""
    arena = Arena()
    for _ in range(2):
        with arena.step():
            model = small().build((1, 4, 4))
            weights = model.parameters().data.tobytes()
        with arena.step():
            empty((1000,), np.float32)[...] = 7
        assert model.parameters().data.tobytes() == weights


def test_a_failed_start_leaves_the_network_unbuilt():
    model = Sequential({"a": Linear(3, 3), "b": Linear(3, 3, weight_init=lambda shape, key: np.zeros(2))})
    with pytest.raises(ShapeError, match=r"init of b.weight: it gave shape \(2,\), expected \(3, 3\)"):
        model.build((3,))
    assert not model.built
    with pytest.raises(ConfigError, match="it has no values yet"):
        _ = model.a.weight.data


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"input_shape": 4}, r"a tuple such as \(1, 28, 28\)"),
        ({"input_shape": (1, 4, 4), "seed": 0.5}, "whole numbers"),
    ],
)
def test_what_build_cannot_use(settings, words):
    with pytest.raises(ConfigError, match=words):
        small().build(**settings)


def test_a_parameter_can_be_made_by_a_function():
    class Scale(Module):
        def __init__(self):
            self.factor = Parameter((2,), init=lambda shape, key: np.full(shape, 3.0))

    assert Scale().build((2,)).factor.data.tolist() == [3, 3]


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


def test_a_state_that_holds_no_numbers_changes_nothing():
    model = small().build((1, 4, 4))
    before, state = model.parameters().data.tobytes(), model.state_dict()
    with pytest.raises(ShapeError, match=r"3\.bias holds <U1, numbers are needed"):
        model.load_state_dict(state | {"0.weight": np.ones((2, 1, 3, 3)), "3.bias": np.array(["a", "b", "c"])})
    assert model.parameters().data.tobytes() == before
