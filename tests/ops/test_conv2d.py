"""conv2d: the loops prove the NumPy reference."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.ops import _im2col, conv2d_backward, conv2d_forward, conv2d_shape
from tests.checks import OpLaws, case, refuse
from tests.oracles import conv2d_loops


class TestConv2d(OpLaws):
    forward, backward, shape = map(staticmethod, (conv2d_forward, conv2d_backward, conv2d_shape))
    loops = staticmethod(conv2d_loops)
    eps, rtol = 1.0, 1e-12  # bilinear, and the bias adds: the central difference is exact
    cases = {
        "1x1 kernel": case((2, 3, 4, 5), (4, 3, 1, 1), (4,)),
        "3x3, same size": case((2, 3, 5, 6), (4, 3, 3, 3), (4,), padding=1),
        "stride drops rows": case((2, 2, 8, 7), (3, 2, 3, 3), (3,), stride=2),
        "nothing is square": case((2, 3, 6, 9), (2, 3, 2, 3), (2,), stride=(1, 2), padding=(1, 2)),
        "one output pixel": case((2, 2, 3, 4), (2, 2, 3, 4), (2,)),
        "batch 1": case((1, 5, 6, 5), (3, 5, 3, 2), (3,)),
        "one channel": case((3, 1, 6, 7), (2, 1, 3, 3), (2,)),
        "many channels": case((2, 6, 4, 5), (7, 6, 2, 2), (7,)),
        "no bias": case((2, 3, 5, 4), (2, 3, 3, 2)),
        "same, odd": case((2, 2, 5, 6), (3, 2, 3, 5), (3,), padding="same"),
        "same, even pads the end": case((2, 2, 5, 6), (3, 2, 4, 2), (3,), padding="same"),
        "valid": case((2, 2, 5, 6), (3, 2, 4, 2), (3,), padding="valid"),
        "each side its own": case((2, 2, 4, 3), (3, 2, 3, 2), (3,), padding=((0, 2), (3, 1))),
        "stride beyond the kernel": case((2, 2, 9, 8), (3, 2, 2, 1), (3,), stride=(3, 4)),
        "dilated": case((2, 2, 7, 9), (3, 2, 2, 3), (3,), dilation=2),
        "dilated, nothing is square": case(
            (2, 3, 9, 8), (2, 3, 2, 3), (2,), stride=(1, 2), padding=(2, 1), dilation=(3, 2)
        ),
        "dilated, stride drops rows": case((1, 2, 8, 8), (3, 2, 3, 2), (3,), stride=2, dilation=2),
        "same, dilated, an odd number of zeros": case(
            (2, 2, 5, 6), (3, 2, 2, 4), (3,), padding="same", dilation=(3, 1)
        ),
        "two groups": case((2, 4, 5, 6), (6, 2, 3, 2), (6,), groups=2),
        "groups, dilated, stride drops rows": case(
            (2, 6, 8, 9), (3, 2, 2, 3), (3,), stride=(2, 1), padding=((1, 0), (0, 2)), dilation=(1, 2), groups=3
        ),
        "groups of many channels": case((1, 10, 4, 3), (4, 5, 2, 2), groups=2),
        "depthwise": case((2, 3, 5, 6), (3, 1, 3, 2), (3,), padding="same", groups=3),
        "depthwise, two outputs a channel": case((2, 3, 7, 6), (6, 1, 2, 3), (6,), stride=(2, 1), dilation=2, groups=3),
        "depthwise, nothing is square": case(
            (2, 17, 6, 9), (17, 1, 2, 3), (17,), stride=(1, 2), padding=(1, 2), groups=17
        ),
        "depthwise, dilated, stride drops rows": case(
            (1, 33, 9, 8), (33, 1, 3, 2), (33,), stride=2, padding=((1, 0), (2, 1)), dilation=(1, 3), groups=33
        ),
        "depthwise, no padding": case((2, 64, 5, 6), (64, 1, 3, 3), (64,), groups=64),
        "depthwise, wide kernel rows": case((2, 3, 6, 14), (3, 1, 5, 9), (3,), padding=(1, 4), groups=3),
        "depthwise, stride beyond the kernel": case((2, 3, 9, 8), (3, 1, 2, 1), (3,), stride=(3, 4), groups=3),
        "depthwise, more padding than the kernel reaches": case(
            (2, 5, 4, 5), (5, 1, 1, 3), (5,), padding=((0, 3), (4, 2)), groups=5
        ),
        "depthwise, more samples than shards": case((19, 3, 4, 5), (3, 1, 3, 2), (3,), padding=1, groups=3),
        "depthwise, no bias, no samples": case((0, 2, 5, 5), (2, 1, 3, 3), groups=2),
        "no samples": case((0, 2, 5, 5), (3, 2, 3, 3), (3,)),
    }
    refused = {
        "channels": refuse((1, 3, 8, 8), (2, 4, 3, 3), words="x has 3 channels but weight expects 4"),
        "kernel too large": refuse((1, 1, 3, 8), (1, 1, 5, 5), words="kernel 5x5 does not fit into the input 3x8"),
        "padded": refuse((1, 1, 1, 8), (1, 1, 5, 5), padding=1, words="into the padded input 3x10"),
        "three axes": refuse((1, 3, 8), (2, 3, 3, 3), words=r"expected 4 axes \(N, C, H, W\), got shape \(1, 3, 8\)"),
        "bias is not broadcast": refuse((1, 1, 4, 4), (2, 1, 3, 3), (1,), words="bias has shape"),
        "stride 0": refuse((1, 1, 4, 4), (2, 1, 3, 3), stride=0, error=ConfigError, words="at least 1"),
        "negative padding": refuse((1, 1, 4, 4), (2, 1, 3, 3), padding=-1, error=ConfigError, words="at least 0"),
        "a word": refuse((1, 1, 4, 4), (2, 1, 3, 3), padding="full", error=ConfigError, words="'same', 'valid'"),
        "three numbers": refuse((1, 1, 4, 4), (2, 1, 3, 3), stride=(1, 2, 3), error=ConfigError, words="pair"),
        "dilated beyond the image": refuse(
            (1, 1, 4, 8), (1, 1, 3, 3), dilation=2, words="kernel 3x3, dilated to 5x5, does not fit into the input 4x8"
        ),
        "dilation 0": refuse(
            (1, 1, 4, 4), (2, 1, 3, 3), dilation=0, error=ConfigError, words="dilation is 0, at least"
        ),
        "no groups": refuse((1, 1, 4, 4), (2, 1, 3, 3), groups=0, error=ConfigError, words="groups is 0, at least 1"),
        "half a group": refuse((1, 2, 4, 4), (2, 1, 3, 3), groups=1.5, error=ConfigError, words="a whole number"),
        "groups of channels": refuse(
            (1, 5, 4, 4), (2, 2, 3, 3), groups=2, words="5 channels in and 2 out do not divide"
        ),
        "groups of outputs": refuse((1, 4, 4, 4), (3, 2, 3, 3), groups=2, words="4 channels in and 3 out .* 2 groups"),
        "channels of a group": refuse(
            (1, 4, 4, 4), (2, 4, 3, 3), groups=2, words="x has 2 channels in each of 2 groups but weight expects 4"
        ),
        "same with stride": refuse(
            (1, 1, 4, 4),
            (2, 1, 3, 3),
            stride=2,
            padding="same",
            error=ConfigError,
            words="'same' needs stride 1",
        ),
    }

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape, arrays[1].shape, **options)

    def gradients(self, grad_y, saved):
        return tuple(g for g in super().gradients(grad_y, saved) if g is not None)


def test_first_layer_may_skip_grad_x(rng):
    y, saved = conv2d_forward(rng.standard_normal((2, 3, 5, 5)), rng.standard_normal((4, 3, 3, 3)))
    grad_x, grad_weight, grad_bias = conv2d_backward(y, saved, needs_input_grad=False)
    assert grad_x is None
    assert grad_bias is None
    assert_allclose(grad_weight, conv2d_backward(y, saved)[1])


@pytest.mark.parametrize("groups", [1, 2])
def test_a_large_batch_goes_in_blocks(groups, rng, monkeypatch):
    """Memory stays bounded: one im2col matrix holds a few samples, and the sums go on over the blocks."""
    x, weight, bias = (rng.standard_normal(s) for s in ((7, 4, 6, 5), (6, 4 // groups, 3, 3), (6,)))
    y, saved = conv2d_forward(x, weight, bias, groups=groups)
    g = rng.standard_normal(y.shape)
    whole = conv2d_backward(g, saved)
    one_sample = 4 * 3 * 3 * 3 * 4
    monkeypatch.setattr(_im2col, "_BLOCK", 2 * one_sample)  # blocks of 2, 2, 2 and 1
    assert [some.stop - some.start for some, _ in columns(x, groups)] == [2, 2, 2, 2]
    y_again, saved = conv2d_forward(x, weight, bias, groups=groups)
    assert_allclose(y_again, y, rtol=1e-12)
    for part, expected in zip(conv2d_backward(g, saved), whole, strict=True):
        assert_allclose(part, expected, rtol=1e-12, atol=1e-12)


def columns(x, groups):
    return _im2col.columns_of(_im2col.windows_of(x, (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1)), groups)


def test_a_worked_example():
    """x = 1..16; one filter subtracts the pixel below, the other the pixel itself from its right neighbour."""
    x = np.arange(1.0, 17).reshape(1, 1, 4, 4)
    below = [[0, 0, 0], [0, 1, 0], [0, -1, 0]]
    right = [[0, 0, 0], [0, -1, 1], [0, 0, 0]]
    y, saved = conv2d_forward(x, np.array([[below], [right]], float))
    assert y[0].tolist() == [[[-4, -4], [-4, -4]], [[1, 1], [1, 1]]]
    grad_x, _, _ = conv2d_backward(np.array([[[[-4.0, -4], [10, 11]], [[1, -7], [1, -11]]]]), saved)
    assert grad_x[0, 0].tolist() == [[0, 0, 0, 0], [0, -5, 4, -7], [0, 13, 27, -11], [0, -10, -11, 0]]


@pytest.mark.parametrize("groups", [2, 4])
def test_groups_are_convolutions_side_by_side(groups, rng):
    x, weight = rng.standard_normal((2, 4, 6, 5)), rng.standard_normal((8, 4 // groups, 3, 2))
    y, saved = conv2d_forward(x, weight, groups=groups)
    g = rng.standard_normal(y.shape)
    parts = zip(*(np.split(a, groups, axis) for a, axis in ((x, 1), (weight, 0), (y, 1), (g, 1))), strict=True)
    alone = []
    for x_part, weight_part, y_part, g_part in parts:
        expected, its = conv2d_forward(x_part, weight_part)
        assert_allclose(y_part, expected, rtol=1e-12, atol=1e-12)
        alone.append(conv2d_backward(g_part, its))
    grad_x, grad_weight, _ = conv2d_backward(g, saved)
    assert_allclose(grad_x, np.concatenate([part[0] for part in alone], axis=1), rtol=1e-12, atol=1e-12)
    assert_allclose(grad_weight, np.concatenate([part[1] for part in alone]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("padding", ["same", "valid", 2, (1, 2), ((1, 0), (2, 3))])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_output_is_channels_last_in_memory(padding, groups, rng):
    weight = rng.standard_normal((4, 4 // groups, 3, 3))
    y, _ = conv2d_forward(rng.standard_normal((2, 4, 6, 5)), weight, padding=padding, groups=groups)
    assert y.transpose(0, 2, 3, 1).flags.c_contiguous
