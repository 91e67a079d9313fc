"""Fused convolutions as large as those of real networks: equal bits, and near the reference."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import native
from pellucid.ops import (
    conv2d_relu_avg_pool2d_backward,
    conv2d_relu_avg_pool2d_forward,
    conv2d_relu_backward,
    conv2d_relu_forward,
    conv2d_relu_max_pool2d_backward,
    conv2d_relu_max_pool2d_forward,
)
from tests.checks import ENGINES, FLOAT32_BOUND, close

FUNCTIONS = {
    None: (conv2d_relu_forward, conv2d_relu_backward),
    "max": (conv2d_relu_max_pool2d_forward, conv2d_relu_max_pool2d_backward),
    "avg": (conv2d_relu_avg_pool2d_forward, conv2d_relu_avg_pool2d_backward),
}
SIZES = {  # x, weight, options: layers of real networks, large enough to be cut up
    "mnist-cnn 1": ((9, 1, 28, 28), (32, 1, 3, 3), {}),
    "mnist-cnn 2": ((9, 32, 13, 13), (64, 32, 3, 3), {}),
    "LeNet 1": ((9, 1, 28, 28), (6, 1, 5, 5), {"padding": "same"}),
    "LeNet 2": ((9, 6, 14, 14), (16, 6, 5, 5), {}),
    "wide 3x3": ((9, 32, 14, 15), (48, 32, 3, 3), {"padding": 1}),
    "wide 3x3, no padding": ((9, 32, 15, 13), (32, 32, 3, 3), {}),
    "wide 3x3, large": ((5, 32, 23, 21), (48, 32, 3, 3), {"padding": 1}),
    "strided": ((9, 5, 17, 16), (24, 5, 3, 3), {"stride": 2}),
    "dilated": ((9, 5, 17, 16), (24, 5, 3, 3), {"dilation": 2}),
    "depthwise": ((9, 24, 12, 13), (24, 1, 3, 3), {"groups": 24, "padding": 1}),
    "depthwise, no whole vectors": (
        (9, 33, 17, 20),
        (33, 1, 5, 3),
        {"groups": 33, "padding": (2, 1), "stride": 2, "dilation": (1, 2)},
    ),
    "depthwise, many channels": ((3, 100, 12, 30), (100, 1, 3, 3), {"groups": 100, "padding": 1}),
    "1x1": ((9, 48, 8, 8), (40, 48, 1, 1), {}),
}

LARGE = ("wide 3x3, large",)  # F(4x4, 3x3) even where a pool follows
WIDE = *LARGE, "wide 3x3", "wide 3x3, no padding", "mnist-cnn 2"
BY_FOUR = {None: WIDE, "max": LARGE, "avg": WIDE}  # a mean's gradients go by Winograd, a maximum's through the winners


@pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
@pytest.mark.parametrize("pool", [None, "max", "avg"])
@pytest.mark.parametrize("size", SIZES)
def test_the_same_bits_on_any_number_of_threads_and_with_any_instruction_set(size, pool, rng):
    x_shape, weight_shape, options = SIZES[size]
    x, weight, bias = (rng.standard_normal(s).astype(np.float32) for s in (x_shape, weight_shape, weight_shape[:1]))
    forward, backward = FUNCTIONS[pool]
    more = {} if pool is None else {"kernel_size": 2}
    found, before = [], native.engine.thread_count()
    for engine in ENGINES:
        for threads in (1, 2, 3, 4):
            with native.using(engine):
                native.engine.set_thread_count(threads)
                y, saved = forward(x, weight, bias, **options, **more)
                g = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
                found.append([a.tobytes() for a in (y, *backward(g, saved))])
    native.engine.set_thread_count(before)
    assert all(other == found[0] for other in found)


@pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("pool", [None, "max", "avg"])
@pytest.mark.parametrize("size", SIZES)
def test_layers_of_real_networks_are_near_the_reference(size, pool, exact, engine, rng):
    """Winograd's algorithms are chosen here, which small cases never meet: 1e-4 for them, else as everywhere."""
    x_shape, weight_shape, options = SIZES[size]
    arrays = [rng.standard_normal(s) for s in (x_shape, weight_shape, weight_shape[:1])]
    forward, backward = FUNCTIONS[pool]
    more = {} if pool is None else {"kernel_size": 2}
    y, saved = forward(*arrays, **options, **more)
    g = rng.standard_normal(y.shape)
    with native.using(engine):
        y32, saved32 = forward(*(a.astype(np.float32) for a in arrays), **options, **more, exact=exact)
        if pool == "max":  # near ties may go the other way: the gradient is that of the same winners
            saved = *saved[:4], saved32[4], saved[5]
        found = y32, *backward(g.astype(np.float32), saved32)
    by_four = size in BY_FOUR[pool] and not exact
    bound = 1e-4 if by_four else FLOAT32_BOUND
    for rough, precise in zip(found, (y, *backward(g, saved)), strict=True):
        close(rough, precise, bound)


@pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_result_does_not_depend_on_the_batch(engine, rng):
    with native.using(engine):
        for x_shape, weight_shape, options in SIZES.values():
            x, weight = (rng.standard_normal(s).astype(np.float32) for s in (x_shape, weight_shape))
            for pool, (forward, _) in FUNCTIONS.items():
                more = {} if pool is None else {"kernel_size": 2}
                whole, _ = forward(x, weight, **options, **more)
                for n in range(len(x)):
                    alone, _ = forward(x[n : n + 1], weight, **options, **more)
                    assert_array_equal(alone[0], whole[n])


@pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("outputs", [3, 20])
def test_the_first_of_equal_values_wins(outputs, engine, rng):
    """With small whole numbers nothing is rounded and ties abound: the index is the reference's, number by number."""
    x = rng.integers(-2, 3, (3, 2, 9, 21)).astype(np.float32)
    weight = rng.integers(-1, 2, (outputs, 2, 3, 3)).astype(np.float32)
    with native.using("numpy"):
        expected = conv2d_relu_max_pool2d_forward(x, weight, kernel_size=2)
    with native.using(engine):
        found = conv2d_relu_max_pool2d_forward(x, weight, kernel_size=2)
    assert_array_equal(found[0], expected[0])
    assert_array_equal(found[1][4], expected[1][4])
