"""Adam and AdamW: each parameter moves by its gradient's mean over its gradient's size."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from ..ops._dispatch import twin
from ..ops._memory import scratch
from .optimizer import Optimizer, Parameters, from_zero, in_unit_interval, regularized


class Adam(Optimizer):
    """Adam, as in PyTorch.  D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015.

        grad = grad + weight_decay * parameter
        m = beta1 * m + (1 - beta1) * grad
        v = beta2 * v + (1 - beta2) * grad**2
        parameter = parameter - lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)      at step t = 1, 2, ...

    m and v start at zero; the divisions by 1 - beta**t correct for that.  With `amsgrad` the largest v so far stands in
    v's place: S. J. Reddi et al., On the convergence of Adam and beyond, ICLR 2018.

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
    amsgrad : bool
        Let no step be longer because v has fallen.
    groups : sequence of mapping
        See `Optimizer`; `amsgrad` is the same for all.

    Examples
    --------
    >>> model = Linear(1, 1, weight_init="ones").build((1,))
    >>> optimizer = Adam(model.parameters(), lr=0.1)
    >>> model.weight.grad[...] = 2
    >>> optimizer.step()
    >>> round(float(model.weight.data[0, 0]), 6)
    0.9
    """

    one_for_all = ("amsgrad",)

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        groups: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.betas, self.eps, self.weight_decay, self.amsgrad = betas, eps, weight_decay, amsgrad
        super().__init__(parameters, lr, groups)
        self.betas = (betas[0], betas[1])

    def check(self, its: Any) -> None:
        """Refuse what is out of range."""
        try:
            beta1, beta2 = its.betas
        except (TypeError, ValueError):
            raise ConfigError(
                f"{its.title}: betas is {its.betas!r}, expected two numbers such as (0.9, 0.999)"
            ) from None
        in_unit_interval(its.title, beta1=beta1, beta2=beta2)
        from_zero(its.title, eps=its.eps, weight_decay=its.weight_decay)

    def needed(self, its: Any) -> tuple[str, ...]:
        """Return the names of the slots that these settings need."""
        return ("m", "v", "largest_v") if its.amsgrad else ("m", "v")

    def update(self, its: Any, data: Array, grad: Array, slots: Mapping[str, Array]) -> None:
        """Apply the rule in place."""
        self.move(its, data, grad, slots, its.weight_decay, 1.0)

    def move(
        self, its: Any, data: Array, grad: Array, slots: Mapping[str, Array], weight_decay: float, kept: float
    ) -> None:
        """Take Adam's step, with `weight_decay` as a part of the gradient; of the old values only `kept` stays."""
        beta1, beta2 = its.betas
        correction1, correction2 = 1 - beta1**its.steps, 1 - beta2**its.steps
        rate, corrected = its.lr / correction1, 1 / math.sqrt(correction2)
        _adam_update(
            grad, data, slots["m"], slots["v"], slots.get("largest_v"), beta1, beta2, rate, corrected, its.eps,
            weight_decay, kept,
        )  # fmt: skip


@twin
def _adam_update(
    grad: Array, data: Array, m: Array, v: Array, largest: Array | None, beta1: float, beta2: float, rate: float,
    corrected: float, eps: float, weight_decay: float, kept: float,
) -> None:  # fmt: skip
    """Move `data` by rate * m / (corrected * sqrt(v) + eps): rate and corrected hold the corrections.

    Where there is a `largest`, it takes in v and stands in its place.
    """
    room = scratch(data.shape, data.dtype)
    m *= beta1
    m += np.multiply(regularized(grad, data, weight_decay, out=room), 1 - beta1, out=room)
    v *= beta2
    g = regularized(grad, data, weight_decay, out=room)  # once more, since it lay in the one scratch vector
    np.multiply(g, g, out=room)
    v += np.multiply(room, 1 - beta2, out=room)
    np.sqrt(v if largest is None else np.maximum(largest, v, out=largest), out=room)
    room *= corrected
    room += eps
    np.divide(m, room, out=room)
    if kept != 1:
        data *= kept
    data -= np.multiply(room, rate, out=room)


class AdamW(Adam):
    """Adam with decoupled weight decay, as in PyTorch.

        parameter = parameter - lr * weight_decay * parameter, then Adam's step with the plain gradient

    I. Loshchilov and F. Hutter, Decoupled weight decay regularization, ICLR 2019.

    Parameters
    ----------
    parameters, lr, betas, eps, amsgrad, groups
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
        amsgrad: bool = False,
        *,
        groups: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay, amsgrad, groups=groups)

    def update(self, its: Any, data: Array, grad: Array, slots: Mapping[str, Array]) -> None:
        """Apply the rule in place."""
        self.move(its, data, grad, slots, 0.0, 1 - its.lr * its.weight_decay)
