"""The derivative of a function of one number by central differences, where it has one.

    D(h) = (f(h) - f(-h)) / 2h                 errs by h**2
    R(h) = (4 D(h/2) - D(h)) / 3               errs by h**4: Richardson, Phil. Trans. A 210, 1911

A kink (ReLU at zero) or a tie (two equal maxima) between -h and h spoils both.  So h falls until two R in a row agree;
and a kink at 0 itself, where all R agree on the mean of both slopes, is told by the slopes to either side: what lies
between them does not fall with h.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..._core.arrays import Array

STEPS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Derivative:
    """What was found.

    Attributes
    ----------
    value : float
    noise : float
        How much of it rounding alone may be.
    """

    value: float
    noise: float


def derivative(f: Callable[[float], tuple[Array, ...]], weights: tuple[Array, ...], rtol: float) -> Derivative | None:
    """Return the derivative of t -> sum(weights * f(t)) at 0; None at a kink.

    Parameters
    ----------
    f : function
        Of a small number; gives float64 arrays.
    weights : float64 arrays, of the shapes that `f` gives
    rtol : float
        How near two estimates must be to each other, relative to what the entries of `f` contribute.
    """
    middle = f(0.0)
    size = sum(float(np.abs(w * y).sum()) for w, y in zip(weights, middle, strict=True))
    before: tuple[float, float] | None = None
    for h in STEPS:
        value, spread, gap = _estimate(f, weights, middle, h)
        noise = 8 * EPS * size / h
        if not np.isfinite(value):
            return None
        if before is not None:
            near = rtol * spread + noise
            if abs(value - before[0]) <= near and (abs(gap) <= near or abs(gap) <= 0.5 * abs(before[1])):
                return Derivative(value, noise)
        before = value, gap
    return None


def _estimate(
    f: Callable[[float], tuple[Array, ...]], weights: tuple[Array, ...], middle: tuple[Array, ...], h: float
) -> tuple[float, float, float]:
    """Return R(h), how much its parts are apart from their signs, and by how much the slopes to either side differ."""
    value = spread = gap = 0.0
    for share, step in ((-1 / 3, h), (4 / 3, h / 2)):
        above, below = f(step), f(-step)
        for w, high, low, y in zip(weights, above, below, middle, strict=True):
            change = w * (high - low)
            value += share * float(change.sum()) / (2 * step)
            if step == h:
                spread += float(np.abs(change).sum()) / (2 * step)
                gap += float((w * ((high - y) - (y - low))).sum()) / step
    return value, spread, gap
