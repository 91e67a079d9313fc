"""Module: the stack, the tree, modes, hooks; test_state.py has build and state."""

import numpy as np
import pytest

from pellucid import ConfigError, DtypeError
from pellucid.nn import Dropout, Flatten, Linear, Module, ReLU, Sequential
from pellucid.ops._memory import Arena
from tests.nn.nets import Twice, small


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
    with pytest.raises(ConfigError, match="Sequential: backward without a forward"):
        model.backward(np.zeros((1, 3), np.float32))


def test_a_step_begins_with_a_clean_stack():
    model = Sequential(ReLU()).build((2,))
    model(np.ones((1, 2), np.float32))
    model.start_step(1)
    with pytest.raises(ConfigError, match="backward without a forward"):
        model.backward(np.ones((1, 2), np.float32))


def test_forwards_alone_pile_nothing_up():
    model, x = small().build((1, 4, 4)).eval(), np.ones((2, 1, 4, 4), np.float32)
    for _ in range(3):
        model(x)
    assert {len(m.__dict__.get("_pending", ())) for _, m in model.named_modules()} <= {0, 1}
    model.backward(np.ones((2, 3), np.float32))
    with pytest.raises(ConfigError, match="backward without"):
        model.backward(np.ones((2, 3), np.float32))


class Wrapper(Module):
    """Runs whatever `get` finds, as a module that keeps its parts in an unusual place would."""

    def __init__(self, **parts):
        vars(self).update(parts)

    def forward(self, x):
        return self.get(self).forward(x)

    def backward(self, grad_y):
        return self.get(self).backward(grad_y)


def test_parts_under_private_names_are_parts():
    model = Wrapper(_part=Linear(3, 2), get=lambda self: self._part).build((3,))
    assert [name for name, _ in model.named_parameters()] == ["_part.weight", "_part.bias"]


@pytest.mark.parametrize("late", [False, True])
def test_parts_that_the_network_does_not_know_are_an_error(late):
    """Else they would build themselves, and be neither trained nor saved."""
    model = Wrapper(parts=[] if late else {"a": Linear(3, 2)}, get=lambda self: self.parts[0 if late else "a"])
    model.build((3,))
    if late:
        model.parts.append(Linear(3, 2))
    with pytest.raises(ConfigError, match="Linear: it was not built with the network around it"):
        model(np.ones((1, 3), np.float32))


def test_a_module_made_of_modules_says_what_its_shape_is():
    with pytest.raises(ConfigError, match="layer '0': Wrapper: it is made of other modules"):
        Sequential(Wrapper(part=Flatten(), get=lambda self: self.part), Linear(4, 2)).build((1, 2, 2))


def test_lists_are_no_arrays():
    with pytest.raises(DtypeError, match="ReLU: x is a list, a NumPy array is needed"):
        ReLU()([1.0])


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


def test_a_layer_that_stands_twice_gets_its_whole_gradient(rng):
    """Without grad_x the chain ends at the first layer with parameters; here that is the last one too."""
    x, g = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    for nest in (lambda layer: layer, Sequential):
        grads = []
        for needed in (True, False):
            layer = Linear(3, 3)
            model = Sequential(nest(layer), ReLU(), layer).build((3,), seed=1, dtype=np.float64)
            model.require_input_grad(needed)
            model(x)
            model.backward(g)
            grads.append(model.parameters().grad)
        assert np.array_equal(*grads)


# --- hooks -----------------------------------------------------------------------------------------------


def test_hooks_see_what_passes_and_come_off(rng):
    model = small().build((1, 4, 4))
    seen = []
    handle = model[1].register_forward_hook(lambda module, x, y: seen.append((module.path, x.min() < 0, y.min() >= 0)))
    back = model[1].register_backward_hook(lambda module, grad_x, grad_y: seen.append((module.path, grad_x, grad_y)))
    x = rng.standard_normal((2, 1, 4, 4)).astype(np.float32)
    model.backward(model(x))
    assert seen[0] == ("1", True, True)
    path, grad_x, grad_y = seen[1]
    assert path == "1"
    assert np.array_equal(grad_x, grad_y * (grad_x != 0)), "in PyTorch's order: of the input, of the output"
    for hook in (handle, back, back):
        hook.remove()
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


def test_hooks_are_called_once_by_a_subclass_that_calls_its_base(rng):
    class Louder(Linear):
        def forward(self, x):
            return 2 * super().forward(x)

        def backward(self, grad_y):
            return super().backward(2 * grad_y)

    layer, calls = Louder(3, 2).build((3,)), []
    layer.register_forward_hook(lambda module, x, y: calls.append(y.copy()))
    layer.register_backward_hook(lambda module, grad_x, grad_y: calls.append(grad_y))
    y = layer(np.ones((1, 3), np.float32))
    layer.backward(np.ones((1, 2), np.float32))
    assert len(calls) == 2
    assert np.array_equal(calls[0], y)
    assert (calls[1] == 1).all()


def test_a_module_that_defines_nothing_says_so():
    class Empty(Module):
        pass

    for call in (Empty().forward, Empty().backward):
        with pytest.raises(NotImplementedError, match="Empty defines no"):
            call(np.zeros(1))


class Scaled(Module):
    def forward(self, x, factor, *, shift=0.0):
        return factor * x + shift


def test_a_forward_may_take_more_than_its_input_and_hooks_still_see_input_and_output():
    seen = []
    module = Scaled().build((2,))
    module.register_forward_hook(lambda module, x, y: seen.append((x.tolist(), y.tolist())))
    assert module(np.ones((1, 2)), 3.0, shift=1.0).tolist() == [[4.0, 4.0]]
    assert seen == [([[1.0, 1.0]], [[4.0, 4.0]])]
