"""Adagrad: each parameter moves by its gradient over the size of all its gradients so far."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array
from ..ops._dispatch import twin
from ..ops._memory import scratch
from .optimizer import Optimizer, Parameters, from_zero, regularized


class Adagrad(Optimizer):
    """Adagrad, as in PyTorch.

        grad      = grad + weight_decay * parameter
        sum       = sum + grad**2
        parameter = parameter - lr / (1 + (t - 1) * lr_decay) * grad / (sqrt(sum) + eps)       at step t = 1, 2, ...

    J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods for online learning and stochastic optimization,
    JMLR 2011.  The sum only grows, so that steps get ever shorter; seldom seen features keep theirs.

    Parameters
    ----------
    parameters : FlatParameters
        ``model.parameters()``.
    lr : float
        Learning rate: how far a parameter moves in the first step, if the sum starts at 0.
    lr_decay : float
        How fast the rate falls, besides.
    weight_decay : float
        How strongly parameters are pulled towards 0 (L2: a part of the gradient).
    initial_accumulator_value : float
        Where the sum starts.
    eps : float
        Keeps the division finite.
    groups : sequence of mapping
        See `Optimizer`; `initial_accumulator_value` is the same for all.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="ones").build((1,))
    >>> optimizer = Adagrad(model.parameters(), lr=0.1, initial_accumulator_value=16.0)
    >>> model.weight.grad[...] = 3                                   # 3 / sqrt(16 + 9)
    >>> optimizer.step()
    >>> round(float(model.weight.data[0, 0]), 6)
    0.94
    """

    one_for_all = ("initial_accumulator_value",)

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        groups: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.lr_decay, self.weight_decay, self.eps = lr_decay, weight_decay, eps
        self.initial_accumulator_value = initial_accumulator_value
        super().__init__(parameters, lr, groups)
        self.slots["sum"].fill(initial_accumulator_value)

    def check(self, its: Any) -> None:
        """Refuse what is below 0."""
        from_zero(its.title, lr_decay=its.lr_decay, weight_decay=its.weight_decay, eps=its.eps)
        from_zero(its.title, initial_accumulator_value=its.initial_accumulator_value)

    def needed(self, its: Any) -> tuple[str, ...]:
        """Return the names of the slots that these settings need."""
        return ("sum",)

    def update(self, its: Any, data: Array, grad: Array, slots: Mapping[str, Array]) -> None:
        """Apply the rule in place."""
        rate = its.lr / (1 + (its.steps - 1) * its.lr_decay)
        _adagrad_update(grad, data, slots["sum"], rate, its.eps, its.weight_decay)


@twin
def _adagrad_update(grad: Array, data: Array, total: Array, rate: float, eps: float, weight_decay: float) -> None:
    """Move `data` by rate * grad / (sqrt(total) + eps), after the gradient's square was added to `total`."""
    room, size = scratch((2, *data.shape), data.dtype)
    grad = regularized(grad, data, weight_decay, out=room)
    total += np.multiply(grad, grad, out=size)
    np.sqrt(total, out=size)
    size += eps
    np.divide(grad, size, out=size)
    data -= np.multiply(size, rate, out=size)
