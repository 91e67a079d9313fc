"""The native engine: which one runs, and why.

The kernels are C++ (folder native/ of the source), compiled once for each instruction set; the fastest that this
processor has is picked here.  They compute in float32.  PELLUCID_BACKEND says what is wanted:

    auto      the native engine where there is one, else NumPy (this is the default)
    native    the native engine; an error where there is none
    numpy     the NumPy reference, whatever there is

PELLUCID_ENGINE names the file of another build of the kernels, such as one with sanitizers.

The floor above asks `engine` and nothing else.
"""

import importlib.util
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
        found = _import()
    except ImportError as error:
        why = _why_not(error)
        if wanted == "native":
            raise ConfigError(f"PELLUCID_BACKEND: is 'native', but {why}") from error
        return None, why
    found.set_thread_count(thread_count())
    return found, ""


def _import() -> Any:
    name = f"{__name__}._engine"
    file = os.environ.get("PELLUCID_ENGINE")
    if not file:
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"PELLUCID_ENGINE={file} is no extension module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _why_not(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "the kernels were not compiled at installation; install g++ or clang, then pellucid again"
    return f"the compiled kernels cannot run: {error}"


def describe() -> str:
    """Return which engine runs, and how, or why not the other one, in words."""
    if engine is None:
        return f"numpy: {reason}"
    count = engine.thread_count()
    return f"native: {engine.instruction_set()}, {count} thread{'s' * (count != 1)}"


@contextmanager
def using(name: str) -> Iterator[None]:
    """Compute with another engine for the length of a ``with``; tests and benchmarks compare engines so.

    It holds for the whole process, all of its threads.

    Parameters
    ----------
    name : str
        "numpy", or an instruction set such as "x86_64_v3": one of ``native.engine.instruction_sets()``.

    Raises
    ------
    ConfigError
        If there are no such kernels on this machine.

    Examples
    --------
    >>> from pellucid import native
    >>> with native.using("numpy"):
    ...     print(native.engine)
    None
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
