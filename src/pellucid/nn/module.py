"""Module: a forward that remembers, a backward that uses it, and named state.

A layer writes two methods and calls `keep` and `kept`:

    def forward(self, x):                            def backward(self, grad_y):
        y, saved = relu_forward(x)                       return relu_backward(grad_y, self.kept())
        self.keep(saved)
        return y

What a forward keeps lies on a stack, so a layer that is used twice inside a network goes back in reverse order.
A new forward of the whole network drops what earlier ones left.
"""

import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, DtypeError
from .._core.random import Keys, key
from ..ops._check import float_dtype
from ..ops._dispatch import drawn
from .hooks import Hooked, changed
from .modes import Modes
from .parameter import Buffer, FlatParameters, Parameter, start_values
from .stack import Stack
from .state import State


class Module(State, Hooked, Stack, Modes):
    """Base of all layers and networks.  A subclass need not call ``super().__init__()``.

    Attributes
    ----------
    training : bool
        What dropout and batch-norm ask; set by `train` and `eval`.
    keeping : bool
        Whether forwards leave behind what backward needs; off inside `inference`.
    fusing : bool
        Whether neighbours may run as one op; off inside `plain`.
    needs_input_grad : bool
        Whether backward must return grad_x; see `require_input_grad`.
    kernels_only : bool
        Whether its passes are ops and nothing else, so that a Sequential may replay them (nn/plan.py).  A class says so
        for itself; its subclasses do not inherit it.
    path : str
        Dotted name of the module within its network, "" for the network itself.
    """

    path = ""
    _calls = 0  # how many random keys were asked for since the step began
    _flat: FlatParameters | None = None  # of the network this module was built in
    _keys: Keys | None = None

    def __call__(self, x: Array, *more: Any, **options: Any) -> Array:
        """Same as `forward`; what a module takes beside its input, such as a mask, goes along."""
        return self.forward(x, *more, **options)

    def forward(self, x: Array) -> Array:
        """Return the output for a batch `x`; builds the network if nobody has."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward")

    def backward(self, grad_y: Array) -> Array | None:
        """Add to each parameter's `grad`, return grad_x (None where nobody needs it)."""
        raise NotImplementedError(f"{type(self).__name__} defines no backward")

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one sample's output for one sample's input, without computing.

        By default that of the input; a module that is made of others defines its own.
        """
        if any(self.children()):
            raise ConfigError(f"{self.title}: it is made of other modules, so it must define output_shape(input_shape)")
        return input_shape

    def prepare(self, x: Array, outermost: bool) -> None:
        """Before a forward: build if nobody has; drop what earlier forwards of the whole network left."""
        for array in x if isinstance(x, tuple) else (x,):
            if not isinstance(array, np.ndarray):
                raise DtypeError(f"{self.title}: x is a {type(array).__name__}, a NumPy array is needed")
        if self._flat is None:
            if not outermost:
                raise ConfigError(
                    f"{self.title}: it was not built with the network around it, which does not know it; "
                    "keep modules as attributes or in lists, from before build"
                )
            named = {f"x{i}": array for i, array in enumerate(x)} if isinstance(x, tuple) else {"x": x}
            shapes = tuple(array.shape[1:] for array in named.values())
            self.build(shapes if isinstance(x, tuple) else shapes[0], dtype=float_dtype(self.title, **named))
        elif outermost:
            self.forget()

    # --- steps of a training run --------------------------------------------------------------------

    def start_step(self, step: int, seed: int | None = None) -> None:
        """Begin training step `step`: drop what abandoned forwards left, and renew the random keys.

        Dropout masks are a function of (seed, step); without `seed` that of `build` stays.
        """
        if self._keys is not None:
            self._keys.step, self._keys.seed = step, self._keys.seed if seed is None else seed
        for module in self._below():
            module.__dict__.pop("_pending", None)
            module.__dict__["_calls"] = 0

    def random_key(self) -> int:
        """Return a 64-bit key for this use of this layer in this step."""
        if self._keys is None:
            raise ConfigError(f"{self.title}: no random keys before build(input_shape, seed)")
        return drawn(self._next_key)

    def _next_key(self) -> int:
        assert self._keys is not None
        self._calls += 1
        return self._keys.key(self.path, self._calls - 1)

    # --- build: the one moment where sizes are settled and weights drawn -----------------------------

    @property
    def built(self) -> bool:
        """Whether the parameters have values."""
        return self._flat is not None

    def build(self, input_shape: Shape, seed: int = 0, dtype: npt.DTypeLike = np.float32) -> Self:
        """Settle all sizes, draw the start values, lay out the flat vector; return self.

        Parameters
        ----------
        input_shape : tuple of int
            Of one sample, such as (1, 28, 28); of several inputs a tuple of such shapes.
        seed : int
            The start values are a function of (seed, parameter name).
        dtype : float32 or float64

        Raises
        ------
        ShapeError
            If a layer does not fit what comes before it.
        ConfigError
            If the network is built already, or `dtype` is another.
        """
        kind = _float_type("build", dtype)
        if not isinstance(input_shape, tuple | list):
            raise ConfigError(f"build: input_shape is {input_shape!r}, a tuple such as (1, 28, 28) is needed")
        for path, module in self.named_modules():
            if module.built:
                which = "the network" if module is self else f"its part {path!r}"
                raise ConfigError(f"build: {which} is built already; make a new one to begin anew")
        if type(self).output_shape is not Module.output_shape:
            self.output_shape(tuple(input_shape))
        named, buffers = dict(self.named_parameters()), dict(self.named_buffers())
        start = start_values(named | buffers, lambda name: key(seed, "start", name))
        flat, keys = FlatParameters(named, kind), Keys(seed)
        for name, parameter in reversed(named.items()):  # a tied parameter starts by its first name
            parameter.data = start[name]
        for name, buffer in buffers.items():
            buffer.place(start[name], kind)
        whole = dict(self.named_modules())
        for path, module in whole.items():
            module.path, module._flat, module._keys = path, flat, keys
        self.__dict__["_whole"] = whole
        return self

    def astype(self, dtype: npt.DTypeLike) -> Self:
        """Return a copy of the built network that computes in another type, with these numbers.

        Parameters
        ----------
        dtype : float32 or float64

        Raises
        ------
        ConfigError
            If the network is not built, or `dtype` is another.

        Examples
        --------
        >>> model = Linear(2, 3).build((2,), seed=0)
        >>> model.astype(np.float64)(np.ones((1, 2))).dtype, model.weight.data.dtype
        (dtype('float64'), dtype('float32'))
        """
        self.parameters()
        kind, twin = _float_type("astype", dtype), copy.deepcopy(self)
        values = {name: parameter.data for name, parameter in twin.named_parameters()}
        flat = FlatParameters(dict(twin.named_parameters()), kind)
        for name, parameter in twin.named_parameters():
            parameter.data = values[name]
        for _, buffer in twin.named_buffers():
            buffer.place(buffer.data, kind)
        for _, module in twin.named_modules():
            module._flat = flat
        return twin

    def parameters(self) -> FlatParameters:
        """Return the flat vector of all parameters: what an optimiser is made for."""
        if self._flat is None or self.path:
            why = "it is part of a larger network" if self.path else "call build(input_shape, seed) first"
            raise ConfigError(f"{self.title}: no flat vector of parameters; {why}")
        return self._flat

    def __setattr__(self, name: str, value: Any) -> None:
        state = Module | Parameter | Buffer
        if self._flat is not None and (isinstance(value, state) or isinstance(vars(self).get(name), state)):
            raise ConfigError(f"{self.title}: {name!r} cannot change after build; make a new network")
        object.__setattr__(self, name, value)
        if not name.startswith("_"):
            changed()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        changed()

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy takes over: all but what forwards left behind."""
        return {name: value for name, value in vars(self).items() if name not in ("_pending", "_plan")}

    @property
    def title(self) -> str:
        """What error messages call this module, such as ``Conv2d 'conv1'``."""
        return f"{type(self).__name__} {self.path!r}" if self.path else type(self).__name__


def _float_type(what: str, dtype: npt.DTypeLike) -> np.dtype[Any]:
    kind: np.dtype[Any] = np.dtype(dtype)
    if kind not in (np.float32, np.float64):
        raise ConfigError(f"{what}: dtype {kind} given, float32 or float64 is needed")
    return kind
