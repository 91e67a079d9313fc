"""How many threads compute: those of the native engine and those of NumPy's matrix products."""

import os
import sys

from .errors import ConfigError

_VARIABLES = (
    "PELLUCID_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def limit_threads(count: int) -> None:
    """Let NumPy's BLAS use `count` threads in this process.

    The libraries read their limit once, when they are loaded, so this works only before NumPy is imported.

    Raises
    ------
    ConfigError
        If `count` is below 1, or NumPy is loaded already.
    """
    if count < 1:
        raise ConfigError(f"threads: {count} given, at least 1 is needed")
    if "numpy" in sys.modules:
        raise ConfigError(
            f"threads: NumPy is loaded already and keeps its threads; "
            f"start Python with OPENBLAS_NUM_THREADS={count} instead"
        )
    os.environ.update(dict.fromkeys(_VARIABLES, str(count)))


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count() -> int:
    """Return how many threads the native engine starts with: PELLUCID_NUM_THREADS, else one a core."""
    value = os.environ.get("PELLUCID_NUM_THREADS", "")
    if not value:
        return cores()
    if not (value.isdigit() and int(value) >= 1):
        raise ConfigError(f"PELLUCID_NUM_THREADS: is {value!r}, a whole number from 1 is needed")
    return int(value)
