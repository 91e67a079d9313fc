"""Start values and Adam's step, on dictionaries of arrays."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from .._core.random import key
from ..nn.init import initializer

Arrays = Mapping[str, Array]
_METHODS = {"glorot": "glorot_uniform", "he": "he_uniform"}


def init_weights(
    shape: Shape, method: str = "he", *, seed: int = 0, name: str = "", dtype: npt.DTypeLike = np.float32
) -> Array:
    """Return start values of a weight (O, C, KH, KW) or (O, I).

    Parameters
    ----------
    shape : tuple of int
    method : str
        "he" or "glorot", uniform both, or any name that `pellucid.nn.init` knows.
    seed, name
        The numbers are a function of (seed, name): give each weight a name of its own.
    dtype : float32 or float64

    Examples
    --------
    >>> from pellucid.functional import init_weights
    >>> weight = init_weights((32, 1, 3, 3), "he")
    >>> bool(abs(weight).max() <= (6 / 9) ** 0.5)       # fan_in is 9
    True
    """
    make = initializer(_METHODS.get(method, method))
    return np.asarray(make(tuple(shape), key(seed, "start", name)), dtype)


def init_bias(size: int, value: float = 0.0, *, dtype: npt.DTypeLike = np.float32) -> Array:
    """Return a bias (size,) that starts at `value`."""
    return np.full(size, value, dtype)


def adam_init(parameters: Arrays) -> dict[str, Any]:
    """Return Adam's state before the first step: no steps, both moments zero.

    Examples
    --------
    >>> from pellucid.functional import adam_init
    >>> adam_init({"bias": np.ones(2)})
    {'step': 0, 'm': {'bias': array([0., 0.])}, 'v': {'bias': array([0., 0.])}}
    """
    return {
        "step": 0,
        "m": {name: np.zeros_like(array) for name, array in parameters.items()},
        "v": {name: np.zeros_like(array) for name, array in parameters.items()},
    }


def adam_step(
    parameters: Arrays,
    gradients: Arrays,
    state: Mapping[str, Any],
    *,
    lr: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return (parameters, state) after one step; what was given is not changed.

        m = beta1 * m + (1 - beta1) * gradient                  v = beta2 * v + (1 - beta2) * gradient**2
        parameter = parameter - lr * m' / (sqrt(v') + eps)      m' = m / (1 - beta1**step), v' likewise

    D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015.

    Parameters
    ----------
    parameters, gradients : mapping of name to array
        With the same names and shapes.
    state : mapping
        From `adam_init`, or from the last step.

    Raises
    ------
    ConfigError, ShapeError
        If a gradient is missing, or has another shape than its parameter.

    Examples
    --------
    >>> from pellucid.functional import adam_init, adam_step
    >>> parameters = {"bias": np.ones(1)}
    >>> parameters, state = adam_step(parameters, {"bias": np.full(1, 5.0)}, adam_init(parameters), lr=0.1)
    >>> parameters["bias"].round(6).tolist(), state["step"]
    ([0.9], 1)
    """
    if odd := parameters.keys() ^ gradients.keys():
        raise ConfigError(f"adam_step: parameters and gradients differ in {', '.join(sorted(odd))}")
    step = state["step"] + 1
    rate, scale = lr / (1 - beta1**step), 1 / math.sqrt(1 - beta2**step)
    moved: dict[str, Array] = {}
    m: dict[str, Array] = {}
    v: dict[str, Array] = {}
    for name, parameter in parameters.items():
        gradient = gradients[name]
        if gradient.shape != parameter.shape:
            raise ShapeError(f"adam_step: {name} has shape {parameter.shape}, its gradient {gradient.shape}")
        m[name] = beta1 * state["m"][name] + (1 - beta1) * gradient
        v[name] = beta2 * state["v"][name] + (1 - beta2) * gradient**2
        moved[name] = parameter - rate * m[name] / (scale * np.sqrt(v[name]) + eps)
    return moved, {"step": step, "m": m, "v": v}
