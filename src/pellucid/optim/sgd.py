"""SGD: down the gradient, with momentum."""

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..ops._dispatch import twin
from ..ops._memory import scratch
from .optimizer import Optimizer, Parameters, from_zero, in_unit_interval, regularized


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as in PyTorch.

        grad      = grad + weight_decay * parameter
        velocity  = momentum * velocity + grad
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
    nesterov : bool
        Needs a momentum above 0.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="ones").build((1,))
    >>> optimizer = SGD(model.parameters(), lr=0.1)
    >>> model.weight.grad[...] = 2
    >>> optimizer.step()
    >>> round(float(model.weight.data[0, 0]), 6)
    0.8
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        momentum: float = 0.0,
        *,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr, ("velocity",) if momentum else ())
        in_unit_interval("SGD", momentum=momentum)
        from_zero("SGD", weight_decay=weight_decay)
        if nesterov and not momentum:
            raise ConfigError("SGD: nesterov without momentum; give a momentum above 0")
        self.momentum, self.weight_decay, self.nesterov = momentum, weight_decay, nesterov

    def update(self, data: Array, grad: Array) -> None:
        """Apply the rule to the flat vectors in place."""
        ahead = self.lr * self.momentum if self.nesterov else 0.0
        if self.momentum and "velocity" not in self.slots:  # it was given after all
            self.slots["velocity"] = np.zeros_like(data)
        _sgd_update(grad, data, self.slots.get("velocity"), self.lr, self.momentum, ahead, self.weight_decay)


@twin
def _sgd_update(
    grad: Array, data: Array, velocity: Array | None, lr: float, momentum: float, ahead: float, weight_decay: float
) -> None:
    """Move `data`; without momentum there is no velocity.  A Nesterov step looks `ahead` = lr * momentum along it."""
    room = scratch(data.shape, data.dtype)
    grad = regularized(grad, data, weight_decay, out=room)
    if velocity is None:
        data -= np.multiply(grad, lr, out=room)
        return
    velocity *= momentum
    velocity += grad
    if ahead:  # its two terms one after the other: the one scratch vector is enough
        data -= np.multiply(grad, lr, out=room)
        data -= np.multiply(velocity, ahead, out=room)
    else:
        data -= np.multiply(velocity, lr, out=room)
