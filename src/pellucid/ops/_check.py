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


_FLOATS = np.dtype(np.float32), np.dtype(np.float64)


def float_dtype(op: str, **arrays: Array | None) -> np.dtype[Any]:
    """Return the one dtype of `arrays`, float32 or float64; anything else is named in a DtypeError."""
    given: list[Any] = [getattr(a, "dtype", None) for a in arrays.values() if a is not None]
    if given[0] in _FLOATS and given.count(given[0]) == len(given):  # as nearly always: nothing to name
        return cast(np.dtype[Any], given[0])
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
        if isinstance(value, int) or not isinstance(value, Sequence):  # an int is known at once, a Sequence is not
            height = width = index(value)
        else:
            height, width = map(index, value)
    except (TypeError, ValueError):
        raise ConfigError(f"{op}: {name} is {value!r}, expected an int or a (height, width) pair") from None
    if min(height, width) < least:
        raise ConfigError(f"{op}: {name} is {value!r}, at least {least} is needed")
    return height, width


def whole(op: str, name: str, value: int, least: int = 1) -> int:
    """Return `value` if it is a whole number from `least` on."""
    try:
        number = index(value)
    except TypeError:
        raise ConfigError(f"{op}: {name} is {value!r}, a whole number is needed") from None
    if number < least:
        raise ConfigError(f"{op}: {name} is {value!r}, at least {least} is needed")
    return number


def real(op: str, name: str, value: float) -> float:
    """Return `value` if it is a number."""
    if isinstance(value, bool | str) or not isinstance(value, int | float | np.number):
        raise ConfigError(f"{op}: {name} is {value!r}, a number is needed")
    return float(value)


def extent(kernel: Pair, dilation: Pair) -> Pair:
    """Return how far a kernel reaches whose taps lie `dilation` apart: dilation * (K - 1) + 1 along each axis."""
    return dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1


def sides(op: str, padding: Padding, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Sides:
    """Return `padding` as ((top, bottom), (left, right)).

    "valid" is none; "same" keeps height and width; what it adds is dilation * (K - 1), the larger half at the end.
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        if stride != (1, 1):
            raise ConfigError(f"{op}: padding 'same' needs stride 1, got {stride}")
        height, width = extent(kernel, dilation)
        return ((height - 1) // 2, height // 2), ((width - 1) // 2, width // 2)
    if isinstance(padding, str):
        raise ConfigError(f"{op}: padding is {padding!r}, expected 'same', 'valid', an int or a pair")
    if isinstance(padding, Sequence) and any(isinstance(p, Sequence) for p in padding):
        if len(padding) != 2:
            raise ConfigError(f"{op}: padding is {padding!r}, expected ((top, bottom), (left, right))")
        vertical, horizontal = cast(Sides, padding)
        return pair(op, "padding", vertical, 0), pair(op, "padding", horizontal, 0)
    PH, PW = pair(op, "padding", cast(int | Pair, padding), 0)
    return (PH, PH), (PW, PW)


def window_counts(op: str, size: Pair, kernel: Pair, stride: Pair, padding: Sides, dilation: Pair = (1, 1)) -> Pair:
    """Return how many windows fit: floor((size + padding - extent) / stride) + 1 along each axis."""
    if min(size) < 1:
        raise ShapeError(f"{op}: the input is {size[0]}x{size[1]}: it has no pixels")
    height, width = (n + sum(p) for n, p in zip(size, padding, strict=True))
    reach = extent(kernel, dilation)
    if reach[0] > height or reach[1] > width:
        padded = " padded" if any(map(any, padding)) else ""
        dilated = f", dilated to {reach[0]}x{reach[1]}," if dilation != (1, 1) else ""
        raise ShapeError(
            f"{op}: kernel {kernel[0]}x{kernel[1]}{dilated} does not fit into the{padded} input {height}x{width}"
        )
    return (height - reach[0]) // stride[0] + 1, (width - reach[1]) // stride[1] + 1
