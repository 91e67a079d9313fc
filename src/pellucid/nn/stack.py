"""Stack: what a module's forwards leave behind for its backwards, last in, first out."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .._core.errors import ConfigError


class _Thread(threading.local):
    noted: list[tuple[Any, Any]] | None = None  # for who wants to know what is kept


_thread = _Thread()


@contextmanager
def noting() -> Iterator[list[tuple[Any, Any]]]:
    """Give a list of all that is kept in this thread for the length of a ``with``: (module, saved), in order."""
    assert _thread.noted is None, "somebody takes notes already"
    found: list[tuple[Any, Any]] = []
    _thread.noted = found
    try:
        yield found
    finally:
        _thread.noted = None


class Stack:
    """What every module has of it."""

    keeping = True
    title: Any  # what error messages call the module
    named_modules: Any

    def keep(self, saved: Any) -> None:
        """Put what this forward's backward will need on the stack."""
        if self.keeping:
            self.__dict__.setdefault("_pending", []).append(saved)
            if _thread.noted is not None:
                _thread.noted.append((self, saved))

    def kept(self) -> Any:
        """Take what the last forward kept off the stack."""
        pending = self.__dict__.get("_pending")
        if not pending:
            raise ConfigError(f"{self.title}: backward without a forward before it that kept its values")
        return pending.pop()

    def forget(self) -> None:
        """Drop what forwards left for a backward, here and below."""
        for module in self._below():
            module.__dict__.pop("_pending", None)

    def release(self) -> None:
        """Drop all that steps left here and below: kept values, and recordings with the memory of their Trainer."""
        for module in self._below():
            module.__dict__.pop("_pending", None)
            module.__dict__.pop("_plan", None)

    def _below(self) -> Iterable[Any]:
        """Return this module and all below it; of a network that is built without looking again."""
        whole: dict[str, Any] | None = self.__dict__.get("_whole")
        return (module for _, module in self.named_modules()) if whole is None else whole.values()
