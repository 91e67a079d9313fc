"""prefetch: one item ahead, the same items, and no thread left behind."""

import gc
import subprocess
import sys
import threading
import time

import pytest

from pellucid.data.prefetch import prefetch


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("pellucid-prefetch")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert not threads()


def test_the_next_item_is_made_while_this_one_is_used_and_no_further():
    made = [threading.Event() for _ in range(5)]

    def source():
        for n, event in enumerate(made):
            assert threading.current_thread() in threads()
            event.set()
            yield n

    items = prefetch(source())
    assert not threads(), "nothing begins before the first item is asked for"
    for n in range(4):
        assert next(items) == n
        assert made[n + 1].wait(5)
        time.sleep(0.01)
        assert not any(event.is_set() for event in made[n + 2 :])
    assert list(items) == [4]


def test_an_error_is_raised_as_it_was_where_its_item_was_due():
    error = KeyError("broken")

    def source():
        yield 1
        raise error

    items = prefetch(source())
    assert next(items) == 1
    with pytest.raises(KeyError) as raised:
        next(items)
    assert raised.value is error
    with pytest.raises(StopIteration):
        next(items)


def test_leaving_the_loop_ends_the_thread():
    for n in prefetch(iter(range(1000))):
        if n == 3:
            assert threads()
            break
    assert not threads()


def test_a_consumer_that_raises():
    def consume():
        for n in prefetch(iter(range(1000))):
            1 / (3 - n)

    with pytest.raises(ZeroDivisionError) as raised:
        consume()
    del raised
    gc.collect()
    assert not threads()


def test_garbage_collection_ends_the_thread():
    items = prefetch(iter(range(1000)))
    next(items)
    ring = [items]
    ring.append(ring)
    del items, ring
    gc.collect()
    assert not threads()


def test_it_may_be_closed_from_within_its_own_thread():
    """As the garbage collector does when it happens to run there."""
    closed = threading.Event()

    def source():
        yield 1
        time.sleep(0.05)  # the consumer is back in its loop by then
        items.close()
        closed.set()
        yield 2

    items = prefetch(source())
    assert next(items) == 1
    assert closed.wait(5)
    for thread in threads():
        thread.join(5)


def test_a_program_ends_though_an_iterator_is_left_standing():
    code = "from pellucid.data.prefetch import prefetch; items = prefetch(iter(range(9))); print(next(items))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
