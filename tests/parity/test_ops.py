"""Each op and its gradients equal PyTorch's, in float64 to 1e-9 of the largest entry."""

import numpy as np
import pytest

from pellucid import ops
from pellucid.nn import CrossEntropyLoss
from tests.checks import apart, close

BOUND = 1e-9


def torch_functions():
    import torch.nn.functional as f

    return f


THEIRS = {"hard_swish": "hardswish", "im2col": "unfold", "col2im": "fold"}  # where the names differ

CASES = {
    "conv2d": ("conv2d", [(2, 3, 9, 8), (5, 3, 3, 2), (5,)], {"stride": (2, 1), "padding": (1, 0)}, {}),
    "conv2d same": ("conv2d", [(2, 3, 6, 7), (4, 3, 3, 3), (4,)], {"padding": "same"}, {}),
    "conv2d without bias": ("conv2d", [(2, 1, 6, 7), (4, 1, 5, 3)], {"stride": 3}, {}),
    "conv2d dilated": (
        "conv2d",
        [(2, 3, 9, 8), (5, 3, 3, 2), (5,)],
        {"stride": (2, 1), "padding": (1, 2), "dilation": (2, 3)},
        {},
    ),
    "conv2d same, dilated": ("conv2d", [(2, 3, 6, 7), (4, 3, 3, 5)], {"padding": "same", "dilation": (2, 1)}, {}),
    "conv2d in groups": ("conv2d", [(2, 6, 9, 8), (4, 3, 3, 2), (4,)], {"groups": 2, "stride": 2, "dilation": 2}, {}),
    "conv2d depthwise": ("conv2d", [(2, 3, 9, 8), (3, 1, 3, 2), (3,)], {"groups": 3, "padding": 1}, {}),
    "conv2d depthwise, two outputs a channel": (
        "conv2d",
        [(2, 3, 9, 8), (6, 1, 3, 2), (6,)],
        {"groups": 3, "stride": (1, 2), "dilation": (2, 1)},
        {},
    ),
    "batch_norm of rows": ("batch_norm", [(5, 3), (3,), (3,)], {"eps": 1e-3}, {"training": True}),
    "batch_norm of sequences": ("batch_norm", [(5, 3, 4), (3,), (3,)], {}, {"training": True}),
    "batch_norm of images": ("batch_norm", [(2, 3, 4, 5), (3,), (3,)], {}, {"training": True}),
    "avg_pool2d": (
        "avg_pool2d",
        [(2, 3, 9, 8)],
        {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
        {},
    ),
    "avg_pool2d, zeros uncounted": (
        "avg_pool2d",
        [(2, 3, 9, 8)],
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
        {},
    ),
    "max_pool2d": (
        "max_pool2d",
        [(2, 3, 9, 8)],
        {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
        {},
    ),
    "adaptive_avg_pool2d": ("adaptive_avg_pool2d", [(2, 3, 9, 8)], {"output_size": (4, 3)}, {}),
    "adaptive_avg_pool2d, more bins than rows": ("adaptive_avg_pool2d", [(2, 3, 3, 8)], {"output_size": (5, None)}, {}),
    "adaptive_avg_pool2d, global": ("adaptive_avg_pool2d", [(2, 3, 7, 8)], {"output_size": 1}, {}),
    "adaptive_max_pool2d": ("adaptive_max_pool2d", [(2, 3, 9, 8)], {"output_size": (4, 3)}, {}),
    "adaptive_max_pool2d, more bins than rows": ("adaptive_max_pool2d", [(2, 3, 3, 8)], {"output_size": (5, 2)}, {}),
    "conv1d": ("conv1d", [(2, 3, 9), (5, 3, 3), (5,)], {"stride": 2, "padding": 1}, {}),
    "conv1d same, dilated": ("conv1d", [(2, 3, 9), (4, 3, 4), (4,)], {"padding": "same", "dilation": 2}, {}),
    "conv1d in groups": ("conv1d", [(2, 6, 9), (4, 3, 3)], {"groups": 2, "stride": 2, "dilation": 2}, {}),
    "max_pool1d": ("max_pool1d", [(2, 3, 9)], {"kernel_size": 3, "stride": 2, "padding": 1}, {}),
    "avg_pool1d": ("avg_pool1d", [(2, 3, 9)], {"kernel_size": 3, "stride": 2, "padding": 1}, {}),
    "avg_pool1d, zeros uncounted": (
        "avg_pool1d",
        [(2, 3, 9)],
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
        {},
    ),
    "linear": ("linear", [(4, 7), (3, 7), (3,)], {}, {}),
    "linear over time": ("linear", [(2, 5, 7), (3, 7), (3,)], {}, {}),
    "relu": ("relu", [(3, 4, 5)], {}, {}),
    "leaky_relu": ("leaky_relu", [(3, 4, 5)], {"negative_slope": 0.2}, {}),
    "sigmoid": ("sigmoid", [(3, 4, 5)], {}, {}),
    "tanh": ("tanh", [(3, 4, 5)], {}, {}),
    "elu": ("elu", [(3, 4, 5)], {"alpha": 0.7}, {}),
    "gelu": ("gelu", [(3, 4, 5)], {}, {}),
    "gelu by tanh": ("gelu", [(3, 4, 5)], {"approximate": "tanh"}, {}),
    "hard_swish": ("hard_swish", [(9, 4, 5)], {}, {}),
    "silu": ("silu", [(3, 4, 5)], {}, {}),
    "im2col": ("im2col", [(2, 3, 9, 8)], {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 2)}, {}),
    "im2col dilated": ("im2col", [(2, 3, 9, 8)], {"kernel_size": 3, "dilation": (2, 1)}, {}),
    "col2im": (
        "col2im",
        [(2, 18, 55)],
        {"output_size": (9, 8), "kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 2)},
        {},
    ),
    "softmax": ("softmax", [(3, 6)], {}, {"dim": -1}),
    "log_softmax": ("log_softmax", [(2, 3, 6)], {}, {"dim": -1}),
}


@pytest.mark.parametrize("name", CASES)
def test_op(name, rng):
    import torch

    op, shapes, options, only_torch = CASES[name]
    arrays = [apart(rng, s) for s in shapes]
    y, saved = getattr(ops, f"{op}_forward")(*arrays, **options)
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    statistics = (None, None) if op == "batch_norm" else ()  # none are kept
    expected = getattr(torch_functions(), THEIRS.get(op, op))(
        tensors[0], *statistics, *tensors[1:], **options, **only_torch
    )
    close(y, expected.detach().numpy(), BOUND)
    g = rng.standard_normal(y.shape)
    expected.backward(torch.tensor(g))
    grads = getattr(ops, f"{op}_backward")(g, saved)
    for grad, tensor in zip(grads if isinstance(grads, tuple) else (grads,), tensors, strict=False):
        close(grad, tensor.grad.numpy(), BOUND)


def test_ties_of_a_pool_go_the_same_way():
    import torch

    x = np.random.default_rng(0).integers(0, 3, (2, 2, 9, 9)).astype(float)
    options = {"kernel_size": 3, "stride": 2, "padding": 1}
    y, saved = ops.max_pool2d_forward(x, **options)
    tensor = torch.tensor(x, requires_grad=True)
    torch_functions().max_pool2d(tensor, **options).backward(torch.ones(y.shape, dtype=torch.float64))
    close(ops.max_pool2d_backward(np.ones_like(y), saved), tensor.grad.numpy(), BOUND)


def test_a_kink_has_the_same_slope():
    import torch

    for op, at, options in (
        ("relu", 0, {}),
        ("leaky_relu", 0, {"negative_slope": 0.2}),
        ("elu", 0, {"alpha": 0.5}),
        ("hard_swish", -3, {}),
        ("hard_swish", 3, {}),
    ):
        tensor = torch.full((3,), at, dtype=torch.float64, requires_grad=True)
        getattr(torch_functions(), THEIRS.get(op, op))(tensor, **options).sum().backward()
        _, saved = getattr(ops, f"{op}_forward")(np.full(3, at, np.float64), **options)
        assert getattr(ops, f"{op}_backward")(np.ones(3), saved).tolist() == tensor.grad.tolist()


SOFT = [{}, {"label_smoothing": 0.1}, {"weight": [0.5, 2.0, 0.0, 1.5]}]
SOFT.append({"label_smoothing": 0.3, "weight": [0.5, 2.0, 0.0, 1.5]})


@pytest.mark.parametrize("probabilities", [False, True])
@pytest.mark.parametrize("settings", SOFT)
def test_cross_entropy(probabilities, settings, rng):
    import torch

    logits, labels = rng.standard_normal((5, 4)), np.array([0, 3, 1, 1, 2])
    targets = rng.random((5, 4)) if probabilities else labels
    weight = {"weight": np.array(settings["weight"])} if "weight" in settings else {}
    y, saved = ops.cross_entropy_forward(logits, targets, **settings | weight)
    tensor, g = torch.tensor(logits, requires_grad=True), rng.standard_normal(5)
    weight = {name: torch.tensor(array) for name, array in weight.items()}
    expected = torch_functions().cross_entropy(tensor, torch.tensor(targets), reduction="none", **settings | weight)
    close(y, expected.detach().numpy(), BOUND)
    expected.backward(torch.tensor(g))
    close(ops.cross_entropy_backward(g, saved), tensor.grad.numpy(), BOUND)


@pytest.mark.parametrize("probabilities", [False, True])
@pytest.mark.parametrize("settings", SOFT)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_reduced_cross_entropy(reduction, probabilities, settings, rng):
    import torch

    logits, labels = rng.standard_normal((5, 4)), np.array([0, 3, 1, 1, 2])
    targets = rng.random((5, 4)) if probabilities else labels
    ours = CrossEntropyLoss(reduction, **settings)
    weight = {"weight": torch.tensor(settings["weight"], dtype=torch.float64)} if "weight" in settings else {}
    tensor = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.CrossEntropyLoss(reduction=reduction, **settings | weight)(tensor, torch.tensor(targets))
    assert ours(logits, targets) == pytest.approx(expected.item(), rel=BOUND)
    expected.backward()
    close(ours.backward(), tensor.grad.numpy(), BOUND)


@pytest.mark.parametrize(("kind", "shape"), [("Dropout1d", (4, 9, 5)), ("Dropout2d", (4, 9, 3, 2))])
def test_a_channel_is_left_out_in_the_same_way(kind, shape, rng):
    """Our product with PyTorch's mask is PyTorch's output, and its gradient."""
    import torch

    torch.manual_seed(0)
    x, g = torch.tensor(rng.standard_normal(shape), requires_grad=True), rng.standard_normal(shape)
    expected = getattr(torch.nn, kind)(0.3)(x)
    expected.backward(torch.tensor(g))
    mask = expected.detach().numpy().any(axis=tuple(range(2, len(shape))))
    assert 0 < mask.mean() < 1
    saved = mask, ops.dropout2d_forward(x.detach().numpy(), p=0.3, key=0)[1][1], shape
    close(ops.dropout2d_backward(x.detach().numpy(), saved), expected.detach().numpy(), BOUND)
    close(ops.dropout2d_backward(g, saved), x.grad.numpy(), BOUND)
