"""Recording: the kernel calls of a piece of a step, which then run again in one native call.

An arena deals the very same arrays each step, so a piece that is made of kernel calls alone makes the same calls again:
only arrays that come from outside differ, and random keys.  What is skipped then is Python, not arithmetic.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import native
from .._core.arrays import Array
from . import _dispatch, _memory


class Recording:
    """What the native engine did while `taking` was open.

    Parameters
    ----------
    *given : float32 array
        Those that come from outside; a replay gets others, of the same shapes and strides.

    Attributes
    ----------
    result : any
        What the piece gave: arrays of the arena, which a replay fills again.
    """

    def __init__(self, *given: Array) -> None:
        self.given = given
        self.result: Any = None
        self._layout = _layout(given)
        self._calls = _dispatch.Calls()
        self._dealt: _memory.Dealt | None = None  # none as long as there is nothing to replay

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Record for the length of a ``with``."""
        arena = _memory.open_arena()
        assert arena is not None, "only what an arena deals has the same place again"
        start, tape = arena.next, native.engine.Tape()
        tape.begin(self.given)
        _dispatch.thread.calls = self._calls
        try:
            yield
        finally:
            _dispatch.thread.calls = None
            whole = tape.end()
        apart = len({array.__array_interface__["data"][0] for array in self.given}) == len(self.given)
        # Arrays that begin at one place could not be told apart when others take their places.
        if whole and apart and self._calls.whole and tape.keys == len(self._calls.draws):
            self._dealt, self._tape = arena.dealt_since(start), tape

    def spoil(self) -> None:
        """Give up: something happened that a replay would leave out."""
        self._dealt = None

    def owns(self, *arrays: Array) -> bool:
        """Whether a replay fills all of `arrays`: not those that lie in what comes from outside."""
        return not any(np.may_share_memory(array, given) for array in arrays for given in self.given)

    def replay(self, *given: Array) -> bool:
        """Run all calls again if they would be the same; return whether they were."""
        arena = _memory.open_arena()
        if self._dealt is None or arena is None or _layout(given) != self._layout or not arena.deal_again(self._dealt):
            return False
        self._tape.replay(given, [draw() for draw in self._calls.draws])
        return True


def _layout(given: tuple[Array, ...]) -> list[Any]:
    return [(array.shape, array.strides, array.dtype) for array in given]
