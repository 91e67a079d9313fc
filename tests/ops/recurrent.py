"""What the tests of the recurrent ops share: the laws ask for one output, these ops have several."""

import functools

import numpy as np

from tests.checks import case, refuse

MASK = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 0]], bool)  # a whole sequence, one with a hole, a short one


def one_output(op_forward, op_backward, states):
    """Return forward and backward with all outputs end to end in one vector."""

    @functools.wraps(op_forward)
    def forward(*arrays, **options):
        outputs, saved = op_forward(*arrays, **options)
        return packed(outputs), saved

    @functools.wraps(op_backward)
    def backward(grad_y, saved):
        N, T, H = saved[-2].shape
        shapes = (N, T, H), *[(N, H)] * states
        if grad_y.shape != (sum(map(np.prod, shapes)),):  # the law of a misshapen gradient
            return op_backward((grad_y, *[None] * states), saved)
        cuts = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
        parts = (part.reshape(shape) for part, shape in zip(np.split(grad_y, cuts), shapes, strict=True))
        return op_backward(tuple(parts), saved)

    return staticmethod(forward), staticmethod(backward)


def packed(outputs):
    return np.concatenate([part.ravel() for part in outputs])


class OverTime:
    """What of the laws differs for ops over time."""

    eps, rtol = 1e-5, 1e-6
    outputs: int  # y and the last states

    def shape_of(self, arrays, options):
        N, T, H = self.shape(arrays[0].shape, arrays[1].shape, arrays[2].shape)
        return (N * T * H + (self.outputs - 1) * N * H,)


def cases(gates, states):
    """Return the table of cases for an op with so many gates and states."""

    def shapes(N, T, I, H, bias=True, state=True):
        weights = [(gates * H, I), (gates * H, H), *[(gates * H,)] * (2 * (bias or state))]
        return (N, T, I), *weights, *[(N, H)] * (states * state)

    return {
        "no state": case(*shapes(2, 3, 4, 5, state=False)),
        "no bias": case(*shapes(2, 3, 4, 5, bias=False, state=False)),
        "state": case(*shapes(3, 4, 2, 3)),
        "backwards": case(*shapes(3, 4, 2, 3), reverse=True),
        "mask": case(*shapes(3, 4, 2, 3), mask=MASK),
        "mask, backwards": case(*shapes(3, 4, 2, 3), mask=MASK, reverse=True),
        "mask, no state": case(*shapes(3, 4, 3, 2, state=False), mask=MASK),
        "batch 1": case(*shapes(1, 3, 2, 4)),
        "one step": case(*shapes(4, 1, 3, 2)),
        "one step from nothing": case(*shapes(4, 1, 3, 2, state=False)),
        "one of each": case(*shapes(1, 1, 1, 1)),
        "more than a vector": case(*shapes(19, 3, 5, 21)),
        "whole vectors": case(*shapes(17, 2, 20, 32)),
        "no samples": case(*shapes(0, 3, 2, 4)),
        "no steps": case(*shapes(2, 0, 3, 4)),
    }


def refusals(gates):
    """Return what such an op refuses."""
    G = gates * 5
    return {
        "two axes": refuse((2, 4), (G, 4), (G, 5), words="expected 3 axes"),
        "features": refuse((2, 3, 7), (G, 4), (G, 5), words="x has 7 features but weight_ih expects 4"),
        "gates": refuse((2, 3, 4), (G + 1, 4), (G, 5), words=f"a multiple of the {gates} gates is needed"),
        "weight_hh": refuse((2, 3, 4), (G, 4), (G, 4), words=r"weight_hh has shape .* expected \(\d+, 5\)"),
        "bias": refuse((2, 3, 4), (G, 4), (G, 5), (1,), (G,), words="bias_ih has shape"),
        "one bias": refuse((2, 3, 4), (G, 4), (G, 5), (G,), words="both are needed, or neither"),
        "state": refuse((2, 3, 4), (G, 4), (G, 5), (G,), (G,), (1, 5), words="h0 has shape"),
        "mask": refuse((2, 3, 4), (G, 4), (G, 5), words="mask has shape", mask=np.ones((3, 2), bool)),
    }


def nan_stays_in_its_sample(op_forward, op_backward, arrays):
    """Let one number of one sample be nan: all its later steps are, and no other sample is."""
    arrays = [a.astype(np.float32) for a in arrays]
    arrays[0][1, 2, 0] = np.nan
    (y, *last), saved = op_forward(*arrays)
    assert np.isnan(y).all(axis=2).tolist() == [[False] * 4, [False, False, True, True], [False] * 4]
    assert all(np.isnan(part).all(axis=1).tolist() == [False, True, False] for part in last)
    grad_x, grad_weight_ih, *_ = op_backward((np.ones_like(y), *last), saved)
    assert np.isnan(grad_x).any(axis=(1, 2)).tolist() == [False, True, False]
    assert np.isnan(grad_weight_ih).any()
