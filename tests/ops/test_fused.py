"""Fused neighbours: the laws, with the loops of the compositions."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import ConfigError, native
from pellucid.ops import (
    conv2d_relu_avg_pool2d_backward,
    conv2d_relu_avg_pool2d_forward,
    conv2d_relu_avg_pool2d_shape,
    conv2d_relu_backward,
    conv2d_relu_forward,
    conv2d_relu_max_pool2d_backward,
    conv2d_relu_max_pool2d_forward,
    conv2d_relu_max_pool2d_shape,
    conv2d_relu_shape,
    linear_relu_backward,
    linear_relu_forward,
    linear_relu_shape,
)
from tests.checks import ENGINES, OpLaws, case, refuse
from tests.oracles import avg_pool2d_loops, conv2d_loops, linear_loops, max_pool2d_loops


class TestLinearReLU(OpLaws):
    forward, backward, shape = map(staticmethod, (linear_relu_forward, linear_relu_backward, linear_relu_shape))
    loops = staticmethod(lambda x, weight, bias=None: np.maximum(linear_loops(x, weight, bias), 0))
    cases = {
        "with bias": case((4, 5), (3, 5), (3,)),
        "no bias": case((2, 7), (5, 7)),
        "batch 1": case((1, 40), (37, 40), (37,)),
        "several panels": case((17, 300), (70, 300), (70,)),
        "three axes": case((2, 3, 5), (4, 5), (4,)),
        "four axes, no images": case((2, 3, 4, 5), (6, 5), (6,)),
    }
    refused = {"features": refuse((2, 3), (4, 5), words="x has 3 features but weight expects 5")}

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape, arrays[1].shape)


class TwoShapes:
    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape, arrays[1].shape, **options)


CONVS = {
    "nothing is square": ((2, 3, 7, 10), (4, 3, 2, 3), (4,), {"stride": (1, 2), "padding": (1, 2)}),
    "stride drops rows": ((2, 2, 11, 10), (3, 2, 3, 3), (3,), {"stride": 2}),
    "batch 1": ((1, 5, 6, 7), (3, 5, 3, 2), (3,), {}),
    "one channel": ((3, 1, 7, 8), (2, 1, 3, 3), (2,), {}),
    "one channel, many outputs": ((3, 1, 8, 10), (20, 1, 3, 3), (20,), {"padding": "same"}),
    "few outputs, wide rows": ((2, 3, 8, 21), (5, 3, 3, 5), (5,), {"padding": (1, 2)}),
    "few outputs, dilated": ((2, 2, 12, 19), (7, 2, 2, 3), (7,), {"dilation": 2, "stride": (2, 1)}),
    "few channels, 5x5": ((2, 6, 10, 9), (16, 6, 5, 5), (16,), {}),
    "whole vectors": ((2, 16, 8, 7), (32, 16, 3, 3), (32,), {}),
    "many kernel rows": ((1, 2, 12, 9), (3, 2, 7, 3), (3,), {"padding": 3}),
    "wide kernel rows": ((1, 40, 5, 9), (5, 40, 2, 6), (5,), {}),
    "no bias": ((2, 3, 6, 5), (2, 3, 3, 2), None, {}),
    "dilated": ((2, 2, 9, 11), (3, 2, 2, 3), (3,), {"dilation": (3, 2)}),
    "dilated rows": ((2, 4, 9, 8), (3, 4, 2, 3), (3,), {"dilation": (2, 1)}),
    "groups": ((2, 4, 7, 6), (6, 2, 3, 2), (6,), {"groups": 2}),
    "depthwise": ((2, 3, 7, 10), (3, 1, 2, 3), (3,), {"stride": (1, 2), "padding": (1, 2), "groups": 3}),
    "depthwise, dilated": ((2, 17, 11, 9), (17, 1, 3, 2), (17,), {"dilation": (2, 3), "stride": 2, "groups": 17}),
    "more samples than shards": ((19, 2, 6, 5), (3, 2, 3, 2), (3,), {}),
    "each side its own": ((2, 2, 5, 4), (3, 2, 3, 2), (3,), {"padding": ((0, 2), (3, 1))}),
    "more padding than the kernel reaches": ((2, 2, 4, 5), (20, 2, 1, 3), (20,), {"padding": ((0, 3), (2, 4))}),
}


def convs(**more):
    return {
        name: case(*(s for s in (x, weight, bias) if s), **options, **more)
        for name, (x, weight, bias, options) in CONVS.items()
    }


class TestConv2dReLU(TwoShapes, OpLaws):
    forward, backward, shape = map(staticmethod, (conv2d_relu_forward, conv2d_relu_backward, conv2d_relu_shape))
    loops = staticmethod(lambda *arrays, **options: np.maximum(conv2d_loops(*arrays, **options), 0))
    cases = convs()
    refused = {"channels": refuse((1, 3, 8, 8), (2, 4, 3, 3), words="x has 3 channels but weight expects 4")}


def pooled(pool):
    def loops(*arrays, kernel_size, **options):
        return pool(np.maximum(conv2d_loops(*arrays, **options), 0), kernel_size=kernel_size)

    return staticmethod(loops)


class TestConv2dReLUMaxPool2d(TwoShapes, OpLaws):
    forward, backward, shape = map(
        staticmethod,
        (conv2d_relu_max_pool2d_forward, conv2d_relu_max_pool2d_backward, conv2d_relu_max_pool2d_shape),
    )
    loops = pooled(max_pool2d_loops)
    cases = convs(kernel_size=2) | {
        "windows of 2x3": case((2, 3, 8, 9), (4, 3, 3, 2), (4,), kernel_size=(2, 3)),
        "windows of one": case((2, 3, 4, 5), (4, 3, 3, 2), (4,), kernel_size=1),
    }
    refused = {
        "channels": refuse((1, 3, 8, 8), (2, 4, 3, 3), kernel_size=2, words="x has 3 channels but weight expects 4"),
        "window": refuse(
            (1, 1, 20, 20), (1, 1, 1, 1), kernel_size=16, error=ConfigError, words="at most 255 taps, 16x16 are more"
        ),
    }


class TestConv2dReLUAvgPool2d(TwoShapes, OpLaws):
    forward, backward, shape = map(
        staticmethod,
        (conv2d_relu_avg_pool2d_forward, conv2d_relu_avg_pool2d_backward, conv2d_relu_avg_pool2d_shape),
    )
    loops = pooled(avg_pool2d_loops)
    cases = convs(kernel_size=2) | {"windows of 2x3": case((2, 3, 8, 9), (4, 3, 3, 2), (4,), kernel_size=(2, 3))}
    refused = {
        "window": refuse(
            (1, 1, 9, 9), (1, 1, 1, 1), kernel_size=3, error=ConfigError, words="at most 8 taps, 3x3 are more"
        ),
    }


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_sizes_of_nothing(engine):
    """No outputs, no channels, no samples: empty arrays and zeros, no crash."""
    with native.using(engine):
        y, _ = linear_relu_forward(np.zeros((20, 3), np.float32), np.zeros((0, 3), np.float32))
        assert y.shape == (20, 0)
        y, _ = conv2d_relu_max_pool2d_forward(
            np.zeros((2, 3, 10, 10), np.float32), np.zeros((0, 3, 3, 3), np.float32), kernel_size=2
        )
        assert y.shape == (2, 0, 4, 4)
        y, saved = conv2d_relu_max_pool2d_forward(
            np.ones((2, 0, 10, 10), np.float32), np.zeros((3, 0, 3, 3), np.float32), np.ones(3, np.float32),
            kernel_size=2,
        )  # fmt: skip
        assert (y == 1).all()
        _, _, grad_bias = conv2d_relu_max_pool2d_backward(np.ones_like(y), saved)
        assert_array_equal(grad_bias, [32, 32, 32])


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_nan_is_not_swallowed_by_relu_or_pooling(engine):
    x, weight = np.ones((1, 1, 4, 20), np.float32), np.ones((1, 1, 1, 1), np.float32)
    x[0, 0, 1, 3] = np.nan  # the last of its window
    with native.using(engine):
        for y in (
            conv2d_relu_forward(x, weight)[0],
            conv2d_relu_forward(x[..., :4], weight)[0],
            conv2d_relu_max_pool2d_forward(x[..., :4], weight, kernel_size=2)[0],
            conv2d_relu_max_pool2d_forward(x, weight, kernel_size=2)[0],
            conv2d_relu_avg_pool2d_forward(x, weight, kernel_size=2)[0],
        ):
            assert np.isnan(y).sum() == 1


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_nan_stays_in_its_channel(engine):
    x, weight = np.ones((1, 3, 4, 20), np.float32), np.ones((3, 1, 1, 1), np.float32)
    x[0, 1, 1, 3] = np.nan
    with native.using(engine):
        for y in (
            conv2d_relu_forward(x, weight, groups=3)[0],
            conv2d_relu_max_pool2d_forward(x, weight, groups=3, kernel_size=2)[0],
            conv2d_relu_avg_pool2d_forward(x, weight, groups=3, kernel_size=2)[0],
        ):
            assert np.isnan(y).sum(axis=(0, 2, 3)).tolist() == [0, 1, 0]
