"""The tape: kernel calls that run again, with other arrays and other keys."""

import numpy as np
import pytest

from pellucid import native
from tests.checks import ENGINES

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")


def vector(*values):
    return np.array(values, np.float32)


def taped(*given, calls):
    tape = native.engine.Tape()
    tape.begin(given)
    try:
        calls()
    finally:
        whole = tape.end()
    return tape, whole


def test_a_replay_reads_other_arrays_and_writes_to_the_same():
    x, middle, y = vector(-1, 2), vector(0, 0), vector(0, 0)

    def calls():
        native.engine.relu_forward(x, middle)
        native.engine.relu_backward(middle, x, y)

    tape, whole = taped(x, calls=calls)
    assert whole
    assert (len(tape), tape.keys) == (2, 0)
    assert (middle.tolist(), y.tolist()) == ([0, 2], [0, 2])
    tape.replay([vector(3, -4)], [])
    assert (middle.tolist(), y.tolist()) == ([3, 0], [3, 0])
    assert x.tolist() == [-1, 2]


def test_keys_are_exchanged_in_their_order():
    x, outs, masks = np.ones(4000, np.float32), [np.empty(4000, np.float32) for _ in "12"], np.empty((2, 4000), bool)

    def drop(*keys):
        for key, y, mask in zip(keys, outs, masks, strict=True):
            native.engine.dropout_forward(x, y, mask, key, 2**31, 2.0)

    tape, whole = taped(x, calls=lambda: drop(7, 8))
    assert whole
    assert tape.keys == 2
    drop(101, 2**64 - 1)
    expected = masks.copy()
    drop(7, 8)
    assert (masks != expected).any(axis=1).all()
    tape.replay([x], [101, 2**64 - 1])
    assert (masks == expected).all()


def test_a_call_that_had_to_copy_its_input_cannot_be_repeated():
    x, y = np.ones((4, 6), np.float32)[:, ::2], np.empty((4, 3), np.float32)
    tape, whole = taped(x, calls=lambda: native.engine.relu_forward(x, y))
    assert not whole
    with pytest.raises(ValueError, match="not whole"):
        tape.replay([x], [])


def test_a_replay_refuses_what_does_not_fit():
    x, y = vector(1, 2), vector(0, 0)
    tape, _ = taped(x, calls=lambda: native.engine.relu_forward(x, y))
    for given, keys in (([], []), ([x, x], []), ([vector(1)], []), ([x], [1])):
        with pytest.raises(ValueError, match="Tape"):
            tape.replay(given, keys)
    with pytest.raises(TypeError):
        tape.replay([np.ones(2)], [])


def test_one_recording_at_a_time():
    tape = native.engine.Tape()
    tape.begin([])
    try:
        with pytest.raises(ValueError, match="records already"):
            native.engine.Tape().begin([])
        with pytest.raises(ValueError, match="not whole"):
            tape.replay([], [])
    finally:
        tape.end()
    with pytest.raises(ValueError, match="does not record"):
        tape.end()


def test_a_tape_that_is_dropped_while_it_records_is_forgotten():
    native.engine.Tape().begin([])
    x, y = vector(-1), vector(5)
    native.engine.relu_forward(x, y)
    assert y.tolist() == [0]
    taped(x, calls=lambda: native.engine.relu_forward(x, y))
