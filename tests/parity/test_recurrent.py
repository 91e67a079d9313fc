"""Recurrent ops and layers equal PyTorch's layers, in float64 to 1e-9 of the largest entry."""

import numpy as np
import pytest

from pellucid import nn, ops
from tests.checks import close

BOUND = 1e-9
KINDS = {"lstm": ("LSTM", 2), "gru": ("GRU", 1)}  # how many states


@pytest.mark.parametrize("op", KINDS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("given", [True, False])
def test_one_layer(op, bias, given, rng):
    """With and without biases and first states: outputs and all gradients."""
    import torch

    name, states = KINDS[op]
    N, T, I, H = 3, 5, 4, 6
    layer = getattr(torch.nn, name)(I, H, bias=bias, batch_first=True, dtype=torch.float64)
    weights = [p.detach().numpy() for p in layer.parameters()]
    x = rng.standard_normal((N, T, I))
    first = [rng.standard_normal((N, H)) for _ in range(states * given)]
    optional = [None] * (2 * (not bias))
    (y, *last), saved = getattr(ops, f"{op}_forward")(x, *weights, *optional, *first)
    grads = [rng.standard_normal(part.shape) for part in (y, *last)]
    found = getattr(ops, f"{op}_backward")(tuple(grads), saved)

    tensors = [torch.tensor(a, requires_grad=True) for a in (x, *first)]
    state = [t[None] for t in tensors[1:]]
    torch_y, torch_last = layer(tensors[0], (tuple(state) if states > 1 else state[0]) if given else None)
    torch_last = [part[0] for part in (torch_last if states > 1 else (torch_last,))]
    for ours, theirs in zip((y, *last), (torch_y, *torch_last), strict=True):
        close(ours, theirs.detach().numpy(), BOUND)
    torch.autograd.backward([torch_y, *torch_last], [torch.tensor(g) for g in grads])
    expected = [tensors[0], *layer.parameters(), *optional, *tensors[1:]]
    for ours, theirs in zip(found, expected, strict=False):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            close(ours, theirs.grad.numpy(), BOUND)


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, [5, 2, 4]])
def test_layers(name, bidirectional, lengths, rng):
    """Three layers with first states, of sequences of one length and of several (PyTorch's packed sequences)."""
    import torch
    from torch.nn.utils import rnn

    N, T, I, H, L = 3, 5, 4, 6, 3
    theirs = getattr(torch.nn, name)(I, H, L, batch_first=True, bidirectional=bidirectional, dtype=torch.float64)
    ours = getattr(nn, name)(I, H, L, bidirectional=bidirectional, return_sequences=True, return_state=True)
    ours.build((T, I), dtype=np.float64)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({key: tensor.numpy() for key, tensor in theirs.state_dict().items()})
    x = rng.standard_normal((N, T, I))
    first = [rng.standard_normal((L * (1 + bidirectional), N, H)) for _ in ours.state_names]
    mask = None if lengths is None else np.arange(T) < np.array(lengths)[:, None]
    outputs = ours(x, tuple(first) if len(first) > 1 else first[0], mask)
    grads = [rng.standard_normal(part.shape) for part in outputs]
    ours.parameters().zero_grad()
    found = ours.backward(tuple(grads))

    tensors = [torch.tensor(a, requires_grad=True) for a in (x, *first)]
    given = tensors[0]
    if lengths is not None:
        given = rnn.pack_padded_sequence(given, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    y, last = theirs(given, tuple(tensors[1:]) if len(first) > 1 else tensors[1])
    if lengths is not None:
        y, _ = rnn.pad_packed_sequence(y, batch_first=True)
    expected = [y, *(last if len(first) > 1 else (last,))]
    for one, other in zip(outputs, expected, strict=True):
        close(one, other.detach().numpy(), BOUND)
    torch.autograd.backward(expected, [torch.tensor(g) for g in grads])
    for one, other in zip(found, tensors, strict=True):
        close(one, other.grad.numpy(), BOUND)
    for (_, parameter), tensor in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        close(parameter.grad, tensor.grad.numpy(), BOUND)


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_a_cell(name, rng):
    import torch

    N, I, H = 3, 4, 6
    theirs = getattr(torch.nn, f"{name}Cell")(I, H, dtype=torch.float64)
    ours = getattr(nn, f"{name}Cell")(I, H).build((I,), dtype=np.float64)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({key: tensor.numpy() for key, tensor in theirs.state_dict().items()})
    arrays = [rng.standard_normal(shape) for shape in [(N, I), *[(N, H)] * len(ours.state_names)]]
    many = len(arrays) > 2
    y = ours(arrays[0], tuple(arrays[1:]) if many else arrays[1])
    outputs = y if many else (y,)
    grads = [rng.standard_normal((N, H)) for _ in outputs]
    found = ours.backward(tuple(grads) if many else grads[0])
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    torch_y = theirs(tensors[0], tuple(tensors[1:]) if many else tensors[1])
    expected = torch_y if many else (torch_y,)
    torch.autograd.backward(expected, [torch.tensor(g) for g in grads])
    for one, other in zip((*outputs, *found), (*expected, *(t.grad for t in tensors)), strict=True):
        close(one, other.detach().numpy(), BOUND)
