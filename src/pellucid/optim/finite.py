"""Whether a gradient can be used at all: one nan in it spoils every weight that it touches."""

import numpy as np

from .._core.arrays import Array
from ..ops._dispatch import twin
from .clip import _check
from .optimizer import Parameters


def all_finite(parameters: Parameters) -> bool:
    """Return whether every number of all gradients is finite: neither nan nor infinite.

    Parameters
    ----------
    parameters : FlatParameters
        ``model.parameters()``.

    Raises
    ------
    ConfigError
        If `parameters` have no gradients.

    Examples
    --------
    >>> model = Linear(2, 1, bias=False).build((2,))
    >>> model.weight.grad = [[3.0, 4.0]]
    >>> all_finite(model.parameters())
    True
    >>> model.weight.grad = [[3.0, np.inf]]
    >>> all_finite(model.parameters())
    False
    """
    _check("all_finite", parameters)
    found = np.empty(1)
    _not_finite(parameters.grad, found)
    return not found[0]


@twin
def _not_finite(values: Array, found: Array) -> None:
    found[0] = not np.isfinite(values).all()
