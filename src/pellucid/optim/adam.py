"""Adam and AdamW: each parameter moves by its gradient's mean over its gradient's size."""

import math

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from .optimizer import Optimizer, Parameters, from_zero, in_unit_interval, regularized


class Adam(Optimizer):
    """Adam, as in PyTorch.  D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015.

        grad = grad + weight_decay * parameter
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
    weight_decay : float
        How strongly parameters are pulled towards 0 (L2: a part of the gradient, and so divided by its size too;
        `AdamW` pulls them directly).

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
        weight_decay: float = 0.0,
    ) -> None:
        rule = type(self).__name__
        super().__init__(parameters, lr, ("m", "v"))
        try:
            beta1, beta2 = betas
        except (TypeError, ValueError):
            raise ConfigError(f"{rule}: betas is {betas!r}, expected two numbers such as (0.9, 0.999)") from None
        in_unit_interval(rule, beta1=beta1, beta2=beta2)
        from_zero(rule, eps=eps, weight_decay=weight_decay)
        self.betas, self.eps, self.weight_decay = (beta1, beta2), eps, weight_decay

    def update(self, data: Array, grad: Array) -> None:
        """Apply the rule to the flat vectors in place."""
        m, v, scratch = self.slots["m"], self.slots["v"], self._scratch
        beta1, beta2 = self.betas
        m *= beta1
        m += np.multiply(self.gradient(data, grad), 1 - beta1, out=scratch)
        v *= beta2
        g = self.gradient(data, grad)  # once more, since it lay in the one scratch vector
        np.multiply(g, g, out=scratch)
        v += np.multiply(scratch, 1 - beta2, out=scratch)
        correction1, correction2 = 1 - beta1**self.steps, 1 - beta2**self.steps
        np.sqrt(v, out=scratch)
        scratch /= math.sqrt(correction2)
        scratch += self.eps
        np.divide(m, scratch, out=scratch)
        data -= np.multiply(scratch, self.lr / correction1, out=scratch)

    def gradient(self, data: Array, grad: Array) -> Array:
        """Return the gradient that m and v collect; it may lie in the scratch vector."""
        return regularized(grad, data, self.weight_decay, out=self._scratch)


class AdamW(Adam):
    """Adam with decoupled weight decay, as in PyTorch.

        parameter = parameter - lr * weight_decay * parameter, then Adam's step with the plain gradient

    I. Loshchilov and F. Hutter, Decoupled weight decay regularization, ICLR 2019.

    Parameters
    ----------
    parameters, lr, betas, eps
        As of `Adam`.
    weight_decay : float
        How strongly parameters are pulled towards 0, the same for all of them whatever their gradients.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="ones").build((1,))
    >>> AdamW(model.parameters(), lr=0.1, weight_decay=0.5).step()     # no gradient: only the decay
    >>> round(float(model.weight.data[0, 0]), 6)
    0.95
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def update(self, data: Array, grad: Array) -> None:
        """Apply the rule to the flat vectors in place."""
        data *= 1 - self.lr * self.weight_decay
        super().update(data, grad)

    def gradient(self, data: Array, grad: Array) -> Array:
        """Return `grad`: the decay is no part of it."""
        return grad
