"""Array types, and the one sum whose order is fixed."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]

_FEW = 256  # numbers: adding them one by one costs less than NumPy's calls


def ordered_sum(values: Array, start: float = 0.0) -> float:
    """Sum in float64, strictly from left to right, beginning with `start`.

    Cutting `values` anywhere and carrying the partial sum over gives the same bits,
    which pairwise summation (``np.sum``) does not.

    >>> ordered_sum(np.array([0.2, 0.3]), start=ordered_sum(np.array([0.1]))) == (0.1 + 0.2) + 0.3
    True
    """
    start = float(start)
    if values.size <= _FEW:
        for value in values.ravel().tolist():
            start += value
        return start
    terms = np.empty(values.size + 1, np.float64)
    terms[0], terms[1:] = start, values.ravel()
    return float(np.add.accumulate(terms)[-1])
