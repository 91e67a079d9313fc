"""gru: gated recurrent unit over a whole sequence.

    a[t] = weight_ih @ x[t] + bias_ih          b[t] = weight_hh @ h[t-1] + bias_hh          of H rows each: r, z, n
    r, z = sigmoid(a_r + b_r), sigmoid(a_z + b_z)                              what of the past to ask, what to keep
    n    = tanh(a_n + r * b_n)                                                 what could be new
    h[t] = (1 - z) * n + z * h[t-1]            y[t] = h[t]

With G = dL/dy, going back from the last step, where U is what comes from the step behind:

    dh = G[t] + U                              da_z = db_z = dh * (h[t-1] - n) * z * (1 - z)
    da_n = dh * (1 - z) * (1 - n**2)           da_r = db_r = da_n * b_n * r * (1 - r)
    db_n = da_n * r                            U = db @ weight_hh + dh * z

    grad_x[t] = da[t] @ weight_ih              grad_weight_ih = sum da[t].T @ x[t]        grad_bias_ih = sum da
                                               grad_weight_hh = sum db[t].T @ h[t-1]      grad_bias_hh = sum db

`mask` and `reverse` are those of lstm.  K. Cho et al., Learning phrase representations using RNN encoder-decoder,
EMNLP 2014, with r on the product, as PyTorch and cuDNN have it.

x (N,T,I)   weight_ih (3H,I)   weight_hh (3H,H)   biases (3H,), both or neither   h0 (N,H), zeros if None
mask (N,T) bool or None        y (N,T,H)          h_n (N,H): h behind the last step
"""

from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from ._check import float_dtype
from ._dispatch import twin
from ._memory import empty, scratch
from ._recurrent import (
    NOWHERE,
    Four,
    carry,
    check_gradients,
    check_mask,
    check_rest,
    recurrent_shape,
    sigmoid,
    steps,
    weight_places,
)

# x, weight_ih, weight_hh, whether there are biases, h0, mask, gates (N,T,3H), b_n and h before each step, reverse
Saved: TypeAlias = tuple[Array, Array, Array, bool, Array | None, Array | None, Array, Array, Array, bool]


def gru_shape(x_shape: Shape, weight_ih_shape: Shape, weight_hh_shape: Shape) -> Shape:
    """Return the shape of y; a ShapeError names sizes that do not fit."""
    return recurrent_shape("gru", 3, x_shape, weight_ih_shape, weight_hh_shape)


def gru_forward(
    x: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
    h0: Array | None = None,
    *,
    mask: Array | None = None,
    reverse: bool = False,
) -> tuple[tuple[Array, Array], Saved]:
    """Return ((y, h_n), saved).

    >>> x, weight_ih, weight_hh = np.ones((1, 2, 1)), np.array([[0.0], [0.0], [9.0]]), np.zeros((3, 1))
    >>> (y, h_n), _ = gru_forward(x, weight_ih, weight_hh)      # r = z = 1/2, n = tanh(9)
    >>> y.shape, h_n.round(3).tolist()                          # 1/2, then 1/2 + 1/4
    ((1, 2, 1), [[0.75]])
    """
    arrays = {"x": x, "weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}
    dtype = float_dtype("gru", **arrays, h0=h0)
    shape = N, T, H = gru_shape(x.shape, weight_ih.shape, weight_hh.shape)
    check_rest("gru", shape, 3 * H, {"bias_ih": bias_ih, "bias_hh": bias_hh}, {"h0": h0})
    check_mask("gru", mask, shape)
    y, gates = empty(shape, dtype), empty((N, T, 3 * H), dtype)
    inner, h_before, h_n = (empty(s, dtype) for s in (shape, shape, (N, H)))
    _gru_forward(x, weight_ih, weight_hh, bias_ih, bias_hh, h0, mask, reverse, y, h_n, gates, inner, h_before)
    return (y, h_n), (x, weight_ih, weight_hh, bias_ih is not None, h0, mask, gates, inner, h_before, bool(reverse))


def gru_backward(
    grads: tuple[Array | None, Array | None],
    saved: Saved,
    *,
    needs_input_grad: bool = True,
    out: Four = NOWHERE,
) -> tuple[Array | None, ...]:
    """Return the gradients of x, weight_ih, weight_hh, bias_ih, bias_hh, h0.

    None stands where there was no array, and for grad_x where `needs_input_grad` is false.

    Parameters
    ----------
    grads : (grad_y, grad_h_n)
        None counts as zeros.
    out : arrays
        Where the gradients of weights and biases are written to, None for new arrays.
    """
    x, weight_ih, weight_hh, has_bias, h0, mask, gates, inner, h_before, reverse = saved
    grad_y, grad_h_n = grads
    check_gradients("gru", h_before.shape, grad_y, grad_h_n=grad_h_n)
    dtype = float_dtype("gru", x=x, grad_y=grad_y, grad_h_n=grad_h_n)
    places = weight_places(out, weight_ih, weight_hh, has_bias)
    grad_x = empty(x.shape, dtype) if needs_input_grad else None
    grad_h0 = None if h0 is None else empty(h0.shape, dtype)
    _gru_backward(x, weight_ih, weight_hh, mask, gates, inner, h_before, reverse, *grads, grad_x, *places, grad_h0)
    return grad_x, *places, grad_h0


@twin
def _gru_forward(
    x: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
    h0: Array | None,
    mask: Array | None,
    reverse: bool,
    y: Array,
    h_n: Array,
    gates: Array,
    inner: Array,
    h_before: Array,
) -> None:
    H = h_n.shape[1]
    np.matmul(x, weight_ih.T, out=gates)
    if bias_ih is not None:
        gates += bias_ih
    h_n[...] = 0 if h0 is None else h0
    for t in steps(x.shape[1], reverse):
        h_before[:, t] = h_n
        past = h_n @ weight_hh.T
        if bias_hh is not None:
            past += bias_hh
        inner[:, t] = past[:, 2 * H :]
        r, z, n = np.split(gates[:, t], 3, axis=1)  # views: what they become is kept
        for gate, part in ((r, past[:, :H]), (z, past[:, H : 2 * H])):
            gate += part
            sigmoid(gate)
        n += r * inner[:, t]
        np.tanh(n, out=n)
        h = (1 - z) * n + z * h_n
        y[:, t] = carry(mask, t, h, np.zeros_like(h))
        h_n[...] = carry(mask, t, h, h_n)


@twin
def _gru_backward(
    x: Array,
    weight_ih: Array,
    weight_hh: Array,
    mask: Array | None,
    gates: Array,
    inner: Array,
    h_before: Array,
    reverse: bool,
    grad_y: Array | None,
    grad_h_n: Array | None,
    grad_x: Array | None,
    grad_weight_ih: Array,
    grad_weight_hh: Array,
    grad_bias_ih: Array | None,
    grad_bias_hh: Array | None,
    grad_h0: Array | None,
) -> None:
    (N, T, H), dtype = h_before.shape, x.dtype
    da, db = scratch((2, *gates.shape), dtype)
    dh = np.zeros((N, H), dtype) if grad_h_n is None else grad_h_n
    for t in reversed(steps(T, reverse)):
        r, z, n = np.split(gates[:, t], 3, axis=1)
        grad = dh if grad_y is None else dh + grad_y[:, t]
        to_n = grad * (1 - z) * (1 - n * n)
        to_z = grad * (h_before[:, t] - n) * z * (1 - z)
        to_r = to_n * inner[:, t] * r * (1 - r)
        for target, last in ((da, to_n), (db, to_n * r)):
            here = np.concatenate([to_r, to_z, last], axis=1)
            target[:, t] = carry(mask, t, here, np.zeros_like(here))
        dh = carry(mask, t, db[:, t] @ weight_hh + grad * z, dh)
    if grad_h0 is not None:
        grad_h0[...] = dh
    outer, past = da.reshape(N * T, 3 * H), db.reshape(N * T, 3 * H)
    np.matmul(outer.T, x.reshape(N * T, x.shape[2]), out=grad_weight_ih)
    np.matmul(past.T, h_before.reshape(N * T, H), out=grad_weight_hh)
    if grad_bias_ih is not None and grad_bias_hh is not None:
        np.sum(outer, axis=0, out=grad_bias_ih)
        np.sum(past, axis=0, out=grad_bias_hh)
    if grad_x is not None:
        np.matmul(da, weight_ih, out=grad_x)
