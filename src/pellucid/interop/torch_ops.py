"""Each op of `pellucid.ops` as PyTorch computes it; imported where PyTorch is there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .. import ops
from .._core.arrays import Array
from ..ops._check import sides


def _conv2d(
    x: Tensor, w: Tensor, b: Tensor | None = None, *, padding: Any = 0, exact: bool = False, **o: Any
) -> Tensor:
    (top, bottom), (left, right) = sides(
        "conv2d", padding, (w.shape[2], w.shape[3]), o.get("stride", 1), o.get("dilation", 1)
    )
    return F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, **o)


def _conv_norm(
    x: Tensor, w: Tensor, b: Tensor | None, weight: Tensor, bias: Tensor, *, kernel_size: Any = None, **o: Any
) -> Tensor:
    y = F.relu(F.batch_norm(_conv2d(x, w, b, **o), None, None, weight, bias, training=True))
    return y if kernel_size is None else F.max_pool2d(y, kernel_size)


def _batch_norm(
    x: Tensor, w: Any = None, b: Any = None, *, mean: Any = None, var: Any = None, eps: float = 1e-5
) -> Tensor:
    return F.batch_norm(x, mean, var, w, b, training=mean is None, eps=eps)


def _recurrent(kind: str, states: int) -> Callable[..., Any]:
    def run(x: Tensor, wi: Tensor, wh: Tensor, *more: Tensor, reverse: bool = False) -> Any:
        biases, first = (more[:2], more[2:]) if len(more) >= 2 else ((None, None), ())
        x = x.flip(1) if reverse else x
        zeros = x.new_zeros(len(x), wh.shape[1])
        state = list(first) or [zeros] * states
        steps = []
        for t in range(x.shape[1]):
            if kind == "lstm":
                state = list(torch.lstm_cell(x[:, t], state, wi, wh, *biases))
            else:
                state = [torch.gru_cell(x[:, t], state[0], wi, wh, *biases)]
            steps.append(state[0])
        y = torch.stack(steps, 1)
        return y.flip(1) if reverse else y, *state

    return run


def _by_entry(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, *, targets, **o: loss(x, targets, reduction="none", **o).flatten(1).mean(1)


def _dropout(op: str) -> Callable[..., Tensor]:
    """Return dropout with our mask: PyTorch draws others."""

    def run(x: Tensor, **o: Any) -> Tensor:
        mask, _ = getattr(ops, f"{op}_forward")(np.ones(x.shape), **o)
        return x * torch.from_numpy(np.ascontiguousarray(mask))

    return run


def _windows(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, *, padding=0, **o: function(x, padding=padding, **o)


PEERS: dict[str, Callable[..., Any]] = {
    "conv2d": _conv2d,
    "conv2d_relu": lambda *a, **o: F.relu(_conv2d(*a, **o)),
    "conv2d_relu_max_pool2d": lambda *a, kernel_size, **o: F.max_pool2d(F.relu(_conv2d(*a, **o)), kernel_size),
    "conv2d_relu_avg_pool2d": lambda *a, kernel_size, **o: F.avg_pool2d(F.relu(_conv2d(*a, **o)), kernel_size),
    "conv2d_batch_norm_relu": _conv_norm,
    "conv2d_batch_norm_relu_max_pool2d": _conv_norm,
    "conv1d": F.conv1d,
    "im2col": _windows(F.unfold),
    "col2im": _windows(F.fold),
    "linear": F.linear,
    "linear_relu": lambda *a: F.relu(F.linear(*a)),
    "max_pool2d": F.max_pool2d,
    "avg_pool2d": F.avg_pool2d,
    "max_pool1d": F.max_pool1d,
    "avg_pool1d": F.avg_pool1d,
    "adaptive_avg_pool2d": F.adaptive_avg_pool2d,
    "adaptive_max_pool2d": F.adaptive_max_pool2d,
    "batch_norm": _batch_norm,
    "batch_norm_relu": lambda *a, **o: F.relu(_batch_norm(*a, **o)),
    "layer_norm": lambda x, w=None, b=None, *, normalized_shape, **o: F.layer_norm(
        x, np.atleast_1d(normalized_shape).tolist(), w, b, **o
    ),
    "group_norm": lambda x, w=None, b=None, *, num_groups, **o: F.group_norm(x, num_groups, w, b, **o),
    "lstm": _recurrent("lstm", 2),
    "gru": _recurrent("gru", 1),
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": F.gelu,
    "silu": F.silu,
    "hard_swish": F.hardswish,
    "softmax": lambda x: F.softmax(x, -1),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "cross_entropy": lambda x, *, targets, **o: F.cross_entropy(x, targets, reduction="none", **o),
    "mse": _by_entry(F.mse_loss),
    "huber": _by_entry(F.huber_loss),
    "bce_with_logits": _by_entry(F.binary_cross_entropy_with_logits),
    "dropout": _dropout("dropout"),
    "dropout2d": _dropout("dropout2d"),
    "flatten": lambda x: x.flatten(1),
    "reshape": lambda x, *, shape: x.reshape(len(x), *shape),
    "permute": lambda x, *, axes: x.permute(0, *axes),
    "add": torch.add,
    "multiply": torch.mul,
    "concatenate": lambda *a, axis=1: torch.cat(a, axis),
}


def peer(op: str, arrays: dict[str, Array], options: dict[str, Any], grads: tuple[Array, ...]) -> Any:
    """Return (outputs, gradients by name) that PyTorch gives; None where its op has no such case (masks)."""
    if "mask" in options:
        return None
    tensors = {name: torch.tensor(values, requires_grad=True) for name, values in arrays.items()}
    given = {name: torch.tensor(v) if isinstance(v, np.ndarray) else v for name, v in options.items()}
    return backward(PEERS[op](*tensors.values(), **given), tensors, grads)


def backward(
    y: Any, tensors: dict[str, Tensor], grads: tuple[Array, ...]
) -> tuple[tuple[Array, ...], dict[str, Array]]:
    """Return the outputs as arrays, and the gradients of `tensors`."""
    outputs = y if isinstance(y, tuple) else (y,)
    torch.autograd.backward(outputs, [torch.from_numpy(np.ascontiguousarray(g)) for g in grads])
    gradients = {name: tensor.grad.numpy() for name, tensor in tensors.items() if tensor.grad is not None}
    return tuple(part.detach().numpy() for part in outputs), gradients
