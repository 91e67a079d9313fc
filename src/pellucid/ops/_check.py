"""What every op asks of its arguments before it computes: types that match, shapes that fit, sizes that make sense."""

from collections.abc import Sequence
from operator import index
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, DtypeError, ShapeError

Pair: TypeAlias = tuple[int, int]
Sides: TypeAlias = tuple[Pair, Pair]  # (top, bottom), (left, right)
Padding: TypeAlias = int | Pair | Sides | Literal["same", "valid"]


def float_dtype(op: str, **arrays: Array | None) -> np.dtype[Any]:
    """Return the one dtype of `arrays`, float32 or float64; anything else is named in a DtypeError."""
    kinds = {name: np.asarray(a).dtype for name, a in arrays.items() if a is not None}
    first = next(iter(kinds.values()))
    for name, kind in kinds.items():
        if kind not in (np.float32, np.float64):
            raise DtypeError(f"{op}: {name} is {kind}; convert it to float32 or float64 first")
        if kind != first:
            raise DtypeError(f"{op}: {next(iter(kinds))} is {first} but {name} is {kind}; they must be alike")
    return first


def same_shape(op: str, name: str, array: Array, expected: Shape) -> None:
    """Refuse an array of another shape: nothing is broadcast silently."""
    if array.shape != tuple(expected):
        raise ShapeError(f"{op}: {name} has shape {array.shape}, expected {tuple(expected)}")


def axes(op: str, shape: Shape, names: str) -> Shape:
    """Return `shape` if it has one size for each letter of `names`, such as "NCHW"."""
    if len(shape) != len(names):
        raise ShapeError(f"{op}: expected {len(names)} axes ({', '.join(names)}), got shape {tuple(shape)}")
    return tuple(shape)


def pair(op: str, name: str, value: int | Sequence[int], least: int = 1) -> Pair:
    """Return `value` as (height, width); an int stands for both."""
    try:
        height, width = map(index, value) if isinstance(value, Sequence) else (index(value), index(value))
    except (TypeError, ValueError):
        raise ConfigError(f"{op}: {name} is {value!r}, expected an int or a (height, width) pair") from None
    if min(height, width) < least:
        raise ConfigError(f"{op}: {name} is {value!r}, at least {least} is needed")
    return height, width


def sides(op: str, padding: Padding, kernel: Pair, stride: Pair) -> Sides:
    """Return `padding` as ((top, bottom), (left, right)).

    "valid" is none; "same" keeps height and width, an even kernel pads the end by one more.
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        if stride != (1, 1):
            raise ConfigError(f"{op}: padding 'same' needs stride 1, got {stride}")
        return ((kernel[0] - 1) // 2, kernel[0] // 2), ((kernel[1] - 1) // 2, kernel[1] // 2)
    if isinstance(padding, str):
        raise ConfigError(f"{op}: padding is {padding!r}, expected 'same', 'valid', an int or a pair")
    if isinstance(padding, Sequence) and any(isinstance(p, Sequence) for p in padding):
        if len(padding) != 2:
            raise ConfigError(f"{op}: padding is {padding!r}, expected ((top, bottom), (left, right))")
        vertical, horizontal = cast(Sides, padding)
        return pair(op, "padding", vertical, 0), pair(op, "padding", horizontal, 0)
    PH, PW = pair(op, "padding", cast(int | Pair, padding), 0)
    return (PH, PH), (PW, PW)


def window_counts(op: str, size: Pair, kernel: Pair, stride: Pair, padding: Sides) -> Pair:
    """Return how many windows fit: floor((size + padding - kernel) / stride) + 1 along each axis."""
    height, width = (n + sum(p) for n, p in zip(size, padding, strict=True))
    if kernel[0] > height or kernel[1] > width:
        padded = " padded" if any(map(any, padding)) else ""
        raise ShapeError(f"{op}: kernel {kernel[0]}x{kernel[1]} does not fit into the{padded} input {height}x{width}")
    return (height - kernel[0]) // stride[0] + 1, (width - kernel[1]) // stride[1] + 1
