"""What layers with perhaps a weight and a bias share: where their gradients go."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .._core.arrays import Array
from ..ops._dispatch import unrepeatable
from .module import Module
from .parameter import Parameter

Backward = Callable[..., tuple[Array | None, ...]]


class Weighted(Module):
    """Base of the layers whose op gives (grad_x, grad_weight, grad_bias)."""

    weight: Parameter
    bias: Parameter | None

    def run_backward(self, op_backward: Backward, grad_y: Array) -> Array | None:
        """Run the op's backward on what forward kept; its gradients go to the parameters, grad_x is returned."""
        own = self.weight, self.bias
        return backward_into(own, op_backward, grad_y, self.kept(), self.needs_input_grad)


def backward_into(
    parameters: Sequence[Parameter | None], op_backward: Backward, grad_y: Array, saved: Any, needs_input_grad: bool
) -> Array | None:
    """Run an op's backward, (grad_x, a gradient for each of `parameters`): these go there, grad_x is returned."""
    out = tuple(None if parameter is None else parameter.free_grad() for parameter in parameters)
    grad_x, *gradients = op_backward(grad_y, saved, needs_input_grad=needs_input_grad, out=out)
    hand_over(parameters, gradients, out)
    return grad_x


def hand_over(
    parameters: Iterable[Parameter | None], gradients: Iterable[Array | None], places: Iterable[Array | None]
) -> None:
    """Give each parameter its gradient; one that an op has written into its place is there already."""
    for parameter, gradient, place in zip(parameters, gradients, places, strict=True):
        if parameter is None or gradient is None or parameter.frozen:  # frozen: its gradient still counts as zero
            continue
        if gradient is place:
            parameter.grad_written()
        else:
            unrepeatable()
            total = parameter.grad
            total += gradient
