"""lstm: long short-term memory over a whole sequence.

    z[t] = weight_ih @ x[t] + bias_ih + weight_hh @ h[t-1] + bias_hh           four parts of H rows: i, f, g, o
    i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)                         what to write, to keep, to show
    g       = tanh(z_g)                                                        what could be written
    c[t] = f * c[t-1] + i * g              h[t] = o * tanh(c[t])               y[t] = h[t]

With G = dL/dy, going back from the last step, where H and C are what comes from the step behind:

    dh = G[t] + H                          dc = C + dh * o * (1 - tanh(c[t])**2)
    dz_i = dc * g * i * (1 - i)            dz_g = dc * i * (1 - g**2)
    dz_f = dc * c[t-1] * f * (1 - f)       dz_o = dh * tanh(c[t]) * o * (1 - o)
    H = dz @ weight_hh                     C = dc * f

    grad_x[t] = dz[t] @ weight_ih          grad_weight_ih = sum dz[t].T @ x[t]
    grad_bias_ih = grad_bias_hh = sum dz   grad_weight_hh = sum dz[t].T @ h[t-1]

So one product makes all of x ready, and the gradients of the weights are one product each, over all steps.
Where `mask` is false a step is left out: h and c stay, y is 0.  `reverse` goes from the last step to the first.
S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9 (1997); the forget gate:
F. A. Gers et al., Learning to forget, Neural Computation 12 (2000).

x (N,T,I)   weight_ih (4H,I)   weight_hh (4H,H)   biases (4H,), both or neither   h0, c0 (N,H), zeros if None
mask (N,T) bool or None        y (N,T,H)          h_n, c_n (N,H): h and c behind the last step
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

# x, weight_ih, weight_hh, whether there are biases, h0, c0, mask, gates (N,T,4H), h and c before each step, reverse
Saved: TypeAlias = tuple[
    Array, Array, Array, bool, Array | None, Array | None, Array | None, Array, Array, Array, bool
]  # fmt: skip


def lstm_shape(x_shape: Shape, weight_ih_shape: Shape, weight_hh_shape: Shape) -> Shape:
    """Return the shape of y; a ShapeError names sizes that do not fit."""
    return recurrent_shape("lstm", 4, x_shape, weight_ih_shape, weight_hh_shape)


def lstm_forward(
    x: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
    h0: Array | None = None,
    c0: Array | None = None,
    *,
    mask: Array | None = None,
    reverse: bool = False,
) -> tuple[tuple[Array, Array, Array], Saved]:
    """Return ((y, h_n, c_n), saved).

    >>> x, weight_ih, weight_hh = np.ones((1, 2, 1)), np.array([[0.0], [0.0], [9.0], [0.0]]), np.zeros((4, 1))
    >>> (y, h_n, c_n), _ = lstm_forward(x, weight_ih, weight_hh)     # i = f = o = 1/2, g = tanh(9)
    >>> y.shape, c_n.round(3).tolist()                               # 1/2, then 1/2 + 1/4
    ((1, 2, 1), [[0.75]])
    """
    arrays = {"x": x, "weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}
    dtype = float_dtype("lstm", **arrays, h0=h0, c0=c0)
    shape = N, T, H = lstm_shape(x.shape, weight_ih.shape, weight_hh.shape)
    check_rest("lstm", shape, 4 * H, {"bias_ih": bias_ih, "bias_hh": bias_hh}, {"h0": h0, "c0": c0})
    check_mask("lstm", mask, shape)
    y, gates = empty(shape, dtype), empty((N, T, 4 * H), dtype)
    h_before, c_before, h_n, c_n = (empty(s, dtype) for s in (shape, shape, (N, H), (N, H)))
    _lstm_forward(
        x, weight_ih, weight_hh, bias_ih, bias_hh, h0, c0, mask, reverse, y, h_n, c_n, gates, h_before, c_before
    )
    saved = x, weight_ih, weight_hh, bias_ih is not None, h0, c0, mask, gates, h_before, c_before, bool(reverse)
    return (y, h_n, c_n), saved


def lstm_backward(
    grads: tuple[Array | None, Array | None, Array | None],
    saved: Saved,
    *,
    needs_input_grad: bool = True,
    out: Four = NOWHERE,
) -> tuple[Array | None, ...]:
    """Return the gradients of x, weight_ih, weight_hh, bias_ih, bias_hh, h0, c0.

    None stands where there was no array, and for grad_x where `needs_input_grad` is false.

    Parameters
    ----------
    grads : (grad_y, grad_h_n, grad_c_n)
        None counts as zeros.
    out : arrays
        Where the gradients of weights and biases are written to, None for new arrays.
    """
    x, weight_ih, weight_hh, has_bias, h0, c0, mask, gates, h_before, c_before, reverse = saved
    grad_y, grad_h_n, grad_c_n = grads
    check_gradients("lstm", h_before.shape, grad_y, grad_h_n=grad_h_n, grad_c_n=grad_c_n)
    dtype = float_dtype("lstm", x=x, grad_y=grad_y, grad_h_n=grad_h_n, grad_c_n=grad_c_n)
    places = weight_places(out, weight_ih, weight_hh, has_bias)
    grad_x = empty(x.shape, dtype) if needs_input_grad else None
    grad_h0, grad_c0 = (None if state is None else empty(state.shape, dtype) for state in (h0, c0))
    _lstm_backward(
        x, weight_ih, weight_hh, mask, gates, h_before, c_before, reverse, *grads, grad_x, *places, grad_h0, grad_c0
    )
    return grad_x, *places, grad_h0, grad_c0


@twin
def _lstm_forward(
    x: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
    h0: Array | None,
    c0: Array | None,
    mask: Array | None,
    reverse: bool,
    y: Array,
    h_n: Array,
    c_n: Array,
    gates: Array,
    h_before: Array,
    c_before: Array,
) -> None:
    np.matmul(x, weight_ih.T, out=gates)
    if bias_ih is not None and bias_hh is not None:
        gates += bias_ih + bias_hh
    h_n[...], c_n[...] = 0 if h0 is None else h0, 0 if c0 is None else c0
    for t in steps(x.shape[1], reverse):
        h_before[:, t], c_before[:, t] = h_n, c_n
        z = gates[:, t]
        z += h_n @ weight_hh.T
        i, f, g, o = np.split(z, 4, axis=1)  # views: what they become is kept
        for gate in (i, f, o):
            sigmoid(gate)
        np.tanh(g, out=g)
        c = f * c_n + i * g
        h = o * np.tanh(c)
        y[:, t] = carry(mask, t, h, np.zeros_like(h))
        h_n[...], c_n[...] = carry(mask, t, h, h_n), carry(mask, t, c, c_n)


@twin
def _lstm_backward(
    x: Array,
    weight_ih: Array,
    weight_hh: Array,
    mask: Array | None,
    gates: Array,
    h_before: Array,
    c_before: Array,
    reverse: bool,
    grad_y: Array | None,
    grad_h_n: Array | None,
    grad_c_n: Array | None,
    grad_x: Array | None,
    grad_weight_ih: Array,
    grad_weight_hh: Array,
    grad_bias_ih: Array | None,
    grad_bias_hh: Array | None,
    grad_h0: Array | None,
    grad_c0: Array | None,
) -> None:
    (N, T, H), dtype = h_before.shape, x.dtype
    dz = scratch(gates.shape, dtype)
    dh = np.zeros((N, H), dtype) if grad_h_n is None else grad_h_n
    dc = np.zeros((N, H), dtype) if grad_c_n is None else grad_c_n
    for t in reversed(steps(T, reverse)):
        i, f, g, o = np.split(gates[:, t], 4, axis=1)
        shown = np.tanh(f * c_before[:, t] + i * g)
        h_grad = dh if grad_y is None else dh + grad_y[:, t]
        c_grad = dc + h_grad * o * (1 - shown * shown)
        parts = c_grad * g * i * (1 - i), c_grad * c_before[:, t] * f * (1 - f), c_grad * i * (1 - g * g)
        here = np.concatenate([*parts, h_grad * shown * o * (1 - o)], axis=1)
        dz[:, t] = carry(mask, t, here, np.zeros_like(here))
        dh, dc = carry(mask, t, here @ weight_hh, dh), carry(mask, t, c_grad * f, dc)
    if grad_h0 is not None:
        grad_h0[...] = dh
    if grad_c0 is not None:
        grad_c0[...] = dc
    rows = dz.reshape(N * T, 4 * H)
    np.matmul(rows.T, x.reshape(N * T, x.shape[2]), out=grad_weight_ih)
    np.matmul(rows.T, h_before.reshape(N * T, H), out=grad_weight_hh)
    if grad_bias_ih is not None and grad_bias_hh is not None:
        grad_bias_hh[...] = np.sum(rows, axis=0, out=grad_bias_ih)
    if grad_x is not None:
        np.matmul(dz, weight_ih, out=grad_x)
