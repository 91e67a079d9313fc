"""Stack: what a module's forwards leave behind for its backwards, last in, first out."""

from typing import Any

from .._core.errors import ConfigError


class Stack:
    """What every module has of it."""

    keeping = True
    title: Any  # what error messages call the module

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
