"""Stack: what a module's forwards leave behind for its backwards, last in, first out."""

from collections.abc import Iterable
from typing import Any

from .._core.errors import ConfigError


class Stack:
    """What every module has of it."""

    keeping = True
    title: Any  # what error messages call the module
    named_modules: Any

    def keep(self, saved: Any) -> None:
        """Put what this forward's backward will need on the stack."""
        if self.keeping:
            self.__dict__.setdefault("_pending", []).append(saved)

    def kept(self) -> Any:
        """Take what the last forward kept off the stack."""
        pending = self.__dict__.get("_pending")
        if not pending:
            raise ConfigError(f"{self.title}: backward without a forward before it that kept its values")
        return pending.pop()

    def last_kept(self) -> Any:
        """Return what the last forward kept, and leave it on the stack."""
        return self.__dict__["_pending"][-1]

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
