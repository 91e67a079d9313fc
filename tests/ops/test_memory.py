"""empty, scratch and the Arena: the second step deals out the very arrays of the first, and every step after it."""

import threading

import numpy as np
import pytest

from pellucid import ConfigError
from pellucid.nn import Conv2d
from pellucid.ops import _memory
from pellucid.ops._memory import Arena, empty, outside, permanent, scratch


def test_steps_reuse_one_block(rng):
    conv, arena = Conv2d(3, 8, 3, padding=1), Arena()
    x = rng.standard_normal((4, 3, 8, 8)).astype(np.float32)
    seen = []
    for _ in range(3):
        with arena.step():
            y = conv(x)
            conv.parameters().zero_grad()
            conv.backward(y)
            seen.append((y.ctypes.data, float(y.sum())))
    assert seen[1] == seen[2]
    assert seen[0][1] == seen[1][1]
    assert np.shares_memory(y, arena.block)
    assert y.ctypes.data % 64 == 0


def test_a_larger_batch_is_served_too():
    arena = Arena()
    for rows in (2, 5, 5):
        with arena.step():
            assert empty((rows, 7), np.float32).shape == (rows, 7)
    assert arena.block.size == 192


def test_arrays_of_one_step_do_not_overlap():
    arena = Arena()
    for _ in range(2):
        with arena.step():
            arrays = [empty((3, 5), np.float32) for _ in range(4)]
            for value, array in enumerate(arrays):
                array[...] = value
            assert [a.max() for a in arrays] == [0, 1, 2, 3]


def test_four_axes_come_channels_last_and_aligned():
    y = empty((2, 3, 4, 5), np.float64)
    assert y.shape == (2, 3, 4, 5)
    assert y.transpose(0, 2, 3, 1).flags.c_contiguous
    assert y.ctypes.data % 64 == 0
    assert np.isnan(y).all(), "the poison that tests rely on"


def test_scratch_is_one_buffer_of_each_thread():
    first, second = scratch((4, 4), np.float32), scratch((2, 2), np.float64)
    assert np.shares_memory(first, second)
    others = []
    thread = threading.Thread(target=lambda: others.append(scratch((4, 4), np.float32)))
    thread.start()
    thread.join()
    assert not np.shares_memory(first, others[0])


def test_what_leaves_a_step_is_a_copy():
    arena, kept = Arena(), None
    with arena.step():
        array = empty((2,), np.float32)
        kept = outside(array)
        assert not np.shares_memory(kept, array)
    assert outside(kept) is kept


def test_steps_do_not_nest():
    arena = Arena()
    with arena.step(), pytest.raises(ConfigError, match="already open"), Arena().step():
        pass
    assert _memory._thread.arena is None


def test_two_threads_cannot_share_an_arena():
    arena, errors = Arena(), []

    def other():
        try:
            with arena.step():
                pass
        except ConfigError as error:
            errors.append(str(error))

    with arena.step():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "in one thread" in errors[0]


def test_permanent_arrays_come_from_no_arena():
    arena = Arena()
    for _ in range(2):
        with arena.step():
            assert not np.shares_memory(permanent((3, 4), np.float32), arena.block)
    assert arena.used == 0


def test_a_failed_step_closes_the_arena():
    with pytest.raises(ZeroDivisionError), Arena().step():
        raise ZeroDivisionError
    assert _memory._thread.arena is None


def test_an_arena_tells_types_and_layouts_apart():
    arena = Arena()
    for dtype, images in ((np.float32, True), (np.float32, True), (np.float64, True), (np.float64, False)):
        with arena.step():
            array = empty((2, 3, 4, 5), dtype, images=images)
            assert array.dtype == dtype
            assert array.flags.c_contiguous == (not images)
