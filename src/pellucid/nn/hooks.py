"""Hooks: functions that look at what passes through a module, forwards and backwards."""

import functools
import threading
from collections.abc import Callable
from typing import Any

from .._core.arrays import Array
from .._core.errors import ShapeError
from ..ops._memory import outside
from .misfit import explained

Hook = Callable[[Any, Array | None, Array], None]


class _Thread(threading.local):
    depth = 0  # how many forwards are running inside each other


_thread = _Thread()


_changes = 0


def changes() -> int:
    """Return how often a hook or an attribute of a module has changed: who plans by them looks if it is the same."""
    return _changes


def changed() -> None:
    """Count one more change."""
    global _changes
    _changes += 1


class Handle:
    """What registering a hook returns."""

    def __init__(self, hooks: list[Hook], hook: Hook) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook off; doing so again does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)
        changed()


class Hooked:
    """Wraps each subclass's ``forward`` and ``backward``, so that they stay plain methods and yet can be watched."""

    forward: Any
    backward: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, around in (("forward", _around_forward), ("backward", _around_backward)):
            if name in vars(cls):
                setattr(cls, name, around(vars(cls)[name]))

    def register_forward_hook(self, hook: Hook) -> Handle:
        """Call ``hook(module, x, y)`` after each forward; the handle's `remove` takes it off."""
        return self._register("_forward_hooks", hook)

    def register_backward_hook(self, hook: Hook) -> Handle:
        """Call ``hook(module, grad_x, grad_y)`` after each backward; grad_x is None where nobody needed it."""
        return self._register("_backward_hooks", hook)

    @property
    def watched(self) -> bool:
        """Whether it has hooks."""
        return bool(self.__dict__.get("_forward_hooks") or self.__dict__.get("_backward_hooks"))

    def prepare(self, x: Array, outermost: bool) -> None:
        """Run before each forward; `outermost` when no other module's forward is running."""

    def _register(self, which: str, hook: Hook) -> Handle:
        hooks: list[Hook] = self.__dict__.setdefault(which, [])
        hooks.append(hook)
        changed()
        return Handle(hooks, hook)

    def _show(self, which: str, before: Array | None, after: Array) -> None:
        for hook in tuple(self.__dict__.get(which, ())):
            hook(self, _shown(before), _shown(after))


def _shown(value: Any) -> Any:
    """Return an array, or a tuple of several, for somebody who may keep it."""
    if isinstance(value, tuple):
        return tuple(map(_shown, value))
    return None if value is None else outside(value)


def _around_forward(forward: Callable[..., Array]) -> Callable[..., Array]:
    @functools.wraps(forward)
    def run(self: Hooked, x: Array, *more: Any, **options: Any) -> Array:
        if type(self).forward is not run:  # a subclass called super().forward
            return forward(self, x, *more, **options)
        self.prepare(x, _thread.depth == 0)
        _thread.depth += 1
        try:
            y = forward(self, x, *more, **options)
        except ShapeError as error:
            if _thread.depth > 1:
                raise
            raise explained(self, x, error) from error
        finally:
            _thread.depth -= 1
        self._show("_forward_hooks", x, y)
        return y

    return run


def _around_backward(
    backward: Callable[[Any, Array], Array | None],
) -> Callable[[Any, Array | None], Array | None]:
    @functools.wraps(backward)
    def run(self: Hooked, grad_y: Array | None) -> Array | None:
        if grad_y is None or (
            isinstance(grad_y, tuple) and not any(g is not None for g in grad_y)
        ):  # nothing from here on has parameters, and nobody asked for the input's gradient
            return None
        grad_x = backward(self, grad_y)
        if type(self).backward is run:
            self._show("_backward_hooks", grad_x, grad_y)
        return grad_x

    return run
