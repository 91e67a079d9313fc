"""Make the next item in a thread while this one is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import get_ident
from typing import TypeVar

T = TypeVar("T")


def prefetch(source: Iterable[T]) -> Iterator[T]:
    """Yield the items of `source` in their order; one thread makes the next while the consumer has this one.

    It is never more than one item ahead.  An error of `source` is raised here, as the same exception.  When the
    loop is left, by whatever way, the thread ends with the item it has begun, and is gone when this iterator closes.

    Examples
    --------
    >>> from pellucid.data.prefetch import prefetch
    >>> list(prefetch(n * n for n in range(4)))
    [0, 1, 4, 9]
    """
    items, end = iter(source), object()
    pool = ThreadPoolExecutor(1, "pellucid-prefetch")
    maker = pool.submit(get_ident).result()
    try:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item  # type: ignore[misc]  # the one object that is no T is `end`
    finally:
        # The garbage collector may close us from within the thread itself, which cannot wait for its own end.
        pool.shutdown(wait=get_ident() != maker)
