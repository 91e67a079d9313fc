"""im2col and col2im: windows as columns and back, each the other's adjoint."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError
from pellucid.ops import (
    col2im,
    col2im_backward,
    col2im_forward,
    col2im_shape,
    conv2d_forward,
    im2col,
    im2col_backward,
    im2col_forward,
    im2col_shape,
)
from tests.checks import OpLaws, case, refuse
from tests.oracles import col2im_loops, im2col_loops

WINDOWS = {
    "square": ((2, 3, 5, 5), {"kernel_size": 3}),
    "nothing is square": ((2, 3, 7, 6), {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 2)}),
    "stride drops rows and columns": ((2, 2, 8, 9), {"kernel_size": (2, 3), "stride": (3, 4)}),
    "dilated": ((2, 2, 7, 8), {"kernel_size": (2, 3), "dilation": (3, 2), "padding": 1}),
    "same": ((1, 2, 5, 4), {"kernel_size": (4, 3), "padding": "same"}),
    "zeros at one end": ((1, 1, 4, 3), {"kernel_size": 2, "padding": ((1, 0), (0, 2))}),
    "windows of zeros alone": ((1, 2, 2, 1), {"kernel_size": (1, 2), "padding": 3, "stride": 2}),
    "one channel, batch 1": ((1, 1, 4, 6), {"kernel_size": (2, 3), "stride": 2}),
    "many channels": ((2, 35, 3, 2), {"kernel_size": (2, 1)}),
    "one pixel": ((2, 3, 1, 1), {"kernel_size": 1}),
}
MISFITS = {
    "too large": refuse((1, 1, 3, 4), kernel_size=4, words="kernel 4x4 does not fit into the input 3x4"),
    "three axes": refuse((1, 3, 4), kernel_size=2, words="expected 4 axes"),
    "stride 0": refuse((1, 1, 3, 4), kernel_size=2, stride=0, error=ConfigError, words="im2col: stride is 0"),
}


class TestIm2col(OpLaws):
    forward, backward = staticmethod(im2col_forward), staticmethod(im2col_backward)
    shape, loops = staticmethod(im2col_shape), staticmethod(im2col_loops)
    eps, rtol = 1, 1e-12  # linear
    cases = {name: case(image, **options) for name, (image, options) in WINDOWS.items()}
    refused = MISFITS


class TestCol2im(OpLaws):
    forward, backward = staticmethod(col2im_forward), staticmethod(col2im_backward)
    shape, loops = staticmethod(col2im_shape), staticmethod(col2im_loops)
    eps, rtol = 1, 1e-12  # linear
    cases = {
        name: case(im2col_shape(image, **options), output_size=image[2:], **options)
        for name, (image, options) in WINDOWS.items()
    }
    refused = {
        "no whole windows": refuse((1, 7, 4), output_size=(3, 3), kernel_size=2, words="no whole number of windows"),
        "other windows": refuse((1, 4, 5), output_size=(3, 3), kernel_size=2, words="5 columns, an image 3x3 has 4"),
        "four axes": refuse((1, 4, 2, 2), output_size=(3, 3), kernel_size=2, words="expected 3 axes"),
        "no size": refuse((1, 4, 4), output_size=0, kernel_size=2, error=ConfigError, words="output_size is 0"),
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_convolution_is_a_product_with_the_columns(dtype, rng):
    x, weight = (rng.standard_normal(s).astype(dtype) for s in ((2, 3, 7, 6), (4, 3, 3, 2)))
    options = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}
    y, _ = conv2d_forward(x, weight, **options)
    product = weight.reshape(4, -1) @ im2col(x, (3, 2), **options)
    assert_allclose(product.reshape(y.shape), y, atol=1e-5 if dtype == np.float32 else 1e-13)


def test_back_and_forth_counts_the_windows_of_each_pixel(rng):
    x = rng.standard_normal((2, 3, 6, 5))
    options = {"stride": (2, 1), "padding": 1}
    counts = col2im(im2col(np.ones_like(x), 3, **options), (6, 5), 3, **options)
    assert_allclose(col2im(im2col(x, 3, **options), (6, 5), 3, **options), x * counts, rtol=1e-14)
    assert sorted(set(counts.ravel())) == [2, 3, 4, 6]
