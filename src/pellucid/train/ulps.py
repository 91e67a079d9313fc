"""How far two arrays are apart in units in the last place, and which of many differ."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .._core.arrays import Array

MOST = 2**62  # units in the last place; arrays of other shapes are so far apart


@dataclass(frozen=True)
class Difference:
    """One array, or the loss, that is not what was recorded.

    Attributes
    ----------
    step : int
        After how many steps.
    name : str
        "loss", or the array's name in a checkpoint, such as "model.conv1.weight".
    ulps : int
        By how many units in the last place the worst number is off.
    count, size : int
        How many numbers differ, of how many.
    """

    step: int
    name: str
    ulps: int
    count: int
    size: int

    def __str__(self) -> str:
        return (
            f"step {self.step}: {self.name}: {self.count:,} of {self.size:,} numbers differ, by up to {self.ulps:,} ulp"
        )


def compared(step: int, ours: Mapping[str, Array], recorded: Mapping[str, Array]) -> list[Difference]:
    """Return the arrays that are not equal bit for bit, the worst first."""
    found = []
    for name in dict.fromkeys([*ours, *recorded]):
        if name not in ours or name not in recorded or ours[name].shape != recorded[name].shape:
            size = (ours if name in ours else recorded)[name].size
            found.append(Difference(step, name, MOST, size, size))
            continue
        ulps = distance(ours[name], recorded[name])
        if ulps.any():
            found.append(Difference(step, name, int(ulps.max()), int((ulps > 0).sum()), ulps.size))
    return sorted(found, key=lambda difference: -difference.ulps)


def distance(one: Array, other: Array) -> Array:
    """Return how many numbers of their type lie between two arrays' entries, at most 2**62; 0 for -0 and 0 too."""
    if one.dtype != other.dtype or one.dtype.kind != "f":
        differ: Array = np.asarray(one != other).astype(np.int64)
        return differ
    whole = np.dtype(np.int32 if one.dtype.itemsize == 4 else np.int64)
    lowest = -(2**31) if one.dtype.itemsize == 4 else -(2**63)
    places = []
    for array in (one, other):
        bits = np.ascontiguousarray(array).view(whole).astype(np.int64).reshape(array.shape)
        places.append(np.where(bits < 0, lowest - bits, bits))
    high, low = np.maximum(*places), np.minimum(*places)
    # Of float64 the difference may leave int64: it is taken without a sign.
    apart = np.minimum(np.asarray(high).astype(np.uint64) - np.asarray(low).astype(np.uint64), np.uint64(MOST))
    found: Array = np.where(np.isnan(one) & np.isnan(other), 0, apart.astype(np.int64))
    return found
