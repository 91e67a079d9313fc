"""summary: a network layer by layer, from its shapes alone; nothing is computed, nothing built."""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from .._core.arrays import Shape
from .._core.errors import PellucidError
from ..nn import (
    GRU,
    LSTM,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool1d,
    AvgPool2d,
    Concat,
    Conv1d,
    Conv2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Graph,
    Linear,
    MaxPool1d,
    MaxPool2d,
    Module,
    Permute,
    Reshape,
    Residual,
    Sequential,
    TimeDistributed,
)
from ..nn.batch_norm import BatchNorm
from ..ops._check import extent
from .table import Row, Summary

_BLURRING = AdaptiveAvgPool2d, AdaptiveMaxPool2d, Conv1d, MaxPool1d, AvgPool1d, Reshape, Permute
"""What this page follows no receptive field through: bins of unlike size, and outputs whose axes are no image's."""


def summary(model: Module, input_shape: Shape) -> Summary:
    """Return layer, output shape, parameters, multiply-adds and receptive field of each layer.

    Parameters
    ----------
    model : Module
        Built or not; it stays as it is.
    input_shape : tuple of int
        Of one sample, such as (1, 28, 28); of several inputs a tuple of such shapes.

    Branches come one after the other, and below them a row for what joins them.

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
    given: Any = input_shape  # a tuple of shapes, of several inputs
    several = bool(input_shape) and not isinstance(input_shape[0], int)
    shapes: list[Shape] = [tuple(shape) for shape in given] if several else [tuple(given)]
    rows, _ = _walk(model, "", [_Seen(shape, (1, 1), (1, 1), shape[-2:]) for shape in shapes])
    unique = {id(p): p for _, p in model.named_parameters()}.values()  # tied weights count once
    work = [row.multiply_adds for row in rows]
    total = None if None in work else sum(n for n in work if n is not None)
    given = tuple(shapes) if several else shapes[0]
    frozen = sum(p.size for p in unique if p.frozen)
    return Summary(given, tuple(rows), sum(p.size for p in unique), total, frozen)


@dataclass(frozen=True)
class _Seen:
    """What an output is like: its shape, what of the input a position sees, and the whole that it may see at most."""

    shape: Any  # of several outputs a tuple
    field: Shape | None
    jump: Shape | None
    image: Shape


def _walk(model: Module, path: str, inputs: list[_Seen]) -> tuple[list[Row], _Seen]:
    """Return the rows of a module and of its parts, and what its output is like."""
    parts = [(f"{path}.{name}".lstrip("."), child) for name, child in model.children()]
    rows: list[Row] = []
    if isinstance(model, Sequential):
        for name, child in parts:
            more, seen = _walk(child, name, inputs)
            rows, inputs = rows + more, [seen]
        return rows, inputs[0] if len(inputs) == 1 else _joined(inputs, tuple(i.shape for i in inputs))
    if isinstance(model, TimeDistributed):
        steps, *inside = inputs[0].shape  # what it holds sees one step at a time
        ((name, child),) = parts
        more, seen = _walk(child, name, [replace(inputs[0], shape=tuple(inside))])
        return [_repeated(row, steps) for row in more], replace(seen, shape=(steps, *seen.shape))
    if isinstance(model, Residual | Concat):
        ways = [_walk(child, name, inputs) for name, child in parts]
        ends = [seen for _, seen in ways] + (inputs if isinstance(model, Residual) and model.shortcut is None else [])
        rows = [row for more, _ in ways for row in more]
    elif isinstance(model, Graph):
        seen_at = dict(zip(model.inputs, inputs, strict=True))
        for name, child, sources in model.nodes():
            more, seen_at[name] = _walk(child, f"{path}.{name}".lstrip("."), [seen_at[source] for source in sources])
            rows += more
        ends = [seen_at[name] for name in model.outputs]
    else:
        return _leaf(model, path or type(model).__name__, inputs)
    seen = _joined(ends, _output_shape(model, path, inputs))
    row = Row(path or type(model).__name__, type(model).__name__, seen.shape, 0, 0, seen.field, seen.jump)
    return [*rows, row], seen


def _repeated(row: Row, steps: int) -> Row:
    """Return the row of a layer that runs at each of so many steps."""
    work = None if row.multiply_adds is None else steps * row.multiply_adds
    return replace(row, output_shape=(steps, *row.output_shape), multiply_adds=work)


def _leaf(layer: Module, path: str, inputs: list[_Seen]) -> tuple[list[Row], _Seen]:
    output = _output_shape(layer, path, inputs)
    before = _joined(inputs, output)
    field, jump = before.field, before.jump
    if not _known(layer) or isinstance(layer, _BLURRING):
        field = jump = None
    elif isinstance(layer, Conv2d | MaxPool2d | AvgPool2d) and field and jump:
        dilation = layer.dilation if isinstance(layer, Conv2d) else (1, 1)
        reach = extent(layer.kernel_size, dilation)
        field = tuple(r + (k - 1) * j for r, k, j in zip(field, reach, jump, strict=True))
        jump = tuple(j * s for j, s in zip(jump, layer.stride, strict=True))
    elif isinstance(layer, LSTM | GRU):
        field = jump = before.image  # of each step
    elif isinstance(layer, GlobalAvgPool2d | GlobalMaxPool2d) or (
        isinstance(layer, Linear) and len(inputs[0].shape) == 1  # over other axes it sees what one position saw before
    ):
        field = jump = before.image
    own = sum(p.size for _, p in layer.named_parameters())
    frozen = sum(p.size for _, p in layer.named_parameters() if p.frozen)
    row = Row(path, repr(layer), output, own, _multiply_adds(layer, inputs[0].shape, output), field, jump, frozen)
    return [row], _Seen(output, field, jump, before.image)


def _joined(ends: list[_Seen], shape: Any) -> _Seen:
    """Return what several branches together are like: a position sees what it sees by any of them."""
    fields, jumps, images = ([getattr(end, name) for end in ends] for name in ("field", "jump", "image"))
    known = None not in fields and len({(*image,) for image in images}) == 1
    field = tuple(max(sizes) for sizes in zip(*fields, strict=True)) if known else None
    return _Seen(shape, field, jumps[0] if field and len(set(jumps)) == 1 else None, images[0])


def _output_shape(layer: Module, path: str, inputs: list[_Seen]) -> Any:
    shapes: Any = inputs[0].shape if len(inputs) == 1 else tuple(seen.shape for seen in inputs)
    try:
        return layer.output_shape(shapes)
    except PellucidError as error:
        raise type(error)(f"layer {path!r}: {error}") from None


def _known(layer: Module) -> bool:
    """Whether this page knows what the layer does: its windows, or that it has nothing to multiply with."""
    return isinstance(layer, Conv1d | Conv2d | MaxPool2d | Linear | LSTM | GRU | BatchNorm) or not (
        any(layer.children()) or any(layer.named_parameters())
    )


def _multiply_adds(layer: Module, inputs: Shape, output: Shape) -> int | None:
    if not _known(layer):
        return None
    if isinstance(layer, LSTM | GRU):  # each step multiplies by all weights, and a bias is none of them
        return inputs[0] * sum(p.size for _, p in layer.named_parameters() if len(p.shape) == 2)
    if isinstance(
        layer, Conv1d | Conv2d | Linear
    ):  # each output number sums over all weights of its channel, those of its group
        return prod(output) * prod(layer.weight.shape[1:])
    return 0
