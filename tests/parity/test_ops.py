"""Each op and its gradients equal PyTorch's, in float64 to 1e-9 of the largest entry."""

import numpy as np
import pytest

from pellucid import ops
from tests.checks import apart, close

BOUND = 1e-9


def torch_functions():
    import torch.nn.functional as f

    return f


CASES = {
    "conv2d": ("conv2d", [(2, 3, 9, 8), (5, 3, 3, 2), (5,)], {"stride": (2, 1), "padding": (1, 0)}, {}),
    "conv2d same": ("conv2d", [(2, 3, 6, 7), (4, 3, 3, 3), (4,)], {"padding": "same"}, {}),
    "conv2d without bias": ("conv2d", [(2, 1, 6, 7), (4, 1, 5, 3)], {"stride": 3}, {}),
    "max_pool2d": (
        "max_pool2d",
        [(2, 3, 9, 8)],
        {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
        {},
    ),
    "linear": ("linear", [(4, 7), (3, 7), (3,)], {}, {}),
    "linear over time": ("linear", [(2, 5, 7), (3, 7), (3,)], {}, {}),
    "relu": ("relu", [(3, 4, 5)], {}, {}),
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
    expected = getattr(torch_functions(), op)(*tensors, **options, **only_torch)
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


@pytest.mark.parametrize("weights", [False, True])
def test_cross_entropy(weights, rng):
    import torch

    logits, labels = rng.standard_normal((5, 4)), np.array([0, 3, 1, 1, 2])
    targets = rng.random((5, 4)) if weights else labels
    y, saved = ops.cross_entropy_forward(logits, targets)
    tensor = torch.tensor(logits, requires_grad=True)
    expected = torch_functions().cross_entropy(tensor, torch.tensor(targets), reduction="none")
    close(y, expected.detach().numpy(), BOUND)
    expected.sum().backward()
    close(ops.cross_entropy_backward(np.ones(5), saved), tensor.grad.numpy(), BOUND)
