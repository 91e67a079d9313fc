"""LSTM, GRU and their cells: states in and out, masks, directions, loops of one's own, replay."""

import numpy as np
import pytest

from pellucid import ConfigError, ShapeError, Trainer, nn
from pellucid.nn import GRU, LSTM, GRUCell, LSTMCell, Module, Sequential
from pellucid.optim import SGD
from tests.checks import ENGINES, close
from tests.nn.replays import both

LAYERS, CELLS = {"LSTM": LSTM, "GRU": GRU}, {"LSTM": LSTMCell, "GRU": GRUCell}
MASK = np.arange(5) < np.array([[5], [2], [4]])


def built(layer, seed=1):
    return layer.build((5, 4), seed=seed, dtype=np.float64)


def states_of(layer, rng, runs):
    arrays = [rng.standard_normal((runs, 3, layer.hidden_size)) for _ in layer.state_names]
    return tuple(arrays) if len(arrays) > 1 else arrays[0]


@pytest.mark.parametrize("kind", LAYERS)
def test_names_and_shapes_of_the_weights(kind):
    layer = LAYERS[kind](4, 3, num_layers=2, bidirectional=True).build((5, 4))
    rows = 3 * layer.gates
    shapes = {name: array.shape for name, array in layer.state_dict().items()}
    assert list(shapes)[:5] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse"]
    assert shapes["weight_ih_l0"] == (rows, 4)
    assert shapes["weight_ih_l1_reverse"] == (rows, 6)
    assert shapes["weight_hh_l1"] == (rows, 3)
    assert len(shapes) == 16
    assert list(LAYERS[kind](4, 3, bias=False).build((5, 4)).state_dict()) == ["weight_ih_l0", "weight_hh_l0"]


def test_the_forget_gate_starts_open():
    state = LSTM(4, 3).build((5, 4)).state_dict()
    assert state["bias_ih_l0"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert not state["bias_hh_l0"].any()
    assert LSTM(4, 3, forget_bias=0).build((5, 4)).state_dict()["bias_ih_l0"].any() == 0
    weight = state["weight_hh_l0"]
    np.testing.assert_allclose(weight.T @ weight, np.eye(3), atol=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("mask", [None, MASK])
def test_what_is_returned(kind, mask, rng):
    """The last state is the sequence at the last step that counts; of the second direction at the first one."""
    x = rng.standard_normal((3, 5, 4))
    layer = built(LAYERS[kind](4, 3, bidirectional=True, return_sequences=True, return_state=True))
    sequence, h_n, *_ = layer(x, mask=mask)
    layer.return_sequences = layer.return_state = False
    y = layer(x, mask=mask)
    last = np.full(3, 4) if mask is None else mask.sum(axis=1) - 1
    assert sequence.shape == (3, 5, 6)
    close(y[:, :3], sequence[range(3), last, :3], 0)
    close(y[:, 3:], sequence[:, 0, 3:], 0)
    close(h_n, y.reshape(3, 2, 3).swapaxes(0, 1), 0)
    assert layer.output_shape((5, 4)) == (6,)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
def test_gradients_of_all_that_goes_in(kind, sequences, mask, rng):
    """<g, J v> == <J^T g, v> for x, first states and weights, of two layers in both directions."""
    layer = built(LAYERS[kind](4, 3, 2, bidirectional=True, return_sequences=sequences, return_state=True))
    x, flat = rng.standard_normal((3, 5, 4)), layer.parameters()
    state = states_of(layer, rng, 4)
    firsts = state if isinstance(state, tuple) else (state,)
    directions = [rng.standard_normal(a.shape) for a in (x, *firsts, flat.data)]
    values, outputs, eps = flat.data.copy(), [], 1e-5

    def run(sign):
        moved = [a + sign * eps * v for a, v in zip((x, *firsts, values), directions, strict=True)]
        flat.data[...] = moved[-1]
        return layer(moved[0], tuple(moved[1:-1]) if len(firsts) > 1 else moved[1], mask)

    outputs = [run(1), run(-1), run(0)]
    grads = tuple(rng.standard_normal(part.shape) for part in outputs[2])
    numeric = sum(np.vdot(g, (a - b) / (2 * eps)) for g, a, b in zip(grads, *outputs[:2], strict=True))
    flat.zero_grad()
    found = (*layer.backward(grads), flat.grad)
    assert [g.shape for g in found] == [v.shape for v in directions]
    assert sum(np.vdot(g, v) for g, v in zip(found, directions, strict=True)) == pytest.approx(numeric, rel=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_where_nobody_needs_the_gradient_of_the_input_there_is_none(kind, bidirectional, rng):
    x, found = rng.standard_normal((3, 5, 4)), []
    for needed in (True, False):
        layer = built(LAYERS[kind](4, 3, 2, bidirectional=bidirectional))
        layer.require_input_grad(needed)
        grad_x = layer.backward(np.ones_like(layer(x)))
        assert (grad_x is not None) == needed
        found.append(layer.parameters().grad)
    assert np.array_equal(*found)


@pytest.mark.parametrize("kind", LAYERS)
def test_dropout_between_layers(kind, rng):
    """In training alone, upon the first layer's outputs; forward and backward leave out the same numbers."""
    layer = built(LAYERS[kind](4, 3, 2, dropout=0.5, return_sequences=True))
    x = rng.standard_normal((3, 5, 4))
    train, again = layer(x), layer.eval()(x)
    assert not np.allclose(train, again)
    assert (layer(x) == again).all()
    layer.train()
    layer.start_step(1)
    g, v, eps = rng.standard_normal(train.shape), rng.standard_normal(x.shape), 1e-5
    ends = []
    for sign in (1, -1, 0):
        layer.start_step(1)
        ends.append(layer(x + sign * eps * v))
    numeric = np.vdot(g, (ends[0] - ends[1]) / (2 * eps))
    assert np.vdot(layer.backward(g), v) == pytest.approx(numeric, rel=1e-6)


class Loop(Module):
    """A user's own loop over a cell: what each step keeps lies on the cell's stack."""

    def __init__(self, cell):
        self.cell = cell

    def forward(self, x):
        state = None
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], state)
        return state[0] if isinstance(state, tuple) else state

    def backward(self, grad_y):
        many = len(self.cell.state_names) > 1
        grad, grads = ((grad_y, None) if many else grad_y), []
        for t in reversed(range(5)):
            given = self.cell.backward(grad)
            grad_x, *rest = given if t else (given,)
            grads.insert(0, grad_x)
            grad = tuple(rest) if many else rest and rest[0]
        return np.stack(grads, axis=1)

    def output_shape(self, input_shape):
        return self.cell.output_shape(input_shape[1:])


@pytest.mark.parametrize("kind", CELLS)
def test_a_loop_over_a_cell_is_the_layer(kind, rng):
    layer, loop = built(LAYERS[kind](4, 3)), Loop(CELLS[kind](4, 3)).build((5, 4), dtype=np.float64)
    loop.parameters().data = layer.parameters().data
    assert next(iter(loop.state_dict())) == "cell.weight_ih"
    x, g = rng.standard_normal((3, 5, 4)), rng.standard_normal((3, 3))
    close(loop(x), layer(x), 1e-14)
    for model in (layer, loop):
        model.parameters().zero_grad()
    close(loop.backward(g), layer.backward(g), 1e-13)
    close(loop.parameters().grad, layer.parameters().grad, 1e-13)


@pytest.mark.parametrize("kind", LAYERS)
def test_lengths_may_differ_from_batch_to_batch(kind, rng):
    layer = built(LAYERS[kind](4, 3))
    for T in (5, 2, 9):
        assert layer(rng.standard_normal((2, T, 4))).shape == (2, 3)


def small(kind, **options):
    return Sequential(LAYERS[kind](4, 6, **options), nn.Linear(6, 3))


@pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "dropout": 0.5}], ids=["one layer", "two"])
def test_training_is_replayed_with_the_same_bits(kind, options, replays, monkeypatch):
    def run():
        model = small(kind, **options).build((5, 4), seed=4)
        trainer = Trainer(model, SGD(model.parameters(), lr=0.1, momentum=0.9), seed=5)
        rng = np.random.default_rng(0)
        for T in (5, 5, 5, 5, 3, 3, 3, 5, 5, 5):
            trainer.train_step(rng.standard_normal((6, T, 4)).astype(np.float32), rng.integers(0, 3, 6))
        return [model.parameters().data]

    both(monkeypatch, run)
    assert len(replays) >= 6


@pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
def test_both_directions_are_run_each_time(replays, monkeypatch):
    def run():
        model = Sequential(LSTM(4, 3, bidirectional=True), nn.Linear(6, 3)).build((5, 4), seed=4)
        trainer = Trainer(model, SGD(model.parameters(), lr=0.1), seed=5)
        rng = np.random.default_rng(0)
        for _ in range(5):
            trainer.train_step(rng.standard_normal((6, 5, 4)).astype(np.float32), rng.integers(0, 3, 6))
        return [model.parameters().data]

    both(monkeypatch, run)
    assert not replays


def test_hooks_see_tuples(rng):
    layer, seen = built(LSTM(4, 3, return_state=True)), []
    layer.register_forward_hook(lambda module, x, y: seen.append(y))
    assert layer(rng.standard_normal((2, 5, 4)))[1] is seen[0][1]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LSTM(4, 0), "hidden_size"),
        (lambda: LSTM(4, 3, 0), "num_layers is 0"),
        (lambda: GRU(4, 3, 2, dropout=1.5), "dropout is 1.5, a probability"),
        (lambda: GRU(4, 3, dropout=0.5), "it stands between layers, and there is one"),
    ],
)
def test_settings_that_make_no_sense(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_what_does_not_fit_is_named(rng):
    layer, x = built(LSTM(4, 3)), rng.standard_normal((2, 5, 4))
    with pytest.raises(ShapeError, match=r"LSTM: got \(5, 7\), expected \(T, 4\)"):
        LSTM(4, 3).build((5, 7))
    with pytest.raises(ConfigError, match=r"state is a ndarray, the arrays \(h_0, c_0\) of shape \(1, 2, 3\)"):
        layer(x, np.zeros((1, 2, 3)))
    with pytest.raises(ShapeError, match=r"c_0 has shape \(2, 3\), expected \(1, 2, 3\)"):
        layer(x, (np.zeros((1, 2, 3)), np.zeros((2, 3))))
    with pytest.raises(ShapeError, match="sequences are"):
        layer(x[0])


def test_representations():
    assert repr(LSTM(4, 3)) == "LSTM(4, 3)"
    assert repr(GRU(4, 3, 2, False, bidirectional=True)) == "GRU(4, 3, num_layers=2, bias=False, bidirectional=True)"
    assert repr(LSTMCell(4, 3, bias=False)) == "LSTMCell(4, 3, bias=False)"
