"""What the recurrent ops share: the shape of their output, what they ask of their arguments, the order of the steps."""

from typing import TypeAlias

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import DtypeError, ShapeError
from ._check import axes, same_shape
from ._memory import empty

Four: TypeAlias = tuple[Array | None, Array | None, Array | None, Array | None]

NOWHERE: Four = (None, None, None, None)
"""Of the gradients of both weights and both biases each is a new array."""


def recurrent_shape(op: str, gates: int, x_shape: Shape, weight_ih_shape: Shape, weight_hh_shape: Shape) -> Shape:
    """Return (N, T, H); a ShapeError names sizes that do not fit."""
    N, T, I = axes(f"{op} x", x_shape, "NTI")
    rows, features = axes(f"{op} weight_ih", weight_ih_shape, "GI")
    if features != I:
        raise ShapeError(f"{op}: x has {I} features but weight_ih expects {features}")
    if rows % gates:
        raise ShapeError(f"{op}: weight_ih has {rows} rows, a multiple of the {gates} gates is needed")
    H = rows // gates
    if tuple(weight_hh_shape) != (rows, H):
        raise ShapeError(f"{op}: weight_hh has shape {tuple(weight_hh_shape)}, expected {(rows, H)}")
    return N, T, H


def check_rest(
    op: str, shape: Shape, rows: int, biases: dict[str, Array | None], states: dict[str, Array | None]
) -> None:
    """Refuse biases that are not (rows,) and first states that are not (N, H)."""
    N, _, H = shape
    for name, bias in biases.items():
        if bias is not None:
            same_shape(op, name, bias, (rows,))
    for name, state in states.items():
        if state is not None:
            same_shape(op, name, state, (N, H))
    if len({bias is None for bias in biases.values()}) > 1:
        raise ShapeError(f"{op}: one of {' and '.join(biases)} is missing; both are needed, or neither")


def check_mask(op: str, mask: Array | None, shape: Shape) -> None:
    """Refuse a mask that is not bool of shape (N, T)."""
    if mask is None:
        return
    if getattr(mask, "dtype", None) != np.bool_:
        raise DtypeError(f"{op}: mask is {getattr(mask, 'dtype', type(mask).__name__)}, bool is needed")
    same_shape(op, "mask", mask, shape[:2])


def check_gradients(op: str, shape: Shape, grad_y: Array | None, **lasts: Array | None) -> None:
    """Refuse gradients of the outputs that have other shapes than these."""
    if grad_y is not None:
        same_shape(op, "grad_y", grad_y, shape)
    for name, grad in lasts.items():
        if grad is not None:
            same_shape(op, name, grad, (shape[0], shape[2]))


def weight_places(out: Four, weight_ih: Array, weight_hh: Array, has_bias: bool) -> Four:
    """Return where the gradients of weights and biases go: what `out` names, else new arrays."""
    rows, kind = weight_ih.shape[:1], weight_ih.dtype
    shapes = weight_ih.shape, weight_hh.shape, *((rows, rows) if has_bias else (None, None))
    places = [
        None if shape is None else empty(shape, kind, images=False) if given is None else given
        for given, shape in zip(out, shapes, strict=True)
    ]
    return places[0], places[1], places[2], places[3]


def steps(T: int, reverse: bool) -> range:
    """Return the steps in the order in which the state passes through them."""
    return range(T - 1, -1, -1) if reverse else range(T)


def carry(mask: Array | None, t: int, now: Array, before: Array) -> Array:
    """Return `now` where step t counts, `before` where it is masked."""
    return now if mask is None else np.where(mask[:, t, None], now, before)


def sigmoid(z: Array) -> None:
    """Replace z by 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2, which never overflows."""
    z *= 0.5
    np.tanh(z, out=z)
    z += 1
    z *= 0.5
