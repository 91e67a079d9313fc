"""Convolutions with batch-norm as large as those of real networks: equal bits, and near the reference."""

import numpy as np
import pytest

from pellucid import native
from pellucid.ops import (
    batch_norm_backward,
    batch_norm_forward,
    conv2d_backward,
    conv2d_batch_norm_relu_backward,
    conv2d_batch_norm_relu_forward,
    conv2d_batch_norm_relu_max_pool2d_backward,
    conv2d_batch_norm_relu_max_pool2d_forward,
    conv2d_forward,
)
from tests.checks import ENGINES, FLOAT32_BOUND, close
from tests.native.test_fused_layers import SIZES

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")

FUNCTIONS = {
    None: (conv2d_batch_norm_relu_forward, conv2d_batch_norm_relu_backward),
    "max": (conv2d_batch_norm_relu_max_pool2d_forward, conv2d_batch_norm_relu_max_pool2d_backward),
}
LAYERS = {
    **{k: SIZES[k] for k in ("mnist-cnn 1", "mnist-cnn 2", "LeNet 2", "wide 3x3", "strided", "depthwise", "1x1")},
    "square": ((9, 32, 28, 28), (32, 32, 3, 3), {"padding": "same"}),
    "few samples": ((2, 64, 14, 14), (64, 64, 3, 3), {"padding": 1}),
    "each side its own": ((9, 48, 9, 13), (32, 48, 3, 3), {"padding": ((0, 2), (2, 1))}),
    "samples together": ((37, 32, 7, 8), (48, 32, 3, 3), {"padding": 1}),  # of a shard's 4 or 5 samples 4 at once
    "padding beyond the kernel": ((3, 32, 9, 8), (32, 32, 3, 3), {"padding": (3, 1)}),
    "padding beyond the kernel, at the left": ((3, 32, 8, 9), (32, 32, 3, 3), {"padding": (0, 3)}),
}  # fmt: skip
BY_FOUR = "mnist-cnn 2", "wide 3x3", "square", "few samples", "each side its own", "samples together"


def arrays_of(size, rng):
    x, weight, _ = LAYERS[size]
    O = weight[0]
    return [rng.standard_normal(x), rng.standard_normal(weight), *(rng.standard_normal(O) for _ in range(3))]


def small(arrays):
    return [a.astype(np.float32) for a in arrays]


@pytest.mark.parametrize("pool", FUNCTIONS)
@pytest.mark.parametrize("size", LAYERS)
def test_the_same_bits_on_any_number_of_threads_and_with_any_instruction_set(size, pool, rng):
    arrays, options = small(arrays_of(size, rng)), LAYERS[size][2]
    forward, backward = FUNCTIONS[pool]
    more = {} if pool is None else {"kernel_size": 2}
    found, before = [], native.engine.thread_count()
    for engine in ENGINES:
        for threads in (1, 2, 3, 5):
            with native.using(engine):
                native.engine.set_thread_count(threads)
                y, saved = forward(*arrays, **options, **more)
                g = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
                found.append([a.tobytes() for a in (y, saved[6], *backward(g, saved))])
    native.engine.set_thread_count(before)
    assert all(other == found[0] for other in found)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("pool", FUNCTIONS)
@pytest.mark.parametrize("size", LAYERS)
def test_layers_of_real_networks_are_near_the_reference(size, pool, exact, engine, rng):
    arrays, options = arrays_of(size, rng), LAYERS[size][2]
    forward, backward = FUNCTIONS[pool]
    more = {} if pool is None else {"kernel_size": 2}
    y, saved = forward(*arrays, **options, **more)
    g = rng.standard_normal(y.shape)
    with native.using(engine):
        y32, saved32 = forward(*small(arrays), **options, **more, exact=exact)
        found = y32, *backward(g.astype(np.float32), saved32)
    # What lies at a kink or a tie may go the other way: the gradient is that of the same choices.
    saved = *saved[:5], saved32[5].astype(np.float64), *saved[6:9], saved32[9], *saved[10:]
    # What the kernel sees of padding alone keeps the gradients from Winograd, and not the outputs.
    by_four = size in BY_FOUR or size.startswith("padding beyond")
    bound = 1e-4 if by_four and not exact else FLOAT32_BOUND
    for rough, precise in zip(found, (y, *backward(g, saved)), strict=True):
        close(rough, precise, bound)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", BY_FOUR)
def test_gradients_of_a_plain_convolution_by_four(size, engine, rng):
    """Without anything behind it; the bias has a gradient then.  `exact` keeps it from Winograd."""
    arrays, options = arrays_of(size, rng)[:3], LAYERS[size][2]
    y, saved = conv2d_forward(*arrays, **options)
    g = rng.standard_normal(y.shape)
    expected = conv2d_backward(g, saved)
    errors = {}
    for exact in (False, True):
        with native.using(engine):
            _, saved = conv2d_forward(*small(arrays), **options, exact=exact)
            found = conv2d_backward(g.astype(np.float32), saved)
        for rough, precise in zip(found, expected, strict=True):
            close(rough, precise, FLOAT32_BOUND if exact else 1e-4)
        errors[exact] = np.abs(found[0] - expected[0]).max()
    assert errors[True] < errors[False]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_fused_layer_is_what_its_parts_are(engine, rng):
    """On the same engine, one after the other: within rounding."""
    x, weight, bias, *norm = small(arrays_of("square", rng))
    with native.using(engine):
        y, saved = conv2d_batch_norm_relu_forward(x, weight, bias, *norm, padding=1)
        g = rng.standard_normal(y.shape).astype(np.float32)
        found = conv2d_batch_norm_relu_backward(g, saved)
        z, of_conv = conv2d_forward(x, weight, bias, padding=1)
        h, of_norm = batch_norm_forward(z, *norm)
        grad_z, *of_parameters = batch_norm_backward(g * (h > 0), of_norm)
        expected = *conv2d_backward(grad_z, of_conv), *of_parameters
    close(y, np.maximum(h, 0), 1e-6)
    for name, one, other in zip(("x", "weight", "bias", "norm weight", "norm bias"), found, expected, strict=True):
        scale = np.abs(grad_z).sum() if name == "bias" else np.abs(other).max()  # truly zero: what was added up counts
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-5 * scale, err_msg=name)
    assert not found[2].any()
