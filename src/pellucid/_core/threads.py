"""How many threads NumPy's matrix products use."""

import os
import sys

from .errors import ConfigError

_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


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
