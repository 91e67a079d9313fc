"""What LSTM and GRU share: layers upon each other, both directions, states in and out, and how gradients go back."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ..ops import dropout_backward, dropout_forward
from ..ops._check import pair, whole
from ..ops._dispatch import unrepeatable
from .init import Initializer
from .module import Module
from .parameter import Parameter
from .weighted import hand_over


class RecurrentWeights(Module):
    """The weights and biases of a recurrent op, under PyTorch's names, and what its passes do with them."""

    gates: int
    state_names: tuple[str, ...]
    op_forward: Callable[..., tuple[tuple[Array, ...], tuple[Any, ...]]]
    op_backward: Callable[..., tuple[Array | None, ...]]
    suffixes: tuple[str, ...] = ("",)

    def add_weights(self, suffix: str, sizes: Shape, bias: bool, inits: Sequence[str | Initializer]) -> None:
        """Make ``weight_ih``, ``weight_hh`` and, if there is to be a `bias`, ``bias_ih`` and ``bias_hh``."""
        (I, H), rows = sizes, self.gates * sizes[1]
        shapes = {"weight_ih": (rows, I), "weight_hh": (rows, H), "bias_ih": (rows,), "bias_hh": (rows,)}
        for (name, shape), init in zip(shapes.items(), inits, strict=True):
            if bias or name.startswith("weight"):
                setattr(self, name + suffix, Parameter(shape, init))

    def weights(self, k: int) -> list[Parameter | None]:
        """Return weight_ih, weight_hh, bias_ih, bias_hh of the `k`-th run, None for a bias that there is not."""
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        return [getattr(self, name + self.suffixes[k], None) for name in names]

    def run(
        self, k: int, x: Array, states: Sequence[Array], mask: Array | None, reverse: bool
    ) -> tuple[tuple[Array, ...], tuple[Any, ...]]:
        """Return (outputs, saved) of the `k`-th run."""
        values = (None if parameter is None else parameter.data for parameter in self.weights(k))
        return type(self).op_forward(x, *values, *states, mask=mask, reverse=reverse)

    def run_back(
        self, k: int, grads: tuple[Array | None, ...], saved: tuple[Any, ...], needs_input_grad: bool
    ) -> tuple[Array | None, ...]:
        """Add to the gradients of the `k`-th run's parameters; return those of x and the first states."""
        parameters = self.weights(k)
        out = tuple(None if parameter is None else parameter.free_grad() for parameter in parameters)
        grad_x, *rest = type(self).op_backward(grads, saved, needs_input_grad=needs_input_grad, out=out)
        hand_over(parameters, rest[:4], out)
        return grad_x, *rest[4:]

    def first_states(self, state: Any, shape: Shape) -> tuple[Array, ...]:
        """Return the arrays of a given state, none if there is none; each must have `shape`."""
        if state is None:
            return ()
        names = self.state_names
        arrays = tuple(state) if len(names) > 1 and isinstance(state, tuple | list) else (state,)
        if len(arrays) != len(names) or not all(isinstance(a, np.ndarray) for a in arrays):
            wanted = f"the arrays ({', '.join(names)})" if len(names) > 1 else f"an array {names[0]}"
            raise ConfigError(f"{self.title}: state is a {type(state).__name__}, {wanted} of shape {shape} needed")
        for name, array in zip(names, arrays, strict=True):
            if array.shape != shape:
                raise ShapeError(f"{self.title}: {name} has shape {array.shape}, expected {shape}")
        return arrays


class Recurrent(RecurrentWeights):
    """Base of `LSTM` and `GRU`; they document the arguments."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        dropout: float,
        bidirectional: bool,
        return_sequences: bool,
        return_state: bool,
        inits: Sequence[str | Initializer],
    ) -> None:
        kind = type(self).__name__
        self.input_size, self.hidden_size = pair(kind, "(input_size, hidden_size)", (input_size, hidden_size))
        self.num_layers, self.bias, self.bidirectional = whole(kind, "num_layers", num_layers), bias, bidirectional
        self.return_sequences, self.return_state, self.dropout = return_sequences, return_state, dropout
        if not 0 <= dropout <= 1:
            raise ConfigError(f"{kind}: dropout is {dropout}, a probability from 0 to 1 is needed")
        if dropout and num_layers == 1:
            raise ConfigError(f"{kind}: dropout is {dropout}, but it stands between layers, and there is one")
        directions = ("", "_reverse") if bidirectional else ("",)
        self.directions = len(directions)
        self.suffixes = tuple(f"_l{layer}{way}" for layer in range(num_layers) for way in directions)
        for k, suffix in enumerate(self.suffixes):
            features = input_size if k < self.directions else self.directions * hidden_size
            self.add_weights(suffix, (features, hidden_size), bias, inits)

    def forward(self, x: Array, state: Any = None, mask: Array | None = None) -> Any:
        """Return y for x (N, T, input_size); with `return_state` a tuple of y and the last states.

        Parameters
        ----------
        state : array or tuple of arrays, optional
            The first states, each (num_layers * directions, N, hidden_size); zeros without it.
        mask : bool array (N, T), optional
            A step counts where it is true; else the state stays, and the sequence's output there is zero.
        """
        first = self.first_states(state, (len(self.suffixes), len(x), self.hidden_size))
        dropped = self.training and self.dropout > 0
        parts: list[Any] = []
        lasts = []
        for layer in range(self.num_layers):
            if layer and dropped:
                x, saved = dropout_forward(x, p=self.dropout, key=self.random_key())
                parts += saved
            outputs = []
            for way in range(self.directions):
                k = self.directions * layer + way
                (y, *last), saved = self.run(k, x, [a[k] for a in first], mask, reverse=way == 1)
                parts += saved
                outputs.append(y)
                lasts.append(last)
            x = _joined(outputs)
        self.keep((*parts, dropped))  # flat: a replay looks for its input among the parts
        y = x if self.return_sequences else _joined([last[0] for last in lasts[-self.directions :]])
        if not self.return_state:
            return y
        unrepeatable()
        return y, *(np.stack(arrays) for arrays in zip(*lasts, strict=True))

    def backward(self, grad_y: Any) -> Any:
        """Add to the gradients of all weights; return grad_x, or a tuple with those of the first states if given.

        Where forward gave a tuple, `grad_y` is one of the same shapes, in which None counts as zeros.
        """
        *parts, dropped = self.kept()
        grad, *ends = grad_y if self.return_state else (grad_y, *[None] * len(self.state_names))
        size = (len(parts) - 2 * dropped * (self.num_layers - 1)) // len(self.suffixes)
        firsts: list[tuple[Array | None, ...]] = []
        for layer in reversed(range(self.num_layers)):
            inputs = []
            for way in reversed(range(self.directions)):
                k = self.directions * layer + way
                above, last = self._share(grad, way), [None if end is None else end[k] for end in ends]
                if layer == self.num_layers - 1 and not self.return_sequences:  # y is the last state
                    above, last[0] = None, _sum(above, last[0])
                needed = layer > 0 or self.needs_input_grad
                grad_x, *first = self.run_back(k, (above, *last), _taken(parts, size), needed)
                inputs.append(grad_x)
                firsts.insert(0, tuple(first))
            grad = _sum(*inputs)
            if layer and dropped and grad is not None:
                grad = dropout_backward(grad, _taken(parts, 2))
        if firsts[0][0] is None:
            return grad
        return grad, *(np.stack(arrays) for arrays in zip(*firsts, strict=True))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (T, directions * hidden_size) for (T, input_size), without T if the sequence is not asked for."""
        if len(input_shape) != 2 or input_shape[1] != self.input_size:
            raise ShapeError(f"{type(self).__name__}: got {tuple(input_shape)}, expected (T, {self.input_size})")
        features = self.directions * self.hidden_size
        return (input_shape[0], features) if self.return_sequences else (features,)

    def _share(self, grad: Array | None, way: int) -> Array | None:
        """Return the part of a joint gradient that is one direction's."""
        if grad is None or self.directions == 1:
            return grad
        unrepeatable()
        return grad[..., way * self.hidden_size : (way + 1) * self.hidden_size]

    def __repr__(self) -> str:
        options = {"num_layers": 1, "bias": True, "dropout": 0.0, "bidirectional": False}
        options |= {"return_sequences": False, "return_state": False}
        others = [f"{name}={getattr(self, name)}" for name, usual in options.items() if getattr(self, name) != usual]
        return f"{type(self).__name__}({', '.join([str(self.input_size), str(self.hidden_size), *others])})"


class RecurrentCell(RecurrentWeights):
    """Base of `LSTMCell` and `GRUCell`: one step, as the op over a sequence of one."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool, inits: Sequence[str | Initializer]) -> None:
        sizes = pair(type(self).__name__, "(input_size, hidden_size)", (input_size, hidden_size))
        self.input_size, self.hidden_size = sizes
        self.bias = bias
        self.add_weights("", sizes, bias, inits)

    def step(self, x: Array, state: Any) -> tuple[Array, ...]:
        """Return the states behind the step."""
        first = self.first_states(state, (len(x), self.hidden_size))
        (_, *last), saved = self.run(0, x[:, None], first, None, False)
        self.keep(saved)
        return tuple(last)

    def step_back(self, grads: tuple[Array | None, ...]) -> Any:
        """Return grad_x, or a tuple with the gradients of the states if forward was given one."""
        grad_x, *firsts = self.run_back(0, (None, *grads), self.kept(), self.needs_input_grad)
        grad_x = None if grad_x is None else grad_x[:, 0]
        return grad_x if firsts[0] is None else (grad_x, *firsts)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (hidden_size,) for (input_size,)."""
        if tuple(input_shape) != (self.input_size,):
            raise ShapeError(f"{type(self).__name__}: got {tuple(input_shape)}, expected ({self.input_size},)")
        return (self.hidden_size,)

    def __repr__(self) -> str:
        sizes = f"{self.input_size}, {self.hidden_size}"
        return f"{type(self).__name__}({sizes}{'' if self.bias else ', bias=False'})"


def _joined(outputs: list[Array]) -> Array:
    """Return the outputs of both directions side by side."""
    if len(outputs) == 1:
        return outputs[0]
    unrepeatable()
    return np.concatenate(outputs, axis=-1)


def _sum(*grads: Array | None) -> Array | None:
    there = [grad for grad in grads if grad is not None]
    if len(there) < 2:
        return there[0] if there else None
    unrepeatable()
    return there[0] + there[1]


def _taken(parts: list[Any], count: int) -> tuple[Any, ...]:
    """Take the last parts off."""
    taken = tuple(parts[-count:])
    del parts[-count:]
    return taken
