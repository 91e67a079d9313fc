"""The native engine: which one runs, and why.

The kernels are C++ (folder native/ of the source), compiled once for each instruction set; the fastest that this
processor has is picked here.  They compute in float32.  PELLUCID_BACKEND says what is wanted:

    auto      the native engine where there is one, else NumPy (this is the default)
    native    the native engine; an error where there is none
    numpy     the NumPy reference, whatever there is

The floor above asks `engine` and nothing else.
"""

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._core.errors import ConfigError
from .._core.threads import thread_count

BACKENDS = ("auto", "native", "numpy")

engine: Any = None
"""The module of kernels in use; None while the NumPy reference runs."""

reason = ""
"""Why the NumPy reference runs; empty while the native engine does."""


def _load() -> tuple[Any, str]:
    wanted = os.environ.get("PELLUCID_BACKEND", "auto")
    if wanted not in BACKENDS:
        raise ConfigError(f"PELLUCID_BACKEND: is {wanted!r}, expected one of {', '.join(BACKENDS)}")
    if wanted == "numpy":
        return None, "PELLUCID_BACKEND=numpy asks for it"
    try:
        _engine = importlib.import_module("._engine", __name__)
    except ImportError as error:
        why = _why_not(error)
        if wanted == "native":
            raise ConfigError(f"PELLUCID_BACKEND: is 'native', but {why}") from error
        return None, why
    _engine.set_thread_count(thread_count())
    return _engine, ""


def _why_not(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "the package was installed without a C++ compiler; install one (g++ or clang) and pellucid again"
    return f"the compiled kernels cannot run: {error}"


@contextmanager
def using(name: str) -> Iterator[None]:
    """Compute with "numpy", or with the kernels of one instruction set, for the length of a ``with``.

    It holds for the whole process; tests and benchmarks compare engines with it.
    """
    global engine
    before = engine
    kernels = _loaded[0] if name != "numpy" else None
    if name != "numpy" and (kernels is None or name not in kernels.instruction_sets()):
        raise ConfigError(f"native: no kernels for {name!r} on this machine")
    picked = before.instruction_set() if before is not None else None
    engine = kernels
    if kernels is not None:
        kernels.use(name)
    try:
        yield
    finally:
        engine = before
        if before is not None:
            before.use(picked)


_loaded = _load()
engine, reason = _loaded
