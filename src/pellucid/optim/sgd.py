"""SGD: down the gradient, with momentum."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..ops._dispatch import twin
from ..ops._memory import scratch
from .optimizer import Optimizer, Parameters, from_zero, in_unit_interval, regularized


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as in PyTorch.

        grad      = grad + weight_decay * parameter
        velocity  = momentum * velocity + (1 - dampening) * grad           in the first step: grad
        parameter = parameter - lr * velocity                              or, with nesterov
        parameter = parameter - lr * (grad + momentum * velocity)

    Nesterov's momentum looks one step of the velocity ahead: I. Sutskever et al., On the importance of initialization
    and momentum in deep learning, ICML 2013.

    Parameters
    ----------
    parameters : FlatParameters
        ``model.parameters()``.
    lr : float
        Learning rate.
    momentum : float
        How much of the last velocity stays, from 0 to below 1.
    weight_decay : float
        How strongly parameters are pulled towards 0 (L2: a part of the gradient).
    dampening : float
        How much of a gradient does not reach the velocity.
    nesterov : bool
        Needs a momentum above 0, and no dampening.
    groups : sequence of mapping
        See `Optimizer`; `nesterov` is the same for all.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="ones").build((1,))
    >>> optimizer = SGD(model.parameters(), lr=0.1)
    >>> model.weight.grad[...] = 2
    >>> optimizer.step()
    >>> round(float(model.weight.data[0, 0]), 6)
    0.8
    """

    one_for_all = ("nesterov",)

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        momentum: float = 0.0,
        *,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        groups: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.momentum, self.dampening, self.weight_decay, self.nesterov = momentum, dampening, weight_decay, nesterov
        super().__init__(parameters, lr, groups)

    def check(self, its: Any) -> None:
        """Refuse what is out of range."""
        in_unit_interval(its.title, momentum=its.momentum)
        from_zero(its.title, weight_decay=its.weight_decay)
        if its.nesterov and not its.momentum:
            raise ConfigError(f"{its.title}: nesterov without momentum; give a momentum above 0")
        if its.nesterov and its.dampening:
            raise ConfigError(f"{its.title}: nesterov with dampening {its.dampening}; it knows none")

    def needed(self, its: Any) -> tuple[str, ...]:
        """Return the names of the slots that these settings need."""
        return ("velocity",) if its.momentum else ()

    def update(self, its: Any, data: Array, grad: Array, slots: Mapping[str, Array]) -> None:
        """Apply the rule in place."""
        ahead = its.lr * its.momentum if its.nesterov else 0.0
        fresh = 1.0 if its.steps == 1 else 1 - its.dampening
        _sgd_update(grad, data, slots.get("velocity"), its.lr, its.momentum, fresh, ahead, its.weight_decay)


@twin
def _sgd_update(
    grad: Array, data: Array, velocity: Array | None, lr: float, momentum: float, fresh: float, ahead: float,
    weight_decay: float,
) -> None:  # fmt: skip
    """Move `data`; without momentum there is no velocity.  A Nesterov step looks `ahead` = lr * momentum along it."""
    room = scratch(data.shape, data.dtype)
    grad = regularized(grad, data, weight_decay, out=room)
    if velocity is None:
        data -= np.multiply(grad, lr, out=room)
        return
    velocity *= momentum
    if ahead:  # its two terms one after the other: the one scratch vector is enough
        velocity += grad
        data -= np.multiply(grad, lr, out=room)
        data -= np.multiply(velocity, ahead, out=room)
    else:
        velocity += grad if fresh == 1 else np.multiply(grad, fresh, out=room)
        data -= np.multiply(velocity, lr, out=room)
