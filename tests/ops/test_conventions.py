"""The conventions, each by its name: where mathematics leaves a choice, this is the one that was made."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, ShapeError, ops
from tests.checks import frozen


def test_relu_has_slope_0_at_0():
    _, saved = ops.relu_forward(np.array([-1.0, 0.0, 2.0]))
    assert ops.relu_backward(np.ones(3), saved).tolist() == [0, 0, 1]


def test_leaky_relu_has_its_negative_slope_at_0():
    _, saved = ops.leaky_relu_forward(np.array([-1.0, 0.0, 2.0]), negative_slope=0.25)
    assert ops.leaky_relu_backward(np.ones(3), saved).tolist() == [0.25, 0.25, 1]


def test_elu_has_slope_alpha_at_0():
    _, saved = ops.elu_forward(np.array([0.0, 2.0]), alpha=0.25)
    assert ops.elu_backward(np.ones(2), saved).tolist() == [0.25, 1]


def test_hard_swish_has_the_outer_slopes_at_its_kinks():
    _, saved = ops.hard_swish_forward(np.array([-3.0, 0.0, 3.0]))
    assert ops.hard_swish_backward(np.ones(3), saved).tolist() == [0, 0.5, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_first_of_equal_maxima_gets_the_gradient(stride, dtype):
    y, saved = ops.max_pool2d_forward(np.ones((1, 1, 3, 3), dtype), kernel_size=2, stride=stride)
    grad_x = ops.max_pool2d_backward(np.ones_like(y), saved)
    expected = np.zeros((3, 3))
    expected[: 2 if stride == 1 else 1, : 2 if stride == 1 else 1] = 1
    assert grad_x[0, 0].tolist() == expected.tolist()


@pytest.mark.parametrize(("dilation", "expected"), [(1, [3, 5, 7, 4]), (3, [0 + 3, 1 + 4, 2 + 0, 3 + 0])])
def test_even_same_kernels_pad_the_end(dilation, expected):
    """Of dilation * (K - 1) zeros the larger half lies at the end: none and 1, 1 and 2."""
    x, ones = np.array([1.0, 2, 3, 4]), np.ones(2)
    for along in ((1, 1, 1, -1), (1, 1, -1, 1)):
        y, _ = ops.conv2d_forward(x.reshape(along), ones.reshape(along), padding="same", dilation=dilation)
        assert y.ravel().tolist() == expected


@pytest.mark.parametrize("stride", [2, (1, 2), (2, 1)])
def test_same_with_a_stride_is_refused(stride):
    with pytest.raises(ConfigError, match="'same' needs stride 1"):
        ops.conv2d_forward(np.zeros((1, 1, 4, 4)), np.zeros((1, 1, 3, 3)), stride=stride, padding="same")


def test_flatten_goes_in_the_order_c_h_w():
    N, C, H, W = 2, 3, 4, 5
    x = np.random.default_rng(0).standard_normal((N, C, H, W))
    y, _ = ops.flatten_forward(x)
    for n, c, h, w in np.ndindex(x.shape):
        assert y[n, (c * H + h) * W + w] == x[n, c, h, w]


def test_label_smoothing_is_over_all_classes_the_own_one_too():
    """The label keeps 1 - s + s/K, each other class gets s/K."""
    logits = np.array([[1.0, -2.0, 0.5, 0.0]])
    smooth, _ = ops.cross_entropy_forward(logits, np.array([1]), label_smoothing=0.4)
    explicit, _ = ops.cross_entropy_forward(logits, np.array([[0.1, 0.7, 0.1, 0.1]]))
    assert_allclose(smooth, explicit, rtol=1e-14)


MISFITS = {
    "a bias of one number": lambda: ops.conv2d_forward(np.ones((1, 2, 3, 3)), np.ones((4, 2, 1, 1)), np.ones(1)),
    "a bias of a linear": lambda: ops.linear_forward(np.ones((2, 3)), np.ones((4, 3)), np.ones(1)),
    "a channel for all": lambda: ops.conv2d_forward(np.ones((1, 1, 3, 3)), np.ones((4, 2, 1, 1))),
    "a scale for all channels": lambda: ops.batch_norm_forward(np.ones((4, 2)), np.ones(1), np.ones(1)),
    "a target for all": lambda: ops.cross_entropy_forward(np.ones((2, 3)), np.ones((1, 3))),
    "a weight for all classes": lambda: ops.cross_entropy_forward(np.ones((2, 3)), np.array([0, 1]), weight=np.ones(1)),
    "a gradient for all": lambda: ops.relu_backward(np.ones(1), ops.relu_forward(np.ones(3))[1]),
}


@pytest.mark.parametrize("misfit", MISFITS.values(), ids=MISFITS.keys())
def test_shapes_that_do_not_fit_are_refused_never_broadcast(misfit):
    with pytest.raises(ShapeError):
        misfit()


CALLS = {
    "batch_norm": ([(2, 3, 5, 4), (3,), (3,)], {}),
    "batch_norm_relu": ([(2, 3, 5, 4), (3,), (3,)], {}),
    "add": ([(2, 3), (2, 3)], {}),
    "multiply": ([(2, 3), (2, 3)], {}),
    "concatenate": ([(2, 3, 4), (2, 2, 4)], {}),
    "reshape": ([(2, 3, 4)], {"shape": (2, 6)}),
    "permute": ([(2, 3, 4)], {"axes": (2, 1)}),
    "conv1d": ([(2, 2, 5), (4, 1, 3), (4,)], {"padding": 1, "groups": 2}),
    "max_pool1d": ([(2, 2, 5)], {"kernel_size": 3, "stride": 1, "padding": 1}),
    "avg_pool1d": ([(2, 2, 5)], {"kernel_size": 3, "stride": 1, "padding": 1}),
    "conv2d": ([(2, 2, 5, 4), (4, 1, 3, 2), (4,)], {"padding": 1, "dilation": (1, 2), "groups": 2}),
    "max_pool2d": ([(2, 2, 5, 4)], {"kernel_size": 3, "stride": 1, "padding": 1}),
    "avg_pool2d": ([(2, 2, 5, 4)], {"kernel_size": 3, "stride": 1, "padding": 1}),
    "adaptive_avg_pool2d": ([(2, 2, 5, 4)], {"output_size": (3, 2)}),
    "adaptive_max_pool2d": ([(2, 2, 5, 4)], {"output_size": (3, 2)}),
    "conv2d_batch_norm_relu": ([(2, 2, 5, 4), (4, 2, 3, 2), (4,), (4,), (4,)], {"padding": 1}),
    "conv2d_batch_norm_relu_max_pool2d": (
        [(2, 2, 5, 4), (4, 2, 3, 2), (4,), (4,), (4,)],
        {"padding": 1, "kernel_size": 2},
    ),
    "conv2d_relu": ([(2, 2, 5, 4), (4, 2, 3, 2), (4,)], {"padding": 1}),
    "conv2d_relu_max_pool2d": ([(2, 2, 5, 4), (4, 2, 3, 2), (4,)], {"padding": 1, "kernel_size": 2}),
    "conv2d_relu_avg_pool2d": ([(2, 2, 5, 4), (4, 2, 3, 2), (4,)], {"padding": 1, "kernel_size": 2}),
    "linear": ([(2, 3), (4, 3), (4,)], {}),
    "linear_relu": ([(2, 3), (4, 3), (4,)], {}),
    "lstm": ([(2, 3, 4), (20, 4), (20, 5), (20,), (20,), (2, 5), (2, 5)], {"mask": frozen(np.tri(2, 3) > 0)}),
    "gru": ([(2, 3, 4), (15, 4), (15, 5), (15,), (15,), (2, 5)], {"mask": frozen(np.tri(2, 3) > 0)}),
    "relu": ([(2, 3)], {}),
    "leaky_relu": ([(2, 3)], {}),
    "sigmoid": ([(2, 3)], {}),
    "tanh": ([(2, 3)], {}),
    "elu": ([(2, 3)], {}),
    "gelu": ([(2, 3)], {}),
    "hard_swish": ([(2, 3)], {}),
    "silu": ([(2, 3)], {}),
    "softmax": ([(2, 3)], {}),
    "log_softmax": ([(2, 3)], {}),
    "dropout": ([(2, 3)], {"p": 0.5, "key": 1}),
    "dropout2d": ([(2, 3, 4, 5)], {"p": 0.5, "key": 1}),
    "flatten": ([(2, 3, 4, 5)], {}),
    "im2col": ([(2, 2, 5, 4)], {"kernel_size": (3, 2), "padding": 1}),
    "col2im": ([(2, 12, 25)], {"output_size": (5, 4), "kernel_size": (3, 2), "padding": 1}),
    "layer_norm": ([(2, 3, 4), (4,), (4,)], {"normalized_shape": 4}),
    "group_norm": ([(2, 4, 3, 2), (4,), (4,)], {"num_groups": 2}),
    "mse": ([(2, 3)], {"targets": frozen(np.ones((2, 3)))}),
    "huber": ([(2, 3)], {"targets": frozen(np.ones((2, 3)))}),
    "bce_with_logits": ([(2, 3)], {"targets": frozen(np.ones((2, 3))), "pos_weight": frozen(np.ones(3))}),
    "cross_entropy": (
        [(2, 3)],
        {"targets": frozen(np.full((2, 3), 1 / 3)), "label_smoothing": 0.1, "weight": frozen(np.ones(3))},
    ),
}


def test_every_op_has_a_call_here():
    assert sorted(CALLS) == sorted(name.removesuffix("_forward") for name in ops.__all__ if name.endswith("_forward"))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CALLS)
def test_inputs_are_never_written_to(name, dtype, rng):
    """Neither by forward, nor what it saved by backward, nor the gradient that backward is given."""
    shapes, options = CALLS[name]
    floats = {k: frozen(v.astype(dtype)) for k, v in options.items() if getattr(v, "dtype", None) == np.float64}
    options = options | floats
    arrays = [frozen(rng.standard_normal(s).astype(dtype)) for s in shapes]
    before = [a.tobytes() for a in arrays]
    y, saved = getattr(ops, f"{name}_forward")(*arrays, **options)
    outputs = y if isinstance(y, tuple) else (y,)
    result = [frozen(part).tobytes() for part in outputs]
    g = tuple(frozen(rng.standard_normal(part.shape).astype(dtype)) for part in outputs)
    getattr(ops, f"{name}_backward")(g if isinstance(y, tuple) else g[0], saved)
    assert (before, result) == ([a.tobytes() for a in arrays], [part.tobytes() for part in outputs])
