"""Shapes that do not fit: which layer of the network, what came to it on which way, and what would mend it."""

from collections.abc import Callable
from math import prod
from typing import Any

from .._core.errors import PellucidError, ShapeError


def placed(error: PellucidError, part: str, layer: Any, got: Any, trail: list[str]) -> PellucidError:
    """Return the error, of the same kind, with the part of the network in which it came up.

    Parameters
    ----------
    error : PellucidError
        Of the part; one that `placed` returned already gets a longer path, and the trail that led to it.
    part : str
        Its name.
    layer : Module
    got : shape
        What it was given.
    trail : list of str
        The input and the steps before the part, with their shapes.
    """
    path, reason, steps = getattr(error, "place", ("", f"{error}{_advice(layer, got, error)}", []))
    path, steps = f"{part}.{path}" if path else part, [*trail, *(f"{part}.{step}" for step in steps[1:])]
    way = f"\n  the way there: {' -> '.join(steps)}" if len(steps) > 1 else ""
    found = type(error)(f"layer {path!r}: {reason}{way}")
    found.place = path, reason, steps  # type: ignore[attr-defined]  # for the module around this one
    return found


def explained(module: Any, x: Any, error: ShapeError) -> ShapeError:
    """Return what is to be told of an error in a forward: where in the network its shapes no longer fit."""
    shapes = tuple(a.shape[1:] for a in x) if isinstance(x, tuple) else x.shape[1:]
    try:
        module.output_shape(shapes)
    except ShapeError as found:
        advice = "" if hasattr(found, "place") else _advice(module, shapes, found)
        return ShapeError(f"{found}{advice}") if advice else found
    except PellucidError:
        pass
    return error


def _advice(layer: Any, got: Any, error: PellucidError) -> str:
    """Return what to do, after a colon; nothing where nobody can know."""
    if not isinstance(error, ShapeError) or not isinstance(got, tuple) or not all(isinstance(n, int) for n in got):
        return ""
    kind = type(layer).__name__
    found = _ADVICE[kind](layer, got) if kind in _ADVICE else None
    return f": {found}" if found else ""


def _for_linear(layer: Any, got: tuple[int, ...]) -> str | None:
    O, I = layer.weight.shape
    if len(got) > 1 and prod(got) == I:
        return "put Flatten() before it"
    if len(got) == 3:
        return f"put Flatten() before it, and use Linear({prod(got)}, {O})"
    return f"use Linear({got[-1]}, {O})" if got and got[-1] != I else None


def _for_conv(layer: Any, got: tuple[int, ...]) -> str | None:
    O, C = layer.weight.shape[0], layer.weight.shape[1] * layer.groups
    spatial = layer.weight.shape[2:]
    if len(got) == len(spatial):
        return f"give samples an axis of channels, {(1, *got)}" if C == 1 else None
    if len(got) != len(spatial) + 1 or got[0] == C:
        return None
    if got[-1] == C:
        return f"channels come first here: {(C, *got[:-1])}, not {got}"
    return f"use {type(layer).__name__}({got[0]}, {O}, ...)"


def _for_norm(layer: Any, got: tuple[int, ...]) -> str | None:
    if got and got[0] != layer.num_features:
        return f"use {type(layer).__name__}({got[0]})"
    return None


def _for_recurrent(layer: Any, got: tuple[int, ...]) -> str | None:
    if len(got) == 2 and got[-1] != layer.input_size:
        return f"use {type(layer).__name__}({got[-1]}, {layer.hidden_size})"
    if len(got) == 1:
        return f"sequences are (T, features): a single step is {(1, *got)}"
    return "put TimeDistributed(Flatten()) before it" if len(got) > 2 else None


_ADVICE: dict[str, Callable[[Any, tuple[int, ...]], str | None]] = {
    "Linear": _for_linear,
    "Conv2d": _for_conv,
    "Conv1d": _for_conv,
    "BatchNorm1d": _for_norm,
    "BatchNorm2d": _for_norm,
    "LSTM": _for_recurrent,
    "GRU": _for_recurrent,
}
