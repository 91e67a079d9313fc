"""Hooks: functions that look at what passes through a module, forwards and backwards."""

import functools
from collections.abc import Callable
from typing import Any

from .._core.arrays import Array
from ..ops._memory import outside

Hook = Callable[[Any, Array, Array | None], None]


class Hooked:
    """Wraps each subclass's ``forward`` and ``backward``, so that they stay plain methods and yet can be watched."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, around in (("forward", _around_forward), ("backward", _around_backward)):
            if name in vars(cls):
                setattr(cls, name, around(vars(cls)[name]))

    def register_forward_hook(self, hook: Hook) -> Callable[[], None]:
        """Call ``hook(module, x, y)`` after each forward; return a function that takes the hook off."""
        return self._register("_forward_hooks", hook)

    def register_backward_hook(self, hook: Hook) -> Callable[[], None]:
        """Call ``hook(module, grad_y, grad_x)`` after each backward; return a function that takes the hook off."""
        return self._register("_backward_hooks", hook)

    def prepare(self, x: Array) -> None:
        """Run before each forward."""

    def _register(self, which: str, hook: Hook) -> Callable[[], None]:
        hooks: list[Hook] = self.__dict__.setdefault(which, [])
        hooks.append(hook)
        return lambda: hooks.remove(hook)

    def _show(self, which: str, before: Array, after: Array | None) -> None:
        for hook in tuple(self.__dict__.get(which, ())):
            hook(self, outside(before), None if after is None else outside(after))


def _around_forward(forward: Callable[[Any, Array], Array]) -> Callable[[Any, Array], Array]:
    @functools.wraps(forward)
    def run(self: Hooked, x: Array) -> Array:
        self.prepare(x)
        y = forward(self, x)
        self._show("_forward_hooks", x, y)
        return y

    return run


def _around_backward(
    backward: Callable[[Any, Array], Array | None],
) -> Callable[[Any, Array | None], Array | None]:
    @functools.wraps(backward)
    def run(self: Hooked, grad_y: Array | None) -> Array | None:
        if grad_y is None:  # nothing from here on has parameters, and nobody asked for the input's gradient
            return None
        grad_x = backward(self, grad_y)
        self._show("_backward_hooks", grad_y, grad_x)
        return grad_x

    return run
