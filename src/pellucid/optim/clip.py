"""Clipping: one step of a recurrent or deep network may not be arbitrarily long."""

import math

import numpy as np

from .._core.arrays import Array, ordered_sum
from .._core.errors import ConfigError
from ..ops._dispatch import twin
from .optimizer import Parameters, from_zero


def clip_grad_norm(parameters: Parameters, max_norm: float) -> float:
    """Scale all gradients together so that their norm is at most `max_norm`; return the norm that they had.

        norm = sqrt(sum of the squares of all gradients)          grad = grad * min(1, max_norm / (norm + 1e-6))

    As PyTorch's ``clip_grad_norm_``.  R. Pascanu et al., On the difficulty of training recurrent neural networks,
    ICML 2013.  The squares are summed in float64, in an order that no thread count changes.
    A norm that is not finite is returned, and the gradients stay as they are.  What is frozen does not count.

    Parameters
    ----------
    parameters : FlatParameters
        ``model.parameters()``.
    max_norm : float
        From 0; infinity measures only.

    Raises
    ------
    ConfigError
        If `max_norm` is below 0 or no number, or `parameters` have no gradients.

    Examples
    --------
    >>> model = Linear(2, 1, bias=False).build((2,))
    >>> model.weight.grad = [[3.0, 4.0]]
    >>> clip_grad_norm(model.parameters(), max_norm=1.0)
    5.0
    >>> model.weight.grad.round(4).tolist() == np.array([[0.6, 0.8]], np.float32).tolist()
    True
    """
    _check("clip_grad_norm", parameters)
    from_zero("clip_grad_norm", max_norm=max_norm)
    squares, total = 0.0, np.empty(1)
    grad, runs = parameters.grad, parameters.trainable
    for run in runs:
        _sum_of_squares(grad[run], total)
        squares += total[0]
    norm = math.sqrt(squares)
    if math.isfinite(norm) and norm + 1e-6 > max_norm:
        for run in runs:
            _scale(grad[run], max_norm / (norm + 1e-6))
    return norm


def clip_grad_value(parameters: Parameters, clip_value: float) -> None:
    """Bring each number of the gradient that is larger than `clip_value` in size down to it, by itself.

        grad = min(max(grad, -clip_value), clip_value)

    As PyTorch's ``clip_grad_value_``.  Other than `clip_grad_norm` it turns the gradient.  A nan stays.

    Parameters
    ----------
    parameters : FlatParameters
        ``model.parameters()``.
    clip_value : float
        From 0.

    Raises
    ------
    ConfigError
        If `clip_value` is below 0 or no number, or `parameters` have no gradients.

    Examples
    --------
    >>> model = Linear(2, 1, bias=False).build((2,))
    >>> model.weight.grad = [[3.0, -0.5]]
    >>> clip_grad_value(model.parameters(), clip_value=1.0)
    >>> model.weight.grad.tolist()
    [[1.0, -0.5]]
    """
    _check("clip_grad_value", parameters)
    from_zero("clip_grad_value", clip_value=clip_value)
    _clip_values(parameters.grad, clip_value)


def _check(what: str, parameters: Parameters) -> None:
    if not hasattr(parameters, "grad"):
        raise ConfigError(f"{what}: pass model.parameters() of a network that is built")


@twin
def _clip_values(values: Array, largest: float) -> None:
    np.clip(values, -largest, largest, out=values)


@twin
def _sum_of_squares(values: Array, total: Array) -> None:
    with np.errstate(over="ignore"):  # of float64 gradients: the norm then is infinite, and says so
        total[0] = ordered_sum(np.square(values, dtype=np.float64))


@twin
def _scale(values: Array, factor: float) -> None:
    values *= factor
