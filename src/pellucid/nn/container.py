"""Containers: modules made of modules."""

from collections.abc import Iterator, Mapping

import numpy as np

from .. import native
from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, PellucidError
from .misfit import placed
from .module import Module
from .plan import Pass, Plan
from .tree import modules_of, shown


class Sequential(Module):
    """Layers one after the other.  Its backward is its forward's loop in reverse: that is the chain rule.

    Parameters
    ----------
    *layers : Module, or one mapping of names to modules
        Layers without names are called "0", "1", ...  A name is also an attribute: ``net.conv1``.

    Examples
    --------
    >>> net = Sequential({"hidden": Linear(4, 8), "relu": ReLU(), "out": Linear(8, 3)}).build((4,), seed=0)
    >>> net(np.ones((2, 4), np.float32)).shape, len(net), net.hidden
    ((2, 3), 3, Linear(4, 8))
    """

    kernels_only = True  # if its layers are

    def __init__(self, *layers: Module | Mapping[str, Module]) -> None:
        named: dict[str, Module] = {}
        if len(layers) == 1 and isinstance(layers[0], Mapping):
            named.update(layers[0])
        else:
            named.update((str(i), layer) for i, layer in enumerate(layers))  # type: ignore[misc]  # checked below
        for name, layer in named.items():
            if not isinstance(layer, Module):
                raise ConfigError(f"Sequential: layer {name!r} is a {type(layer).__name__}, not a Module")
            if hasattr(self, name) or "." in name or name.startswith("_"):
                raise ConfigError(f"Sequential: {name!r} cannot name a layer; it is taken or holds '.' or '_' in front")
            setattr(self, name, layer)

    def forward(self, x: Array) -> Array:
        """Run the layers in order; some neighbours as one (nn/fuse.py), the whole as it ran before (nn/plan.py)."""
        fused = self.fusing and native.engine is not None and isinstance(x, np.ndarray) and x.dtype.char == "f"
        plan: Plan | None = vars(self).get("_plan")
        if plan is None or not plan.holds(fused):
            plan = self._plan = Plan(tuple(self), fused)
        y, done = plan.forward(x)
        self.keep(done)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Run the layers' backwards in reverse order."""
        done: Pass = self.kept()
        return done.backward(grad_y)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape behind the last layer; an error names the layer that does not fit."""
        shape, trail = input_shape, [f"input {input_shape}"]
        for name, layer in self.children():
            try:
                shape, before = layer.output_shape(shape), shape
            except PellucidError as error:
                raise placed(error, name, layer, shape, trail) from None
            if shape != before:
                trail.append(f"{name} {shape}")
        return shape

    def require_input_grad(self, needed: bool) -> None:
        """Say whether backward must return grad_x: it concerns the layers up to the first that is trained."""
        super().require_input_grad(needed)
        layers = list(self)
        for i, layer in enumerate(layers):
            # One that stands a second time further on must hand its gradient back to what comes between.
            again = modules_of(layer) & set().union(*map(modules_of, layers[i + 1 :]))
            layer.require_input_grad(needed or bool(again))
            # From the first that is trained on, all hand back what those before them need.
            needed = needed or not all(parameter.frozen for _, parameter in layer.named_parameters())

    def __iter__(self) -> Iterator[Module]:
        return (layer for _, layer in self.children())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: int) -> Module:
        return list(self)[index]

    def __repr__(self) -> str:
        return shown("Sequential", self.children())
