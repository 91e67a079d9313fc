"""summary: a network layer by layer, from its shapes alone; nothing is computed, nothing built."""

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from .._core.arrays import Shape
from .._core.errors import PellucidError
from ..nn import GRU, LSTM, AvgPool2d, Conv2d, Linear, MaxPool2d, Module, Sequential, TimeDistributed
from ..ops._check import extent


@dataclass(frozen=True)
class Row:
    """One layer.

    Attributes
    ----------
    path, layer : str
        Its name within the network, and what it is.
    output_shape : tuple of int
        For one sample.
    parameters : int
        Learned numbers.
    multiply_adds : int or None
        Multiplications with an addition for one sample; None in a module whose inside is not known.
    receptive_field : (height, width) or None
        How much of the input one output position sees; None from such a module on.
    jump : (height, width) or None
        How far apart in the input two neighbouring outputs look.
    """

    path: str
    layer: str
    output_shape: Shape
    parameters: int
    multiply_adds: int | None
    receptive_field: Shape | None
    jump: Shape | None


@dataclass(frozen=True)
class Summary:
    """The rows of a network; ``print`` shows them as a table, `to_dict` gives them as plain data."""

    input_shape: Shape
    rows: tuple[Row, ...]
    parameters: int
    multiply_adds: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists and numbers."""
        return asdict(self)

    def __str__(self) -> str:
        head = ("layer", "", "output", "parameters", "multiply-adds", "sees")
        sees = ["x".join(map(str, row.receptive_field)) if row.receptive_field else "?" for row in self.rows]
        lines = [
            (r.path, r.layer, _tuple(r.output_shape), f"{r.parameters:,}", _count(r.multiply_adds), s)
            for r, s in zip(self.rows, sees, strict=True)
        ]
        first = ("input", "", _tuple(self.input_shape), "", "", "")
        total = ("total", "", "", f"{self.parameters:,}", _count(self.multiply_adds), "")
        table = [head, first, *lines, total]
        widths = [max(len(row[i]) for row in table) for i in range(len(head))]
        text = ["  ".join(_cell(i, c, w) for i, (c, w) in enumerate(zip(row, widths, strict=True))) for row in table]
        rule = "-" * max(map(len, text))
        return "\n".join(line.rstrip() for line in [text[0], rule, *text[1:-1], rule, text[-1]])


def summary(model: Module, input_shape: Shape) -> Summary:
    """Return layer, output shape, parameters, multiply-adds and receptive field of each layer.

    Parameters
    ----------
    model : Module
        Built or not; it stays as it is.
    input_shape : tuple of int
        Of one sample, such as (1, 28, 28).

    Raises
    ------
    ShapeError
        If a layer does not fit what comes before it.

    Examples
    --------
    >>> s = summary(Sequential(Conv2d(1, 32, 3), MaxPool2d(2)), (1, 28, 28))
    >>> s.parameters, s.multiply_adds, s.rows[-1].output_shape, s.rows[-1].receptive_field
    (320, 194688, (32, 13, 13), (4, 4))
    """
    rows: list[Row] = []
    shape: Shape = tuple(input_shape)
    field: Shape | None = (1, 1)
    jump: Shape | None = (1, 1)
    image = tuple(input_shape[-2:])  # what a layer without windows may see at most
    for path, layer, depth in _leaves(model):
        steps, inside = shape[:depth], shape[depth:]  # inside TimeDistributed a layer sees one step at a time
        try:
            output = (*steps, *layer.output_shape(inside))
        except PellucidError as error:
            raise type(error)(f"layer {path!r}: {error}") from None
        if not _known(layer):
            field = jump = None
        elif isinstance(layer, Conv2d | MaxPool2d | AvgPool2d) and field and jump:
            dilation = layer.dilation if isinstance(layer, Conv2d) else (1, 1)
            reach = extent(layer.kernel_size, dilation)
            field = tuple(r + (k - 1) * j for r, k, j in zip(field, reach, jump, strict=True))
            jump = tuple(j * s for j, s in zip(jump, layer.stride, strict=True))
        elif isinstance(layer, Linear) and len(inside) == 1:  # over other axes it sees what one position saw before
            field = jump = image
        elif isinstance(layer, LSTM | GRU):
            field = jump = image  # of each step
        own = sum(p.size for _, p in layer.named_parameters())
        work = _multiply_adds(layer, inside, output[depth:])
        rows.append(Row(path, repr(layer), output, own, None if work is None else prod(steps) * work, field, jump))
        shape = output
    unique = {id(p): p.size for _, p in model.named_parameters()}  # tied weights count once
    each = [row.multiply_adds for row in rows]
    total = None if None in each else sum(n for n in each if n is not None)
    return Summary(tuple(input_shape), tuple(rows), sum(unique.values()), total)


def _leaves(model: Module, prefix: str = "", depth: int = 0) -> list[tuple[str, Module, int]]:
    """Return path, layer, and how many TimeDistributed it stands in, of each layer."""
    if not isinstance(model, Sequential | TimeDistributed):
        return [(prefix or type(model).__name__, model, depth)]
    depth += isinstance(model, TimeDistributed)
    return [leaf for name, child in model.children() for leaf in _leaves(child, f"{prefix}.{name}".lstrip("."), depth)]


def _known(layer: Module) -> bool:
    """Whether this page knows what the layer does: its windows, or that it has nothing to multiply with."""
    return isinstance(layer, Conv2d | MaxPool2d | Linear | LSTM | GRU) or not (
        any(layer.children()) or any(layer.named_parameters())
    )


def _multiply_adds(layer: Module, inputs: Shape, output: Shape) -> int | None:
    if not _known(layer):
        return None
    if isinstance(layer, LSTM | GRU):  # each step multiplies by all weights, and a bias is none of them
        return inputs[0] * sum(p.size for _, p in layer.named_parameters() if len(p.shape) == 2)
    if isinstance(
        layer, Conv2d | Linear
    ):  # each output number sums over all weights of its channel, those of its group
        return prod(output) * prod(layer.weight.shape[1:])
    return 0


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _tuple(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))})"


def _cell(column: int, text: str, width: int) -> str:
    return text.rjust(width) if column >= 3 else text.ljust(width)
