"""Graph: named modules in the order in which they run, each with the names of what it takes."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, PellucidError, ShapeError
from ..ops._dispatch import unrepeatable
from .combine import total
from .misfit import placed
from .module import Module
from .tree import modules_of

Names = str | tuple[str, ...]


class Graph(Module):
    """A network of any shape: nodes from top to bottom, each takes what stands above it.

    Parameters
    ----------
    nodes : mapping of name -> (module, source, ...)
        In the order in which they run.  A source is an input or a node further up; a module with several sources, such
        as `Add`, `Multiply` or `Concatenate`, is given a tuple.  The name is also an attribute: ``net.conv``.
    inputs : str or tuple of str
        What the inputs are called.  Of several, forward takes a tuple and backward returns one.
    outputs : str, tuple of str or None
        The nodes whose outputs are returned; None is the last one.  Of several, forward returns a tuple, and backward
        takes one, in which None stands for a gradient of zeros.

    Where a node is used several times its gradient is the sum over the uses, in the order of the nodes that use it.

    Raises
    ------
    ConfigError
        For a name that is unknown or taken, nodes that go round in a circle or stand in the wrong order, and a node or
        an input that nobody uses.

    Examples
    --------
    >>> net = Graph({
    ...     "conv": (Conv2d(3, 8, 3, padding=1), "input"),
    ...     "skip": (Conv2d(3, 8, 1), "input"),
    ...     "sum": (Add(), "conv", "skip"),
    ... }).build((3, 5, 5))
    >>> net(np.zeros((2, 3, 5, 5), np.float32)).shape
    (2, 8, 5, 5)
    >>> print(net)
    Graph(
      conv = Conv2d(3, 8, 3x3, padding=1)(input)
      skip = Conv2d(3, 8, 1x1)(input)
      sum = Add()(conv, skip)
    ) -> sum
    """

    kernels_only = True

    def __init__(
        self, nodes: Mapping[str, tuple[Any, ...]], *, inputs: Names = "input", outputs: Names | None = None
    ) -> None:
        if not nodes:
            raise ConfigError("Graph: no nodes")
        self._inputs = _names(inputs)
        self._outputs = _names([*nodes][-1] if outputs is None else outputs)
        self._sources = {name: _sources_of(name, node) for name, node in nodes.items()}
        _check(self._inputs, self._sources, self._outputs)
        for name, node in nodes.items():
            if hasattr(self, name) or "." in name or name.startswith("_"):
                raise ConfigError(f"Graph: {name!r} cannot name a node; it is taken or holds '.' or '_' in front")
            setattr(self, name, node[0])
        self._wanted = dict.fromkeys([*self._inputs, *nodes], True)  # whose gradients are

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the inputs are called."""
        return self._inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """The nodes whose outputs are returned."""
        return self._outputs

    def nodes(self) -> list[tuple[str, Module, tuple[str, ...]]]:
        """Return (name, module, sources) of each node, in order."""
        return [(name, getattr(self, name), sources) for name, sources in self._sources.items()]

    def forward(self, x: Array | tuple[Array, ...]) -> Array | tuple[Array, ...]:  # type: ignore[override]
        """Return the outputs: an array, or a tuple of several."""
        values = self._given(x)
        for name, module, sources in self.nodes():
            values[name] = module.forward(_one_or_all([values[source] for source in sources]))
        outputs = [values[name] for name in self._outputs]
        self.keep([(y.shape, y.dtype) for y in outputs])
        return _one_or_all(outputs)  # type: ignore[no-any-return]

    def backward(self, grad_y: Any) -> Any:
        """Run the nodes' backwards from bottom to top; return the gradient of the input, a tuple of several."""
        given, outlines = grad_y if len(self._outputs) > 1 else (grad_y,), self.kept()
        if not isinstance(given, tuple) or len(given) != len(outlines):
            raise ShapeError(f"{self.title}: backward needs a tuple of {len(outlines)} gradients, one for each output")
        uses: dict[str, list[Array]] = {name: [] for name in self._wanted}  # last one first
        for name, gradient, outline in zip(self._outputs, given, outlines, strict=True):
            uses[name].append(_zeros(*outline) if gradient is None else gradient)
        for name, module, sources in reversed(self.nodes()):
            if not self._wanted[name]:
                continue
            back = module.backward(total(uses[name][::-1]))
            if back is not None:
                for source, gradient in reversed(list(zip(sources, _listed(back, sources), strict=True))):
                    uses[source].append(gradient)
        if not self.needs_input_grad:
            return None
        return _one_or_all([total(uses[name][::-1]) for name in self._inputs])

    def output_shape(self, input_shape: Any) -> Any:
        """Return the shape of a sample's output; of several inputs or outputs, a tuple of shapes."""
        return _one_or_all([self.shapes(input_shape)[name] for name in self._outputs])

    def shapes(self, input_shape: Any) -> dict[str, Shape]:
        """Return the shape of each input and each node's output, for one sample."""
        shapes = self._given(input_shape)
        for name, module, sources in self.nodes():
            given = _one_or_all([shapes[source] for source in sources])
            try:
                shapes[name] = module.output_shape(given)
            except PellucidError as error:
                raise placed(
                    error, name, module, given, [f"{node} {shape}" for node, shape in shapes.items()]
                ) from None
        return shapes

    def require_input_grad(self, needed: bool) -> None:
        """Say whether backward must return the inputs' gradients: it concerns the nodes above the first parameters."""
        super().require_input_grad(needed)
        below = {name: modules_of(module) for name, module, _ in self.nodes()}
        self._wanted = dict.fromkeys(self._inputs, needed)
        for name, module, sources in self.nodes():
            others = set().union(*(modules for other, modules in below.items() if other != name))
            # A module that stands twice goes back as often as it went forwards.
            needs = bool(below[name] & others) or any(self._wanted[source] for source in sources)
            module.require_input_grad(needs)
            self._wanted[name] = needs or any(module.named_parameters())

    def __repr__(self) -> str:
        lines = [f"  {name} = {module!r}({', '.join(sources)})" for name, module, sources in self.nodes()]
        return "\n".join(
            ["Graph(", *(line.replace("\n", "\n  ") for line in lines), f") -> {', '.join(self._outputs)}"]
        )

    def _given(self, x: Any) -> dict[str, Any]:
        """Return the inputs, arrays or shapes, by name."""
        given = x if len(self._inputs) > 1 else (x,)
        if not isinstance(given, tuple) or len(given) != len(self._inputs):
            raise ShapeError(
                f"{self.title}: a tuple of {len(self._inputs)} inputs is needed: {', '.join(self._inputs)}"
            )
        return dict(zip(self._inputs, given, strict=True))


def _names(given: Names) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


def _listed(back: Any, sources: tuple[str, ...]) -> tuple[Any, ...]:
    return back if len(sources) > 1 else (back,)


def _zeros(shape: Shape, dtype: np.dtype[Any]) -> Array:
    unrepeatable()
    return np.zeros(shape, dtype)


def _sources_of(name: str, node: Any) -> tuple[str, ...]:
    fits = isinstance(node, tuple) and len(node) > 1 and all(isinstance(source, str) for source in node[1:])
    if not fits or not isinstance(node[0], Module):
        raise ConfigError(f"Graph: node {name!r} is {node!r}, expected (module, source, ...) with names of sources")
    return tuple(node[1:])


def _check(inputs: tuple[str, ...], sources: dict[str, tuple[str, ...]], outputs: tuple[str, ...]) -> None:
    """Refuse what is no list of nodes in the order in which they run."""
    for name in inputs:
        if name in sources or inputs.count(name) > 1:
            raise ConfigError(f"Graph: {name!r} names an input and something else")
    for name, taken in sources.items():
        for source in taken:
            if source not in sources and source not in inputs:
                raise ConfigError(f"Graph: node {name!r} takes {source!r}, which is neither an input nor a node")
    for name in outputs:
        if name not in sources or outputs.count(name) > 1:
            raise ConfigError(f"Graph: output {name!r} is no node, or stands twice")
    try:
        TopologicalSorter(sources).prepare()
    except CycleError as error:
        raise ConfigError(f"Graph: the nodes go round in a circle: {' -> '.join(error.args[1])}") from None
    above = set(inputs)
    for name, taken in sources.items():
        for source in taken:
            if source not in above:
                raise ConfigError(f"Graph: node {name!r} takes {source!r}, which comes after it; put it further up")
        above.add(name)
    used = {*outputs, *(source for taken in sources.values() for source in taken)}
    for name in (*inputs, *sources):
        if name not in used:
            raise ConfigError(f"Graph: nobody uses {name!r}; take it out or name it as an output")
