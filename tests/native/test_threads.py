"""The pool of threads: the same bits however many there are, from several Python threads, across fork()."""

import hashlib
import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pellucid import native
from pellucid.ops import linear_backward, linear_forward

pytestmark = pytest.mark.skipif(native.engine is None, reason=f"the NumPy reference runs: {native.reason}")

LARGE, SMALL = (64, 300, 260), (3, 40, 70)  # both are cut into several pieces


@pytest.fixture(autouse=True)
def threads():
    """Set how many threads compute, for one test."""
    before = native.engine.thread_count()
    yield native.engine.set_thread_count
    native.engine.set_thread_count(before)


def inputs(sizes):
    rng, (N, I, O) = np.random.default_rng(0), sizes
    return [rng.standard_normal(shape, dtype=np.float32) for shape in ((N, I), (O, I), (O,))]


def bits(arrays):
    """What a forward and a backward pass give, as a digest."""
    y, saved = linear_forward(*arrays)
    content = b"".join(a.tobytes() for a in (y, *linear_backward(y, saved)))
    return hashlib.sha256(content).hexdigest()


def at_once(count, work):
    """Run work(0), work(1), ... in Python threads that begin together; raise what they raise."""
    barrier, failures = threading.Barrier(count), []

    def run(index):
        barrier.wait()
        try:
            work(index)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not any(worker.is_alive() for worker in workers), "a call hangs"
    assert not failures


def test_the_count_changes_no_bit(threads):
    arrays = inputs(LARGE)
    found = set()
    for count in (1, 2, 3, 4, 2, 1):
        threads(count)
        assert native.engine.thread_count() == count
        found.add(bits(arrays))
    assert len(found) == 1


def test_instruction_sets_give_the_same_bits(threads):
    arrays, found = inputs(LARGE), set()
    for name in native.engine.instruction_sets():
        with native.using(name):
            found.add(bits(arrays))
    assert len(found) == 1


def test_no_thread_is_no_count(threads):
    with pytest.raises(ValueError, match="from 1 to 1024"):
        threads(0)


def test_two_python_threads_compute_at_once(threads):
    threads(2)
    work = [inputs(LARGE), inputs(SMALL)]
    expected = [bits(arrays) for arrays in work]

    def check(index):
        for _ in range(30):
            assert bits(work[index]) == expected[index]

    at_once(2, check)


def test_many_small_calls_while_the_count_changes(threads):
    arrays = inputs(SMALL)
    expected = linear_forward(*arrays)[0].tobytes()

    def check(index):
        for call in range(3000):
            if call % 50 == 0:
                threads(1 + (call // 50 + index) % 4)
            assert linear_forward(*arrays)[0].tobytes() == expected

    at_once(2, check)


def in_child(arrays, queue):
    queue.put((bits(arrays), len(list(Path("/proc/self/task").iterdir())) if Path("/proc").exists() else 3))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork() here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_of_fork_computes_too(threads):
    """Forked while another Python thread keeps the pool busy; none of its threads are in the child."""
    threads(3)
    arrays, done = inputs(LARGE), threading.Event()
    expected = bits(arrays)
    fork = multiprocessing.get_context("fork")

    def check(index):
        if index == 1:
            while not done.is_set():
                linear_forward(*arrays)
            return
        try:
            for _ in range(10):
                queue = fork.SimpleQueue()
                child = fork.Process(target=in_child, args=(arrays, queue))
                child.start()
                child.join(30)
                assert child.exitcode == 0, "the child hangs or has failed"
                assert queue.get() == (expected, 3), "the child has its own threads"
        finally:
            done.set()

    at_once(2, check)


def test_a_daemon_thread_at_work_does_not_disturb_the_end():
    code = """
import threading, time, numpy as np
from pellucid.ops import linear_forward
x = np.ones((256, 512), np.float32)
def work():
    while True:
        linear_forward(x, np.ones((512, 512), np.float32))
threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
