"""A convolution that was worked through by hand: a 4x4 image, two 3x3 filters, forward and back.

The reading that its numbers have: y is the cross-correlation, without padding and with stride 1,

    y[o,i,j] = sum_{u,v} weight[o,u,v] * x[i+u, j+v]

delta is dL/dy, and the gradient of x sums over both filters: grad_x[i+u, j+v] += sum_o delta[o,i,j] * weight[o,u,v].
"""

import numpy as np
import pytest

from pellucid.ops import conv2d_backward, conv2d_forward

X = np.arange(1.0, 17.0).reshape(1, 1, 4, 4)
FILTERS = np.array([[[0, 0, 0], [0, 1, 0], [0, -1, 0]], [[0, 0, 0], [0, -1, 1], [0, 0, 0]]], float)[:, None]
DELTA = np.array([[[-4, -4], [10, 11]], [[1, -7], [1, -11]]], float)[None]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_worked_example(dtype):
    y, saved = conv2d_forward(X.astype(dtype), FILTERS.astype(dtype))
    assert y.tolist() == [[[[-4, -4], [-4, -4]], [[1, 1], [1, 1]]]]
    grad_x, grad_weight, _ = conv2d_backward(DELTA.astype(dtype), saved)
    assert grad_x[0, 0].tolist() == [[0, 0, 0, 0], [0, -5, 4, -7], [0, 13, 27, -11], [0, -10, -11, 0]]
    # By hand: the first tap of the first filter saw 1, 2, 5, 6, so its gradient is -4 - 8 + 50 + 66.
    assert grad_weight[0, 0, 0, 0] == 104


def test_each_filter_alone_is_not_enough():
    parts = []
    for o in (0, 1):
        _, saved = conv2d_forward(X, FILTERS[o : o + 1])
        parts.append(conv2d_backward(DELTA[:, o : o + 1], saved)[0][0, 0])
    assert parts[0].tolist() == [[0, 0, 0, 0], [0, -4, -4, 0], [0, 14, 15, 0], [0, -10, -11, 0]]
    assert parts[1].tolist() == [[0, 0, 0, 0], [0, -1, 8, -7], [0, -1, 12, -11], [0, 0, 0, 0]]
