"""SGD: down the gradient, with momentum."""

import numpy as np

from .._core.arrays import Array
from .optimizer import Optimizer, Parameters, in_unit_interval


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as in PyTorch.

        velocity  = momentum * velocity + grad
        parameter = parameter - lr * velocity

    Parameters
    ----------
    parameters : FlatParameters
        ``model.parameters()``.
    lr : float
        Learning rate.
    momentum : float
        How much of the last velocity stays, from 0 to below 1.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="ones").build((1,))
    >>> optimizer = SGD(model.parameters(), lr=0.1)
    >>> model.weight.grad[...] = 2
    >>> optimizer.step()
    >>> round(float(model.weight.data[0, 0]), 6)
    0.8
    """

    def __init__(self, parameters: Parameters, lr: float = 0.01, momentum: float = 0.0) -> None:
        super().__init__(parameters, lr, ("velocity",))
        in_unit_interval("SGD", momentum=momentum)
        self.momentum = momentum

    def update(self, data: Array, grad: Array) -> None:
        """Apply the rule to the flat vectors in place."""
        velocity = self.slots["velocity"]
        velocity *= self.momentum
        velocity += grad
        data -= np.multiply(velocity, self.lr, out=self._scratch)
