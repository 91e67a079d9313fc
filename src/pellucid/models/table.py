"""The table of a network's layers: shapes and parameters, for people."""

from collections.abc import Sequence

from .._core.arrays import Shape
from ..nn import Module


def layer_table(layers: Sequence[Module], input_shape: Shape) -> str:
    """Return a line for each layer, built or not: what it is, the shape of one sample behind it, its parameters.

    Examples
    --------
    >>> from pellucid.models.table import layer_table
    >>> print(layer_table([Flatten(), Linear(4, 3)], (1, 2, 2)))
    input         (1, 2, 2)
    Flatten()     (4,)        0
    Linear(4, 3)  (3,)       15
    total                    15
    """
    shape, total, lines = input_shape, 0, [("input", str(input_shape), "")]
    for layer in layers:
        shape, count = layer.output_shape(shape), sum(p.size for _, p in layer.named_parameters())
        total += count
        lines.append((repr(layer), str(shape), f"{count:,}"))
    lines.append(("total", "", f"{total:,}"))
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    return "\n".join(f"{a:{widths[0]}}  {b:{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in lines)
