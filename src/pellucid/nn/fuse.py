"""Fusion: neighbours in a Sequential that run as one op, for speed only.

The table below names them; each fused op is proved against the composition it replaces (ops/fused.py).  A group runs
fused when the native engine does, nobody watches one of its layers with a hook, and `plain` was not asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from .. import ops
from .._core.arrays import Array
from ..ops.fused import LARGEST
from .activation import ReLU
from .conv import Conv2d
from .linear import Linear
from .module import Module
from .pool import AvgPool2d, MaxPool2d
from .weighted import Weighted

Forward: TypeAlias = Callable[..., tuple[Array, Any]]
Backward: TypeAlias = Callable[..., tuple[Array | None, Array, Array | None]]


def touching(pool: MaxPool2d | AvgPool2d, most: int) -> bool:
    """Whether the windows touch without overlap or padding, and have few enough taps."""
    KH, KW = pool.kernel_size
    return pool.stride == pool.kernel_size and pool.padding in (0, "valid") and most >= KH * KW


@dataclass(frozen=True)
class Row:
    """Layers that follow each other, what they become, and what the last one must be like."""

    layers: tuple[type[Module], ...]
    forward: Forward
    backward: Backward
    fits: Callable[[Any], bool] = lambda last: True


TABLE = (
    Row(
        (Conv2d, ReLU, MaxPool2d),
        ops.conv2d_relu_max_pool2d_forward,
        ops.conv2d_relu_max_pool2d_backward,
        lambda pool: touching(pool, LARGEST["max_pool2d"]),
    ),
    Row(
        (Conv2d, ReLU, AvgPool2d),
        ops.conv2d_relu_avg_pool2d_forward,
        ops.conv2d_relu_avg_pool2d_backward,
        lambda pool: touching(pool, LARGEST["avg_pool2d"]),
    ),
    Row((Conv2d, ReLU), ops.conv2d_relu_forward, ops.conv2d_relu_backward),
    Row((Linear, ReLU), ops.linear_relu_forward, ops.linear_relu_backward),
)
"""The longest that fits comes first."""


class Fused:
    """A group of layers that runs as one op; the parameters and what backward needs stay with its first layer."""

    def __init__(self, row: Row, layers: Sequence[Module]) -> None:
        first: Any = layers[0]
        self.row, self.layers, self.first = row, tuple(layers), first

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of the op."""
        options: dict[str, Any] = {"settled": self.first.settled()} if isinstance(self.first, Conv2d) else {}
        last: Any = self.layers[-1]
        return options | {"kernel_size": last.kernel_size} if isinstance(last, MaxPool2d | AvgPool2d) else options

    def forward(self, x: Array) -> Array:
        """Return the group's output."""
        layer = self.first
        y, saved = self.row.forward(x, layer.weight.data, layer.bias.data if layer.bias else None, **self.options())
        layer.keep(saved)
        return y

    def backward(self, grad_y: Array | None) -> Array | None:
        """Add to the gradients of the first layer's parameters, return grad_x."""
        if grad_y is None:
            return None
        return cast(Weighted, self.first).run_backward(self.row.backward, grad_y)


Step: TypeAlias = Module | Fused


def steps(layers: Sequence[Module]) -> tuple[Step, ...]:
    """Return `layers` with the groups of the table as one step each."""
    found: list[Step] = []
    while len(layers) > 0:
        row = next((row for row in TABLE if _begins(row, layers)), None)
        count = len(row.layers) if row else 1
        found.append(Fused(row, layers[:count]) if row else layers[0])
        layers = layers[count:]
    return tuple(found)


def _begins(row: Row, layers: Sequence[Module]) -> bool:
    group = layers[: len(row.layers)]
    if tuple(map(type, group)) != row.layers or not row.fits(group[-1]):  # a subclass may compute something else
        return False
    return not any(layer.watched or "forward" in vars(layer) for layer in group)
