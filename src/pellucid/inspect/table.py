"""Row and Summary: what `summary` found out about a network, as a table to print and as plain data."""

from dataclasses import asdict, dataclass
from typing import Any

from .._core.arrays import Shape


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
    frozen : int
        How many of them are to stay as they are.
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
    frozen: int = 0


@dataclass(frozen=True)
class Summary:
    """The rows of a network; ``print`` shows them as a table, `to_dict` gives them as plain data."""

    input_shape: Shape
    rows: tuple[Row, ...]
    parameters: int
    multiply_adds: int | None
    frozen: int = 0

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
        total = [("total", "", "", f"{self.parameters:,}", _count(self.multiply_adds), "")]
        if self.frozen:
            counts = {"frozen": self.frozen, "trainable": self.parameters - self.frozen}
            total += [(name, "", "", f"{count:,}", "", "") for name, count in counts.items()]
        table = [head, first, *lines, *total]
        widths = [max(len(row[i]) for row in table) for i in range(len(head))]
        text = ["  ".join(_cell(i, c, w) for i, (c, w) in enumerate(zip(row, widths, strict=True))) for row in table]
        rule = "-" * max(map(len, text))
        end = len(text) - len(total)
        return "\n".join(line.rstrip() for line in [text[0], rule, *text[1:end], rule, *text[end:]])


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _tuple(shape: Any) -> str:
    return f"({', '.join(_tuple(size) if isinstance(size, tuple) else str(size) for size in shape)})"


def _cell(column: int, text: str, width: int) -> str:
    return text.rjust(width) if column >= 3 else text.ljust(width)
