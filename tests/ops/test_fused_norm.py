"""Convolution, batch-norm, ReLU and max-pooling in one: the laws, with the loops of the compositions; and folding."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pellucid import ConfigError, native
from pellucid.ops import (
    batch_norm_forward,
    conv2d_batch_norm_relu_backward,
    conv2d_batch_norm_relu_forward,
    conv2d_batch_norm_relu_max_pool2d_backward,
    conv2d_batch_norm_relu_max_pool2d_forward,
    conv2d_batch_norm_relu_max_pool2d_shape,
    conv2d_batch_norm_relu_shape,
    conv2d_forward,
    linear_forward,
)
from pellucid.ops.fused_norm import fold_batch_norm
from tests.checks import ENGINES, FLOAT32_BOUND, OpLaws, case, close, refuse
from tests.ops.test_batch_norm import known
from tests.ops.test_fused import CONVS
from tests.oracles import conv2d_loops, max_pool2d_loops
from tests.oracles_norms import batch_norm_loops

OF_NORM = ("mean", "var", "eps")


def cases(**more):
    found = {}
    for name, (x, weight, bias, options) in CONVS.items():
        norm = (weight[0],)
        found[name] = case(*(s for s in (x, weight, bias, norm, norm) if s), **options, **more)
    del found["no bias"]  # the arrays of the norm would take its place
    return found | {
        "given": case((2, 3, 6, 5), (4, 3, 3, 2), (4,), (4,), (4,), **known(4), **more),
        "given, depthwise": case((2, 3, 6, 5), (3, 1, 3, 2), (3,), (3,), (3,), groups=3, **known(3), **more),
        "large eps": case((2, 3, 6, 5), (4, 3, 3, 2), (4,), (4,), (4,), eps=0.5, **more),
        "nothing but weights": case((3, 2, 6, 5), (4, 2, 3, 2), **more),
    }


def composed(*arrays, **options):
    norm = {name: options.pop(name) for name in OF_NORM if name in options}
    return np.maximum(batch_norm_loops(conv2d_loops(*arrays[:3], **options), *arrays[3:], **norm), 0)


class Norms:
    eps, rtol = 1e-7, 1e-6  # a small step: there are many kinks

    def shape_of(self, arrays, options):
        options = {name: value for name, value in options.items() if name not in OF_NORM}
        return self.shape(arrays[0].shape, arrays[1].shape, **options)

    def gradients(self, grad_y, saved):
        return tuple(g for g in super().gradients(grad_y, saved) if g is not None)


class TestConv2dBatchNormReLU(Norms, OpLaws):
    forward, backward, shape = map(
        staticmethod, (conv2d_batch_norm_relu_forward, conv2d_batch_norm_relu_backward, conv2d_batch_norm_relu_shape)
    )
    loops = staticmethod(composed)
    cases = cases()
    refused = {
        "channels": refuse((1, 3, 8, 8), (2, 4, 3, 3), words="x has 3 channels but weight expects 4"),
        "one value": refuse((1, 1, 3, 3), (2, 1, 3, 3), words=r"x of shape \(1, 2, 1, 1\) has 1 value"),
        "norm": refuse((1, 1, 4, 4), (2, 1, 3, 3), (2,), (3,), words="weight has shape"),
        "half": refuse((2, 1, 4, 4), (2, 1, 3, 3), mean=np.zeros(2), error=ConfigError, words="both mean and var"),
    }


class TestConv2dBatchNormReLUMaxPool2d(Norms, OpLaws):
    forward, backward, shape = map(
        staticmethod,
        (
            conv2d_batch_norm_relu_max_pool2d_forward,
            conv2d_batch_norm_relu_max_pool2d_backward,
            conv2d_batch_norm_relu_max_pool2d_shape,
        ),
    )
    loops = staticmethod(
        lambda *arrays, kernel_size, **options: max_pool2d_loops(composed(*arrays, **options), kernel_size=kernel_size)
    )
    cases = cases(kernel_size=2) | {
        "windows of 2x3": case((2, 3, 8, 9), (4, 3, 3, 2), (4,), (4,), (4,), kernel_size=(2, 3)),
        "windows of one": case((2, 3, 4, 5), (4, 3, 3, 2), (4,), (4,), (4,), kernel_size=1),
        "windows that leave rows and columns": case((2, 3, 9, 10), (4, 3, 3, 3), (4,), (4,), (4,), kernel_size=3),
    }
    refused = {
        "window": refuse(
            (1, 1, 20, 20), (1, 1, 1, 1), kernel_size=16, error=ConfigError, words="at most 255 taps, 16x16 are more"
        ),
    }


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_nan_is_not_swallowed(engine):
    x, weight = np.ones((2, 3, 4, 20), np.float32), np.ones((3, 1, 1, 1), np.float32)
    x[:, :, 0] = 2
    x[0, 1, 1, 3] = np.nan
    with native.using(engine):
        for y in (
            conv2d_batch_norm_relu_forward(x, weight, groups=3)[0],
            conv2d_batch_norm_relu_max_pool2d_forward(x, weight, groups=3, kernel_size=2)[0],
        ):
            assert np.isnan(y).any(axis=(0, 2, 3)).tolist() == [False, True, False]
        y, _ = conv2d_batch_norm_relu_max_pool2d_forward(x, weight, groups=3, kernel_size=2, **known32(3))
        assert np.isnan(y).sum() == 1


def known32(C):
    return {name: array.astype(np.float32) for name, array in known(C).items()}


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_the_first_of_equal_values_wins(engine):
    """Where ReLU closes a window no tap has the gradient, and of equal ones the first."""
    x = np.array([[-1, -1, 1, 1], [-1, -2, 1, 1]], np.float32).reshape(1, 1, 2, 4)
    with native.using(engine):
        _, saved = conv2d_batch_norm_relu_max_pool2d_forward(x, np.ones((1, 1, 1, 1), np.float32), kernel_size=2)
    assert saved[9].ravel().tolist() == [4, 0]


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
@pytest.mark.parametrize("bare", [False, True])
def test_a_folded_layer_does_what_the_two_do(bare, engine, rng):
    arrays = [None if bare else rng.standard_normal(5) for _ in range(3)]
    small = [a if a is None else a.astype(np.float32) for a in arrays]
    for forward, x, weight in (
        (conv2d_forward, rng.standard_normal((2, 3, 6, 7)), rng.standard_normal((5, 3, 3, 2))),
        (linear_forward, rng.standard_normal((4, 9)), rng.standard_normal((5, 9))),
    ):
        expected, _ = batch_norm_forward(forward(x, weight, arrays[0])[0], *arrays[1:], **known(5))
        exact, _ = forward(x, *fold_batch_norm(weight, *arrays, **known(5), eps=1e-5))
        assert_allclose(exact, expected, rtol=1e-12, atol=1e-12)
        with native.using(engine):
            folded = fold_batch_norm(weight.astype(np.float32), *small, **known32(5), eps=1e-5)
            y, _ = forward(x.astype(np.float32), *folded)
        assert folded[0].dtype == folded[1].dtype == np.float32
        close(y, expected, FLOAT32_BOUND)


@pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
def test_engines_fold_to_the_same_bits(rng):
    arguments = [rng.standard_normal(s).astype(np.float32) for s in ((5, 3, 3, 2), (5,), (5,), (5,))]
    found = []
    for engine in ("numpy", *ENGINES):
        with native.using(engine):
            found.append(fold_batch_norm(*arguments, **known32(5), eps=1e-5))
    for weight, bias in found[1:]:
        assert_array_equal(weight, found[0][0])
        assert_array_equal(bias, found[0][1])
