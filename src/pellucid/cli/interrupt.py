"""Ctrl-C while a network trains: the first asks for a checkpoint and an orderly end, the second aborts."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_NOTE = b"\nstopping after this step, with a checkpoint; Ctrl-C again aborts\n"


@contextmanager
def orderly(stop: Callable[[str], None]) -> Iterator[None]:
    """For the length of a ``with`` let SIGINT and SIGTERM call `stop` once, with the signal's name.

    A signal that is ignored stays so.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        stop(signal.Signals(number).name)
        for n in before:  # a second one is no longer ours
            signal.signal(n, signal.default_int_handler if n == signal.SIGINT else signal.SIG_DFL)
        with suppress(OSError):  # whoever read it may be gone; no buffer: this may run in the middle of a print
            os.write(2, _NOTE)

    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    before = {n: handler for n, handler in before.items() if handler is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
