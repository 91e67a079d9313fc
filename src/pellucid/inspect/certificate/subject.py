"""What a certificate is about: something with a forward and a backward, functions or a module, seen in one way."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..._core.arrays import Array
from ..._core.errors import ConfigError
from ...nn import Loss, Module

Arrays = dict[str, Array]


class Subject(Protocol):
    """A pair of functions or a module, in the form that the checks need."""

    def draw(self, rng: np.random.Generator, attempt: int) -> Arrays:
        """Return a point: arrays in float64 by name, the ones that gradients belong to; another for each attempt."""

    def forward(self, point: Arrays) -> tuple[Array, ...]:
        """Return the outputs, of the type of the point's arrays."""

    def backward(self, grads: tuple[Array, ...]) -> Arrays:
        """Return the gradients after that forward, by the names of the arrays."""


class PairSubject:
    """A forward that gives (y, saved) and a backward of (grad_y, saved), as all ops have them.

    Parameters
    ----------
    forward, backward : functions
    names : sequence of str
        What the arrays are called that have gradients, in the order of both.
    draw : function of a generator and the attempt
        Gives those arrays, in float64.
    options : dict, optional
        Further arguments of forward; arrays of float64 among them take the type of the others.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        names: Sequence[str],
        draw: Callable[[np.random.Generator, int], Sequence[Array]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._forward, self._backward, self._names, self._draw = forward, backward, tuple(names), draw
        self.options = dict(options or {})
        self._saved: Any = None
        self._several = False

    def draw(self, rng: np.random.Generator, attempt: int) -> Arrays:
        """Return the arrays by name."""
        return dict(zip(self._names, self._draw(rng, attempt), strict=True))

    def forward(self, point: Arrays) -> tuple[Array, ...]:
        """Return the outputs."""
        arrays = [point[name] for name in self._names]
        options = {name: _typed(value, arrays[0].dtype) for name, value in self.options.items()}
        y, self._saved = self._forward(*arrays, **options)
        self._several = isinstance(y, tuple)
        return y if self._several else (y,)

    def backward(self, grads: tuple[Array, ...]) -> Arrays:
        """Return the gradients."""
        found = self._backward(grads if self._several else grads[0], self._saved)
        gradients = found if isinstance(found, tuple | list) else (found,)
        return {name: g for name, g in zip(self._names, gradients, strict=False) if g is not None}


class ModuleSubject:
    """A layer or a network, with a loss behind it if one is given.

    Parameters
    ----------
    module : Module
        Built or not; it stays as it is.
    input_shape : shape of one sample, or of several inputs a tuple of such
    batch : int
    loss, targets : Loss and function, optional
        The function gives the targets for a generator and the batch size.
    training : bool
        In which mode it runs.
    seed : int
        Of the start values of a module that is not built, and of its dropout.
    """

    def __init__(
        self,
        module: Module,
        input_shape: Any,
        batch: int = 3,
        *,
        loss: Loss | None = None,
        targets: Callable[[np.random.Generator, int], Array] | None = None,
        training: bool = True,
        seed: int = 0,
    ) -> None:
        self._shapes = input_shape if input_shape and isinstance(input_shape[0], tuple | list) else (input_shape,)
        self._several = self._shapes is input_shape
        self._batch, self._loss, self._make_targets, self._seed = batch, loss, targets, seed
        if (loss is None) != (targets is None):
            raise ConfigError("certify: a loss needs targets, and targets a loss")
        self._modules = {dtype: copy_of(module, input_shape, seed, dtype) for dtype in ("float64", "float32")}
        for made in self._modules.values():
            made.train(training)
            made.unfreeze()
        self.inputs = tuple(f"x{i}" for i in range(len(self._shapes))) if self._several else ("x",)
        self._targets: Array | None = None
        self._running = self._modules["float64"]

    @property
    def module(self) -> Module:
        """The copy in float64 that the checks use."""
        return self._modules["float64"]

    @property
    def outputs(self) -> int:
        """How many outputs a sample has."""
        return int(self.module.output_shape(tuple(self._shapes) if self._several else self._shapes[0])[-1])

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return sum(parameter.size for _, parameter in self.module.named_parameters())

    def draw(self, rng: np.random.Generator, attempt: int) -> Arrays:
        """Return normal inputs, and parameters a little beside their own values: biases of zero hide mistakes."""
        point = {n: rng.standard_normal((self._batch, *s)) for n, s in zip(self.inputs, self._shapes, strict=True)}
        for name, parameter in self.module.named_parameters():
            values = parameter.data.astype(np.float64)
            spread = 0.1 * float(np.abs(values).max(initial=0)) or 0.1
            point[name] = values + spread * rng.standard_normal(values.shape)
        if self._make_targets is not None:
            self._targets = self._make_targets(rng, self._batch)
        return point

    def forward(self, point: Arrays) -> tuple[Array, ...]:
        """Return the outputs, or the loss."""
        inputs = tuple(point[name] for name in self.inputs)
        self._running = module = self._modules[str(inputs[0].dtype)]
        for name, parameter in module.named_parameters():
            parameter.data = point[name]
        module.start_step(0, self._seed)
        x: Any = inputs if self._several else inputs[0]
        y: Any = module(x)
        if self._loss is not None:
            assert self._targets is not None
            return (np.array([self._loss(y, self._targets)], np.float64),)
        return y if isinstance(y, tuple) else (y,)

    def backward(self, grads: tuple[Array, ...]) -> Arrays:
        """Return the gradients of inputs and parameters."""
        module = self._running
        module.parameters().zero_grad()
        module.require_input_grad(True)
        if self._loss is not None:
            grad_x: Any = module.backward(self._loss.backward() * grads[0][0].astype(grads[0].dtype))
        else:
            given: Any = grads if len(grads) > 1 else grads[0]
            grad_x = module.backward(given)
        found = grad_x if self._several else (grad_x,)
        gradients = {name: g for name, g in zip(self.inputs, found, strict=True) if g is not None}
        return gradients | {name: p.grad.copy() for name, p in module.named_parameters()}


def copy_of(module: Module, input_shape: Any, seed: int, dtype: npt.DTypeLike) -> Module:
    """Return the module in another type, built, with its numbers; the module stays as it is."""
    if module.built:
        return module.astype(dtype)
    return copy.deepcopy(module).build(input_shape, seed, dtype)


def _typed(value: Any, dtype: np.dtype[Any]) -> Any:
    return value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype == np.float64 else value
