"""Dropout: the random state of a run is (seed, step)."""

import numpy as np

from pellucid.nn import Dropout, Sequential


def masks(seed, steps, calls=1):
    layer = Sequential({"a": Dropout(), "b": Dropout()}).build((200,), seed=seed)
    found = []
    for step in steps:
        layer.start_step(step)
        found += [layer(np.ones((1, 200), np.float32)).tobytes() for _ in range(calls)]
    return found


def test_a_mask_depends_on_seed_step_layer_and_use_alone():
    assert masks(0, [0, 1, 2]) == masks(0, [0, 1, 2])
    assert masks(0, [2]) == masks(0, [0, 1, 2])[2:], "no step needs the ones before it"
    everything = masks(0, [0, 1, 2], calls=2) + masks(1, [0, 1, 2], calls=2)
    assert len(set(everything)) == len(everything)
    layer = Sequential({"a": Dropout(), "b": Dropout()}).build((200,))
    x = np.ones((1, 200), np.float32)
    assert layer.a(x).tobytes() != layer.b(x).tobytes()


def test_dropout_does_nothing_in_eval_mode():
    layer, x = Dropout(0.9).build((5,)).eval(), np.ones((2, 5), np.float32)
    assert layer(x).tobytes() == x.tobytes()
    assert layer.backward(x) is x
