"""What layers with a weight and perhaps a bias share: where their gradients go."""

from collections.abc import Callable, Iterable

from .._core.arrays import Array
from ..ops._dispatch import unrepeatable
from ..ops._memory import Gradients
from .module import Module
from .parameter import Parameter


class Weighted(Module):
    """Base of the layers whose op gives (grad_x, grad_weight, grad_bias)."""

    weight: Parameter
    bias: Parameter | None

    def run_backward(self, op_backward: Callable[..., Gradients], grad_y: Array) -> Array | None:
        """Run the op's backward on what forward kept; its gradients go to the parameters, grad_x is returned."""
        weight, bias = self.weight, self.bias
        out = weight.free_grad(), None if bias is None else bias.free_grad()
        grad_x, *gradients = op_backward(grad_y, self.kept(), needs_input_grad=self.needs_input_grad, out=out)
        hand_over((weight, bias), gradients, out)
        return grad_x


def hand_over(
    parameters: Iterable[Parameter | None], gradients: Iterable[Array | None], places: Iterable[Array | None]
) -> None:
    """Give each parameter its gradient; one that an op has written into its place is there already."""
    for parameter, gradient, place in zip(parameters, gradients, places, strict=True):
        if parameter is None or gradient is None:
            continue
        if gradient is place:
            parameter.grad_written()
        else:
            unrepeatable()
            total = parameter.grad
            total += gradient
