"""ModelInfo: what a network takes and gives, as a run keeps it beside the weights."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from .._core.arrays import Shape
from .._core.errors import ConfigError
from ..data import Normalize
from ..data.images import FRAMINGS


@dataclass(frozen=True)
class ModelInfo:
    """Everything, besides the weights, that it takes to apply a trained network to images.

    Parameters
    ----------
    model : str
        Its name in `pellucid.models`.
    input_shape : tuple of int
        Of one sample.
    class_names : tuple of str
        One for each output.
    normalize : Normalize
        What uint8 images go through.
    framing : "digit" or "whole"
        How one's own pictures are read for it, see `pellucid.data.read_image`.
    data_sha256 : mapping
        The `fingerprint` of each part of the data.
    """

    model: str
    input_shape: Shape
    class_names: tuple[str, ...]
    normalize: Normalize = field(default_factory=Normalize)
    framing: str = "whole"
    data_sha256: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, table: Any) -> Self:
        """Return it from plain data; a ConfigError names the first entry that is missing or of the wrong kind."""
        if not isinstance(table, dict):
            raise ConfigError(f"is {table!r}, a table is needed"[:200])
        for name, fits in _FITS.items():
            if name not in table:
                raise ConfigError(f"{name}: is missing")
            if not fits(table[name]):
                raise ConfigError(f"{name}: is {table[name]!r}, which no run writes"[:200])
        kept = {f.name: table[f.name] for f in fields(cls)}
        kept["normalize"] = Normalize(**kept["normalize"])
        return cls(**kept | {name: tuple(kept[name]) for name in ("input_shape", "class_names")})

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as JSON gives it back."""
        return asdict(self) | {"input_shape": list(self.input_shape), "class_names": list(self.class_names)}


def _is_list(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(v, kind) and not isinstance(v, bool) for v in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_normalize(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"mean", "std"}
        and all(map(_is_number, value.values()))
        and value["std"] > 0
    )


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "model": lambda v: isinstance(v, str),
    "input_shape": lambda v: _is_list(v, int) and all(n > 0 for n in v),
    "class_names": lambda v: _is_list(v, str),
    "normalize": _is_normalize,
    "framing": lambda v: v in FRAMINGS,
    "data_sha256": lambda v: isinstance(v, dict),
}
