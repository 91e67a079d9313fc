"""What layers with a weight and perhaps a bias share: where their gradients go."""

from collections.abc import Callable

from .._core.arrays import Array
from ..ops._dispatch import unrepeatable
from .module import Module
from .parameter import Parameter


class Weighted(Module):
    """Base of the layers whose op gives (grad_x, grad_weight, grad_bias)."""

    weight: Parameter
    bias: Parameter | None

    def run_backward(self, op_backward: Callable[..., tuple[Array | None, ...]], grad_y: Array) -> Array | None:
        """Run the op's backward on what forward kept; its gradients go to the parameters, grad_x is returned."""
        weight, bias = self.weight, self.bias
        out = tuple(None if parameter is None else parameter.free_grad() for parameter in (weight, bias))
        grad_x, *gradients = op_backward(grad_y, self.kept(), needs_input_grad=self.needs_input_grad, out=out)
        for parameter, gradient, place in zip((weight, bias), gradients, out, strict=True):
            if parameter is None or gradient is None:
                continue
            if gradient is place:
                parameter.grad_written()
            else:
                unrepeatable()
                total = parameter.grad
                total += gradient
        return grad_x
