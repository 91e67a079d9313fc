"""Fusion: neighbours in a Sequential that run as one op, for speed only.

The table below names them; each fused op is proved against the composition it replaces (ops/fused.py,
ops/fused_norm.py).  A group runs fused when the native engine does, nobody watches one of its layers with a hook, and
`plain` was not asked for.  In inference a batch-norm with running statistics is folded into the layer before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import ops
from .._core.arrays import Array
from ..ops.fused import LARGEST
from ..ops.fused_norm import fold_batch_norm
from .activation import ReLU
from .batch_norm import BatchNorm1d, BatchNorm2d
from .conv import Conv2d
from .linear import Linear
from .module import Module
from .parameter import Parameter
from .pool import AvgPool2d, MaxPool2d
from .weighted import Backward, backward_into

Forward: TypeAlias = Callable[..., tuple[Array, Any]]


def touching(pool: MaxPool2d | AvgPool2d, most: int) -> bool:
    """Whether the windows touch without overlap or padding, and have few enough taps."""
    KH, KW = pool.kernel_size
    return pool.stride == pool.kernel_size and pool.padding in (0, "valid") and most >= KH * KW


def max_pool(pool: MaxPool2d) -> bool:
    """Whether a fused op may do what this layer does."""
    return touching(pool, LARGEST["max_pool2d"])


def avg_pool(pool: AvgPool2d) -> bool:
    """Whether a fused op may do what this layer does."""
    return touching(pool, LARGEST["avg_pool2d"])


class Fused:
    """A group of layers that runs as one op; what backward needs stays with its first layer."""

    def __init__(self, row: "Row", layers: Sequence[Module]) -> None:
        first: Any = layers[0]
        self.row, self.layers, self.first = row, tuple(layers), first

    @staticmethod
    def now(layers: Sequence[Any]) -> bool:
        """Whether the layers are in a state in which they may run so."""
        return True

    def parameters(self) -> tuple[Parameter | None, ...]:
        """Return whose gradients the op gives."""
        return self.first.weight, self.first.bias

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of the op."""
        options: dict[str, Any] = {"settled": self.first.settled()} if isinstance(self.first, Conv2d) else {}
        last: Any = self.layers[-1]
        return options | {"kernel_size": last.kernel_size} if isinstance(last, MaxPool2d | AvgPool2d) else options

    def forward(self, x: Array) -> Array:
        """Return the group's output."""
        arrays = (None if parameter is None else parameter.data for parameter in self.parameters())
        y, saved = self.row.forward(x, *arrays, **self.options())
        self.after(saved)
        self.first.keep(saved)
        return y

    def after(self, saved: Any) -> None:
        """Do what else a forward does."""

    def backward(self, grad_y: Array | None) -> Array | None:
        """Add to the gradients of the group's parameters, return grad_x."""
        if grad_y is None:
            return None
        assert self.row.backward is not None, "a group of inference, which keeps nothing"
        saved, needed = self.first.kept(), self.first.needs_input_grad
        return backward_into(self.parameters(), self.row.backward, grad_y, saved, needed)


class NormFused(Fused):
    """A batch-norm and what follows it."""

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of the op."""
        return {"eps": self.first.eps, **self.first.given()}

    def forward(self, x: Array) -> Array:
        """Return the group's output."""
        self.first.check(x.shape[1:])
        return super().forward(x)

    def after(self, saved: Any) -> None:
        """Let the running statistics take in those of the batch."""
        self.first.track(saved[3], saved[0].shape)


class ConvNormFused(Fused):
    """A convolution, the batch-norm behind it, and what follows."""

    @staticmethod
    def now(layers: Sequence[Any]) -> bool:
        """Whether the batch-norm is one of the convolution's outputs."""
        return _match(layers)

    def parameters(self) -> tuple[Parameter | None, ...]:
        """Return whose gradients the op gives."""
        norm: Any = self.layers[1]
        return *super().parameters(), norm.weight, norm.bias

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of the op."""
        norm: Any = self.layers[1]
        return super().options() | {"eps": norm.eps, **norm.given()}

    def after(self, saved: Any) -> None:
        """Let the running statistics take in those of the batch."""
        norm: Any = self.layers[1]
        norm.track(saved[6], saved[5].shape)


class Folded(Fused):
    """A layer with a batch-norm that is folded into it, and what follows: forward alone."""

    @staticmethod
    def now(layers: Sequence[Any]) -> bool:
        """Whether the running statistics count, and no backward will come."""
        return _match(layers) and bool(layers[1].constant) and not any(layer.keeping for layer in layers)

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of the op."""
        alone = isinstance(self.first, Conv2d) and len(self.layers) == 2  # conv2d itself takes them as they were given
        return self.first.options() if alone else super().options()

    def arrays(self) -> tuple[Array, Array]:
        """Return weight and bias of the two layers in one."""
        norm: Any = self.layers[1]
        bias = None if self.first.bias is None else self.first.bias.data
        scale, shift = norm.affine_arrays()
        return fold_batch_norm(self.first.weight.data, bias, scale, shift, eps=norm.eps, **norm.given())

    def forward(self, x: Array) -> Array:
        """Return the group's output."""
        if isinstance(self.first, Linear) and x.ndim != 2:  # the channels of sequences are no features
            for layer in self.layers:
                x = layer.forward(x)
            return x
        y, _ = self.row.forward(x, *self.arrays(), **self.options())
        return y


def _match(layers: Sequence[Any]) -> bool:
    """Whether the second layer, a batch-norm, has as many channels as the first gives."""
    first, norm = layers[:2]
    return bool(first.weight.shape[0] == norm.num_features)


@dataclass(frozen=True)
class Row:
    """Layers that follow each other, what they become, and what the last one must be like."""

    layers: tuple[type[Module], ...]
    forward: Forward
    backward: Backward | None
    fits: Callable[[Any], bool] = lambda last: True
    kind: type[Fused] = Fused


TABLE = (
    Row((Conv2d, BatchNorm2d, ReLU, MaxPool2d), ops.conv2d_relu_max_pool2d_forward, None, max_pool, Folded),
    Row((Conv2d, BatchNorm2d, ReLU, AvgPool2d), ops.conv2d_relu_avg_pool2d_forward, None, avg_pool, Folded),
    Row((Conv2d, BatchNorm2d, ReLU), ops.conv2d_relu_forward, None, kind=Folded),
    Row((Conv2d, BatchNorm2d), ops.conv2d_forward, None, kind=Folded),
    Row((Linear, BatchNorm1d, ReLU), ops.linear_relu_forward, None, kind=Folded),
    Row((Linear, BatchNorm1d), ops.linear_forward, None, kind=Folded),
    Row(
        (Conv2d, BatchNorm2d, ReLU, MaxPool2d),
        ops.conv2d_batch_norm_relu_max_pool2d_forward,
        ops.conv2d_batch_norm_relu_max_pool2d_backward,
        max_pool,
        ConvNormFused,
    ),
    Row(
        (Conv2d, BatchNorm2d, ReLU),
        ops.conv2d_batch_norm_relu_forward,
        ops.conv2d_batch_norm_relu_backward,
        kind=ConvNormFused,
    ),
    Row((BatchNorm1d, ReLU), ops.batch_norm_relu_forward, ops.batch_norm_relu_backward, kind=NormFused),
    Row((BatchNorm2d, ReLU), ops.batch_norm_relu_forward, ops.batch_norm_relu_backward, kind=NormFused),
    Row(
        (Conv2d, ReLU, MaxPool2d),
        ops.conv2d_relu_max_pool2d_forward,
        ops.conv2d_relu_max_pool2d_backward,
        max_pool,
    ),
    Row(
        (Conv2d, ReLU, AvgPool2d),
        ops.conv2d_relu_avg_pool2d_forward,
        ops.conv2d_relu_avg_pool2d_backward,
        avg_pool,
    ),
    Row((Conv2d, ReLU), ops.conv2d_relu_forward, ops.conv2d_relu_backward),
    Row((Linear, ReLU), ops.linear_relu_forward, ops.linear_relu_backward),
)
"""The first that fits is taken: folded before fused, the longest before others."""


Step: TypeAlias = Module | Fused


def steps(layers: Sequence[Module]) -> tuple[Step, ...]:
    """Return `layers` with the groups of the table as one step each."""
    found: list[Step] = []
    while len(layers) > 0:
        row = next((row for row in TABLE if _begins(row, layers)), None)
        count = len(row.layers) if row else 1
        found.append(row.kind(row, layers[:count]) if row else layers[0])
        layers = layers[count:]
    return tuple(found)


def _begins(row: Row, layers: Sequence[Module]) -> bool:
    group = layers[: len(row.layers)]
    if tuple(map(type, group)) != row.layers or not row.fits(group[-1]):  # a subclass may compute something else
        return False
    return row.kind.now(group) and not any(layer.watched or "forward" in vars(layer) for layer in group)
