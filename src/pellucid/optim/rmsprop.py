"""RMSprop: each parameter moves by its gradient over the gradient's recent size."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array
from ..ops._dispatch import twin
from ..ops._memory import scratch
from .optimizer import Optimizer, Parameters, from_zero, in_unit_interval, regularized


class RMSprop(Optimizer):
    """RMSprop, as in PyTorch.  T. Tieleman and G. Hinton, Lecture 6.5, Neural networks for machine learning, 2012.

        grad      = grad + weight_decay * parameter
        square    = alpha * square + (1 - alpha) * grad**2
        size      = sqrt(square) + eps                                     or, if centered,
        mean      = alpha * mean + (1 - alpha) * grad
        size      = sqrt(square - mean**2) + eps
        parameter = parameter - lr * grad / size                           or, with momentum
        velocity  = momentum * velocity + grad / size
        parameter = parameter - lr * velocity

    square, mean and velocity start at zero.  The centered rule is that of A. Graves, Generating sequences with
    recurrent neural networks, 2013.  Where rounding makes square - mean**2 negative it counts as 0; PyTorch's step is
    nan there.

    Parameters
    ----------
    parameters : FlatParameters
        ``model.parameters()``.
    lr : float
        Learning rate.
    alpha : float
        How much of the last square, and mean, stays.
    eps : float
        Keeps the division finite.
    weight_decay : float
        How strongly parameters are pulled towards 0 (L2: a part of the gradient).
    momentum : float
        How much of the last velocity stays, from 0 to below 1.
    centered : bool
        Divide by the gradient's standard deviation, not by its size.
    groups : sequence of mapping
        See `Optimizer`; `centered` is the same for all.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="ones").build((1,))
    >>> optimizer = RMSprop(model.parameters(), lr=0.1, alpha=0.75)
    >>> model.weight.grad[...] = 3                                   # sqrt(0.25 * 9) is its half
    >>> optimizer.step()
    >>> round(float(model.weight.data[0, 0]), 6)
    0.8
    """

    one_for_all = ("centered",)

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        groups: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.alpha, self.eps, self.weight_decay, self.momentum, self.centered = (
            alpha, eps, weight_decay, momentum, centered,
        )  # fmt: skip
        super().__init__(parameters, lr, groups)

    def check(self, its: Any) -> None:
        """Refuse what is out of range."""
        in_unit_interval(its.title, alpha=its.alpha, momentum=its.momentum)
        from_zero(its.title, eps=its.eps, weight_decay=its.weight_decay)

    def needed(self, its: Any) -> tuple[str, ...]:
        """Return the names of the slots that these settings need."""
        return ("square", *(("mean",) if its.centered else ()), *(("velocity",) if its.momentum else ()))

    def update(self, its: Any, data: Array, grad: Array, slots: Mapping[str, Array]) -> None:
        """Apply the rule in place."""
        _rmsprop_update(
            grad, data, slots["square"], slots.get("mean"), slots.get("velocity"), its.alpha, its.lr, its.momentum,
            its.eps, its.weight_decay,
        )  # fmt: skip


@twin
def _rmsprop_update(
    grad: Array, data: Array, square: Array, mean: Array | None, velocity: Array | None, alpha: float, lr: float,
    momentum: float, eps: float, weight_decay: float,
) -> None:  # fmt: skip
    """Move `data`; what is not centered has no mean, and what has no momentum no velocity."""
    room, size = scratch((2, *data.shape), data.dtype)
    grad = regularized(grad, data, weight_decay, out=room)
    np.multiply(grad, grad, out=size)
    square *= alpha
    square += np.multiply(size, 1 - alpha, out=size)
    if mean is None:
        np.sqrt(square, out=size)
    else:
        mean *= alpha
        mean += np.multiply(grad, 1 - alpha, out=size)
        np.multiply(mean, mean, out=size)
        np.subtract(square, size, out=size)
        np.sqrt(np.maximum(size, 0, out=size), out=size)
    size += eps
    np.divide(grad, size, out=size)
    if velocity is not None:
        velocity *= momentum
        velocity += size
        size[...] = velocity
    data -= np.multiply(size, lr, out=size)
