"""lstm: forward and back through time equal the loops; what is masked is left out."""

import numpy as np
import pytest

from pellucid import DtypeError, ShapeError, native
from pellucid.ops import lstm_backward, lstm_forward, lstm_shape
from tests.checks import ENGINES, OpLaws, close
from tests.ops.recurrent import MASK, OverTime, cases, nan_stays_in_its_sample, one_output, packed, refusals
from tests.oracles_time import lstm_backward_loops, lstm_loops

SHAPES = (3, 4, 5), (8, 5), (8, 2), (8,), (8,), (3, 2), (3, 2)


class TestLSTM(OverTime, OpLaws):
    forward, backward = one_output(lstm_forward, lstm_backward, states=2)
    shape = staticmethod(lstm_shape)
    loops = staticmethod(lambda *arrays, **options: packed(lstm_loops(*arrays, **options)))
    outputs = 3
    cases = cases(gates=4, states=2)
    refused = refusals(gates=4)


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("reverse", [False, True])
def test_back_through_time_is_the_loops(mask, reverse, rng):
    arrays = [rng.standard_normal(shape) for shape in SHAPES]
    outputs, saved = lstm_forward(*arrays, mask=mask, reverse=reverse)
    grads = tuple(rng.standard_normal(part.shape) for part in outputs)
    expected = lstm_backward_loops(grads, arrays, mask=mask, reverse=reverse)
    for found, wanted in zip(lstm_backward(grads, saved), expected, strict=True):
        close(found, wanted, 1e-12)


def test_gradients_that_are_not_given_are_zero(rng):
    arrays = [rng.standard_normal(shape) for shape in SHAPES]
    outputs, saved = lstm_forward(*arrays)
    zeros, grads = [np.zeros(part.shape) for part in outputs], [rng.standard_normal(part.shape) for part in outputs]
    for k in range(3):
        alone = tuple(grads[i] if i == k else None for i in range(3))
        filled = tuple(grads[i] if i == k else zeros[i] for i in range(3))
        for one, other in zip(lstm_backward(alone, saved), lstm_backward(filled, saved), strict=True):
            close(one, other, 1e-14)


def test_one_state_alone(rng):
    """h0 without c0, and the other way round."""
    x, *weights = [rng.standard_normal(shape) for shape in SHAPES[:5]]
    state = rng.standard_normal((3, 2))
    for h0, c0 in ((state, None), (None, state)):
        found, saved = lstm_forward(x, *weights, h0, c0)
        for one, other in zip(found, lstm_loops(x, *weights, h0, c0), strict=True):
            close(one, other, 1e-12)
        grads = lstm_backward(found, saved)
        assert [grads[5] is None, grads[6] is None] == [h0 is None, c0 is None]


def test_what_is_masked_has_no_say(rng):
    """Other numbers under the mask change nothing, and get no gradient; the outputs there are zero."""
    arrays = [rng.standard_normal(shape) for shape in SHAPES]
    other = [np.where(MASK[..., None], arrays[0], 7.0), *arrays[1:]]
    (y, *last), saved = lstm_forward(*arrays, mask=MASK)
    (again, *last_again), _ = lstm_forward(*other, mask=MASK)
    assert y.tobytes() == again.tobytes()
    assert [a.tobytes() for a in last] == [a.tobytes() for a in last_again]
    assert not y[~MASK].any()
    grad_x = lstm_backward((np.ones(y.shape), None, None), saved)[0]
    assert not grad_x[~MASK].any()
    assert grad_x[MASK].all()


def test_first_layer_may_skip_grad_x(rng):
    outputs, saved = lstm_forward(*(rng.standard_normal(shape) for shape in SHAPES))
    assert lstm_backward(outputs, saved, needs_input_grad=False)[0] is None


def test_gradients_go_where_out_says(rng):
    outputs, saved = lstm_forward(*(rng.standard_normal(shape) for shape in SHAPES))
    expected, out = lstm_backward(outputs, saved), tuple(np.empty(shape) for shape in SHAPES[1:5])
    found = lstm_backward(outputs, saved, out=out)
    assert all(one is place for one, place in zip(found[1:5], out, strict=True))
    assert [a.tobytes() for a in found] == [a.tobytes() for a in expected]


def test_a_mask_is_bool_and_gradients_fit():
    x, weight_ih, weight_hh = np.zeros((2, 3, 4)), np.zeros((20, 4)), np.zeros((20, 5))
    with pytest.raises(DtypeError, match="mask is float64, bool is needed"):
        lstm_forward(x, weight_ih, weight_hh, mask=np.ones((2, 3)))
    _, saved = lstm_forward(x, weight_ih, weight_hh)
    with pytest.raises(ShapeError, match="grad_c_n has shape"):
        lstm_backward((None, None, np.zeros((3, 5))), saved)


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_nan_is_not_swallowed(engine, rng):
    with native.using(engine):
        nan_stays_in_its_sample(lstm_forward, lstm_backward, [rng.standard_normal(shape) for shape in SHAPES])
