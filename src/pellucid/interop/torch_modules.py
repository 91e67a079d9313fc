"""What stands for each of our layers in PyTorch; imported where PyTorch is there and somebody asks for a twin."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .. import nn
from .._core.errors import ConfigError
from ..ops._check import sides


class Applied(torch.nn.Module):
    """A function of tensors as a module."""

    def __init__(self, function: Callable[..., Tensor], about: str) -> None:
        super().__init__()
        self.function, self.about = function, about

    def forward(self, x: Any) -> Tensor:
        """Return what the function gives."""
        return self.function(x)

    def extra_repr(self) -> str:
        """Return what the function does."""
        return self.about


class Padded(torch.nn.Module):
    """Zeros to each side, as many as that side needs, before a convolution."""

    def __init__(self, inner: torch.nn.Module, around: tuple[int, ...]) -> None:
        super().__init__()
        self.inner, self.around = inner, around

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of the padded image."""
        return self.inner(F.pad(x, self.around))


class Last(torch.nn.Module):
    """A recurrent network of which the last state counts, unless the sequence is asked for."""

    def __init__(self, inner: torch.nn.Module, sequences: bool) -> None:
        super().__init__()
        self.inner, self.sequences = inner, sequences

    def forward(self, x: Tensor) -> Tensor:
        """Return y, or the last states of the last layer, side by side."""
        y, last = self.inner(x)
        if self.sequences:
            return y
        h = last[0] if isinstance(last, tuple) else last
        return torch.cat(list(h[-2 if self.inner.bidirectional else -1 :]), dim=-1)


class Steps(torch.nn.Module):
    """A module for each step of a sequence."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, T, ...) for (N, T, ...)."""
        return self.inner(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class Branches(torch.nn.Module):
    """Branches side by side, and what makes one output of theirs."""

    def __init__(self, inner: list[torch.nn.Module], join: Callable[[list[Tensor]], Tensor]) -> None:
        super().__init__()
        self.inner, self.join = torch.nn.ModuleList(inner), join

    def forward(self, x: Tensor) -> Tensor:
        """Return the joined outputs."""
        return self.join([branch(x) for branch in self.inner])


class Nodes(torch.nn.Module):
    """A `Graph`."""

    def __init__(self, graph: nn.Graph) -> None:
        super().__init__()
        self.nodes = graph.nodes()
        self.inner = torch.nn.ModuleDict({name: _inside(module) for name, module, _ in self.nodes})
        self.inputs, self.outputs = graph.inputs, graph.outputs

    def forward(self, x: Any) -> Any:
        """Return the outputs."""
        values = dict(zip(self.inputs, x if isinstance(x, tuple) else (x,), strict=True))
        for name, _, sources in self.nodes:
            given = tuple(values[source] for source in sources)
            values[name] = self.inner[name](given if len(given) > 1 else given[0])
        outputs = tuple(values[name] for name in self.outputs)
        return outputs if len(outputs) > 1 else outputs[0]


def _conv(m: Any) -> Any:
    two = isinstance(m, nn.Conv2d)
    kind: Any = torch.nn.Conv2d if two else torch.nn.Conv1d
    O, C = m.weight.shape[0], m.weight.shape[1] * m.groups
    options = {"stride": m.stride, "dilation": m.dilation, "groups": m.groups, "bias": m.bias is not None}
    if two:
        (top, bottom), (left, right) = sides("Conv2d", m.padding, m.kernel_size, m.stride, m.dilation)
        around: tuple[int, ...] = (left, right, top, bottom)
    else:
        along: Any = m.padding if isinstance(m.padding, str) else ((0, 0), _two(m.padding))
        _, around = sides("Conv1d", along, (1, m.kernel_size), (1, m.stride), (1, m.dilation))
    inner = kind(C, O, m.kernel_size, **options)
    return Padded(inner, around) if any(around) else inner


def _two(padding: Any) -> tuple[int, int]:
    return (padding, padding) if isinstance(padding, int) else tuple(padding)


def _pool(m: Any) -> Any:
    name = type(m).__name__
    padding = m.padding
    if not isinstance(padding, int):
        padding = tuple(p if isinstance(p, int) else p[0] for p in padding)
        if any(not isinstance(p, int) and p[0] != p[1] for p in m.padding):
            raise ConfigError(f"{m.title}: PyTorch pads both sides alike, not {m.padding}")
    more = {"count_include_pad": m.count_include_pad} if name.startswith("Avg") else {}
    return getattr(torch.nn, name)(m.kernel_size, m.stride, padding, **more)


def _batch_norm(m: Any) -> Any:
    kind = getattr(torch.nn, type(m).__name__)
    return kind(m.num_features, m.eps, m.momentum, m.affine, m.track_running_stats)


def _recurrent(m: Any) -> Any:
    if m.return_state:
        raise ConfigError(f"{m.title}: no twin for a module that returns its state")
    kind = getattr(torch.nn, type(m).__name__)
    inner = kind(
        m.input_size,
        m.hidden_size,
        m.num_layers,
        m.bias,
        batch_first=True,
        dropout=m.dropout,
        bidirectional=m.bidirectional,
    )
    return Last(inner, m.return_sequences)


def _product(parts: Any) -> Tensor:
    y = parts[0]
    for part in parts[1:]:
        y = y * part
    return y


LAYERS: dict[type[nn.Module], Callable[[Any], Any]] = {
    nn.Conv2d: _conv,
    nn.Conv1d: _conv,
    nn.Linear: lambda m: torch.nn.Linear(m.weight.shape[1], m.weight.shape[0], m.bias is not None),
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.LayerNorm: lambda m: torch.nn.LayerNorm(
        m.normalized_shape, m.eps, m.weight is not None, bias=m.bias is not None
    ),
    nn.GroupNorm: lambda m: torch.nn.GroupNorm(m.num_groups, m.num_channels, m.eps, m.weight is not None),
    nn.LSTM: _recurrent,
    nn.GRU: _recurrent,
    nn.MaxPool2d: _pool,
    nn.AvgPool2d: _pool,
    nn.MaxPool1d: _pool,
    nn.AvgPool1d: _pool,
    nn.AdaptiveAvgPool2d: lambda m: torch.nn.AdaptiveAvgPool2d(m.output_size),
    nn.AdaptiveMaxPool2d: lambda m: torch.nn.AdaptiveMaxPool2d(m.output_size),
    nn.GlobalAvgPool2d: lambda m: Applied(lambda x: x.mean((2, 3)), "mean over the image"),
    nn.GlobalMaxPool2d: lambda m: Applied(lambda x: x.amax((2, 3)), "maximum over the image"),
    nn.ReLU: lambda m: torch.nn.ReLU(),
    nn.LeakyReLU: lambda m: torch.nn.LeakyReLU(m.negative_slope),
    nn.ELU: lambda m: torch.nn.ELU(m.alpha),
    nn.GELU: lambda m: torch.nn.GELU(m.approximate),
    nn.SiLU: lambda m: torch.nn.SiLU(),
    nn.Hardswish: lambda m: torch.nn.Hardswish(),
    nn.Sigmoid: lambda m: torch.nn.Sigmoid(),
    nn.Tanh: lambda m: torch.nn.Tanh(),
    nn.Softmax: lambda m: torch.nn.Softmax(-1),
    nn.LogSoftmax: lambda m: torch.nn.LogSoftmax(-1),
    nn.Dropout: lambda m: torch.nn.Dropout(m.p),
    nn.Dropout1d: lambda m: torch.nn.Dropout1d(m.p),
    nn.Dropout2d: lambda m: torch.nn.Dropout2d(m.p),
    nn.Flatten: lambda m: torch.nn.Flatten(),
    nn.Identity: lambda m: torch.nn.Identity(),
    nn.Reshape: lambda m: Applied(lambda x: x.reshape(len(x), *m.shape), f"to {m.shape}"),
    nn.Permute: lambda m: Applied(lambda x: x.permute(0, *m.axes), f"axes {m.axes}"),
    nn.Add: lambda m: Applied(lambda x: torch.stack(x).sum(0), "sum"),
    nn.Multiply: lambda m: Applied(_product, "product"),
    nn.Concatenate: lambda m: Applied(lambda x: torch.cat(x, m.axis), f"along axis {m.axis}"),
    nn.TimeAxis: lambda m: Applied(lambda x: x.unsqueeze(1) if x.ndim == 4 else x, "pictures as sequences"),
    nn.TimeDistributed: lambda m: Steps(_inside(m.module)),
    nn.Residual: lambda m: Branches(
        [_inside(m.body), _inside(m.shortcut) if m.shortcut else torch.nn.Identity()], lambda y: y[0] + y[1]
    ),
    nn.Concat: lambda m: Branches([_inside(branch) for branch in m.branches], lambda y: torch.cat(y, m.axis)),
    nn.Graph: Nodes,
    nn.Sequential: lambda m: torch.nn.Sequential(OrderedDict((n, _inside(layer)) for n, layer in m.children())),
}
"""How each layer is made; a class counts for itself, not for its subclasses."""


def made(module: nn.Module) -> Any:
    """Return the twin with the numbers of `module`."""
    twin = _inside(module)
    dtype = next((torch.from_numpy(p.data).dtype for _, p in module.named_parameters()), torch.float64)
    twin = twin.to(dtype).train(module.training)
    state = list(module.state_dict().values())
    slots = list(twin.state_dict().values())
    if [tuple(slot.shape) for slot in slots] != [values.shape for values in state]:
        raise ConfigError(f"{module.title}: PyTorch keeps other parameters and buffers for it than ours")
    with torch.no_grad():
        for slot, values in zip(slots, state, strict=True):
            slot.copy_(torch.from_numpy(values))
    return twin


def _inside(module: nn.Module) -> Any:
    if type(module) not in LAYERS:
        raise ConfigError(f"{module.title}: PyTorch has no twin of a {type(module).__name__}")
    return LAYERS[type(module)](module)
