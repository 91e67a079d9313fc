"""Whole networks equal PyTorch's: same weights, same batch, five optimiser steps.  A new network is a row of `ROWS`."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import torch_nets
from benchmarks.nets import NETS, Net, ready
from pellucid import models
from pellucid.nn import CrossEntropyLoss
from tests.checks import close

ROWS = {
    **NETS,
    "B": replace(NETS["B"], optimizer="SGD", settings={"lr": 0.01}),  # Adam would blow up gradients that are truly zero
    "E, three frames": replace(NETS["E"], input_shape=(3, 1, 28, 28)),
    "lenet": Net("lenet", ready("lenet"), torch_nets.lenet, "SGD", {"lr": 0.05, "momentum": 0.9}),
    "lenet5 with Adam": Net("lenet5", ready("lenet5"), torch_nets.lenet5, "Adam", {"lr": 1e-3}),
    "row-lstm": Net("row-lstm", ready("row-lstm"), torch_nets.row_lstm, "SGD", {"lr": 0.05}, (28, 28)),
    "best-mnist": Net("best-mnist", ready("best-mnist"), torch_nets.best_mnist, "SGD", {"lr": 0.01}),
}


LOOSE = {ROWS["B"].about: 1e-3}
"""Where a few samples are normalised by their own mean, rounding decides which of two near values is the larger: after
five steps PyTorch's own losses in float32 and float64 were 3e-4 apart."""


@pytest.mark.parametrize("name", models.MODELS)
def test_every_ready_network_has_a_row(name):
    made = repr(models.find(name).make())
    assert made in [repr(net.ours()) for net in ROWS.values()], f"{name} needs a row, and a twin in torch_nets.py"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("net", ROWS.values(), ids=ROWS)
def test_a_whole_network(net, dtype, rng):
    """Logits, loss, all gradients, and the weights after each of five steps.  No dropout: the masks differ."""
    import torch

    model = net.ours().build(net.input_shape, seed=2, dtype=dtype)
    twin = net.theirs().to(torch.float64)
    for module in (*(module for _, module in model.named_modules()), *twin.modules()):
        if "Dropout" in type(module).__name__:
            module.p = 0.0
    ours, tensors = [p for _, p in model.named_parameters()], list(twin.parameters())
    for parameter, tensor in zip(ours, tensors, strict=True):
        tensor.data = torch.tensor(parameter.data.astype(np.float64))
    optimizer, torch_optimizer = net.our_optimizer(model), net.their_optimizer(twin)
    loss, torch_loss = CrossEntropyLoss(), torch.nn.CrossEntropyLoss()
    exact = dtype == np.float64
    for step in range(5):
        x, labels = rng.standard_normal((6, *net.input_shape)), rng.integers(0, 10, 6)
        logits = model(x.astype(dtype))
        value = loss(logits, labels)
        optimizer.zero_grad()
        model.backward(loss.backward())
        torch_logits = twin(torch.tensor(x))
        expected = torch_loss(torch_logits, torch.tensor(labels))
        torch_optimizer.zero_grad()
        expected.backward()
        assert value == pytest.approx(expected.item(), rel=1e-9 if exact else LOOSE.get(net.about, 1e-4))
        if exact or step == 0:
            close(logits, torch_logits.detach().numpy(), 1e-9 if exact else 2e-5)
            for parameter, tensor in zip(ours, tensors, strict=True):
                same(parameter.grad, tensor.grad.numpy(), exact)
        optimizer.step()
        torch_optimizer.step()
        if exact:
            for parameter, tensor in zip(ours, tensors, strict=True):
                same(parameter.data, tensor.detach().numpy(), exact)


def same(ours, theirs, exact):
    """Equal relative to the largest entry; that of a bias before a batch-norm is zero but for rounding."""
    if np.abs(theirs).max() < 1e-14:
        assert np.abs(ours).max() < (1e-14 if exact else 1e-6)
    else:
        close(ours, theirs, 1e-9 if exact else 2e-5)
