"""Adam: each parameter moves by its gradient's mean over its gradient's size."""

import math

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from .optimizer import Optimizer, Parameters, in_unit_interval


class Adam(Optimizer):
    """Adam, as in PyTorch.  D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015.

        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2
        parameter = parameter - lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)      at step t = 1, 2, ...

    m and v start at zero; the divisions by 1 - beta**t correct for that.

    Parameters
    ----------
    parameters : FlatParameters
        ``model.parameters()``.
    lr : float
        Learning rate: about how far a parameter moves in a step.
    betas : (float, float)
        How much of the last m and of the last v stays.
    eps : float
        Keeps the division finite.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="ones").build((1,))
    >>> optimizer = Adam(model.parameters(), lr=0.1)
    >>> model.weight.grad[...] = 2
    >>> optimizer.step()
    >>> round(float(model.weight.data[0, 0]), 6)
    0.9
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr, ("m", "v"))
        in_unit_interval("Adam", beta1=betas[0], beta2=betas[1])
        if not eps >= 0:
            raise ConfigError(f"Adam: eps is {eps}, a number from 0 is needed")
        self.betas, self.eps = betas, eps

    def update(self, data: Array, grad: Array) -> None:
        """Apply the rule to the flat vectors in place."""
        m, v, scratch = self.slots["m"], self.slots["v"], self._scratch
        beta1, beta2 = self.betas
        m *= beta1
        m += np.multiply(grad, 1 - beta1, out=scratch)
        v *= beta2
        np.multiply(grad, grad, out=scratch)
        v += np.multiply(scratch, 1 - beta2, out=scratch)
        correction1, correction2 = 1 - beta1**self.steps, 1 - beta2**self.steps
        np.sqrt(v, out=scratch)
        scratch /= math.sqrt(correction2)
        scratch += self.eps
        np.divide(m, scratch, out=scratch)
        data -= np.multiply(scratch, self.lr / correction1, out=scratch)
