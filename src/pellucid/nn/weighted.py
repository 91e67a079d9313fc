"""What layers with a weight and perhaps a bias share: where their gradients go."""

from .._core.arrays import Array
from .module import Module
from .parameter import Parameter


class Weighted(Module):
    """Base of the layers whose op gives (grad_x, grad_weight, grad_bias)."""

    weight: Parameter
    bias: Parameter | None

    def add_gradients(self, grad_weight: Array, grad_bias: Array | None) -> None:
        """Add to the gradients of weight and bias."""
        for parameter, gradient in ((self.weight, grad_weight), (self.bias, grad_bias)):
            if parameter is not None and gradient is not None:
                total = parameter.grad
                total += gradient
