"""State: all parameters and buffers of a network by name, out of it and into it; and what of it is to stay."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ShapeError
from .parameter import Buffer, Parameter
from .tree import Tree


class Described(Protocol):
    """An array, or what is known of one that is not read yet."""

    @property
    def shape(self) -> Shape:
        """Its sizes."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """What its numbers are."""


class State(Tree):
    """Base of `Module`: its state as named arrays, with PyTorch's names and layouts."""

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers, with PyTorch's names and layouts."""
        return {name: state.data.copy() for name, state in self._named(Parameter, Buffer)}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Take over all parameters and buffers from `state`, or none of them.

        Raises
        ------
        ShapeError
            With every missing, unexpected and misshapen key; nothing is changed then.
        """
        given = {name: np.asarray(value) for name, value in state.items()}
        self.check_state_dict(given)
        for name, target in self._named(Parameter, Buffer):
            target.data = given[name]

    def check_state_dict(self, state: Mapping[str, Described]) -> None:
        """Refuse a state that `load_state_dict` would refuse; of the values only `shape` and `dtype` are asked."""
        own = dict(self._named(Parameter, Buffer))
        missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
        problems = [f"missing {', '.join(missing)}"] if missing else []
        problems += [f"unexpected {', '.join(unexpected)}"] if unexpected else []
        for name in (n for n in own if n in state):
            if tuple(state[name].shape) != own[name].shape:
                problems.append(f"{name} has shape {tuple(state[name].shape)}, expected {own[name].shape}")
            elif state[name].dtype.kind not in "fiu":
                problems.append(f"{name} holds {state[name].dtype}, numbers are needed")
        if problems:
            raise ShapeError(f"load_state_dict: {'; '.join(problems)}")

    def freeze(self) -> Self:
        """Let all parameters here and below stay as they are; return self.  PyTorch's ``requires_grad_(False)``.

        No optimiser moves or decays them, clipping does not count them, their gradients stay zero, and a backward pass
        ends where nothing before it is trained.  Buffers are no parameters: the running statistics of a batch-norm
        move as long as it is in training mode.  One parameter alone: ``model.fc.bias.frozen = True``.

        Examples
        --------
        >>> model = Sequential(Linear(4, 8), ReLU(), Linear(8, 3)).build((4,))
        >>> frozen = model[0].freeze()
        >>> [name for name, parameter in model.named_parameters() if parameter.frozen]
        ['0.weight', '0.bias']
        """
        return self._freeze(True)

    def unfreeze(self) -> Self:
        """Let all parameters here and below be trained again; return self."""
        return self._freeze(False)

    def _freeze(self, frozen: bool) -> Self:
        for _, parameter in self.named_parameters():
            parameter.frozen = frozen
        return self
