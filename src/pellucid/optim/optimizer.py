"""What all optimisers share: the flat vector they update, a learning rate, a step count, groups of parameters."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError
from .groups import Segment, make_groups, shares


class Parameters(Protocol):
    """What an optimiser needs of a network: all values and all gradients, each one flat vector, and who lies where."""

    data: Array

    @property
    def segments(self) -> Sequence[Segment]:
        """Who lies where."""

    @property
    def grad(self) -> Array:
        """All gradients."""

    @grad.setter
    def grad(self, values: Array) -> None: ...

    @property
    def frozen(self) -> tuple[bool, ...]:
        """Whether each segment is to stay as it is."""

    @property
    def trainable(self) -> tuple[slice, ...]:
        """The parts of the vector that are not frozen."""

    def zero_grad(self) -> None:
        """Set every gradient to zero."""


class Optimizer:
    """Base of the update rules.  A rule defines `update`, and as it needs them `check` and `needed`.

    The arguments that a rule is made with are its settings, each kept under its name.  `groups` give some parameters
    settings of their own:

        Adam(model.parameters(), groups=[{"match": "*.bias", "weight_decay": 0.0},
                                         {"match": ["conv1.*", "conv2.*"], "lr_factor": 0.1}])

    `match` is a pattern of names as in a shell, or several; each parameter belongs to the first group that fits it,
    else to none.  The rate of a group is at all times `lr_factor` times the optimiser's, whatever schedule sets that;
    so it is in PyTorch with groups of that `lr`, except where a schedule there goes to an absolute rate (`eta_min`,
    `min_lr`), which here counts times the factor too.  What a schedule moves besides the rate, such as a momentum, it
    does not move in a group with a momentum of its own.

    What is frozen (`Module.freeze`) is not moved and not decayed, and its slots stay.  Each parameter's steps are
    counted from its own first one.

    Attributes
    ----------
    lr : float
        Learning rate; schedules set it before each step.
    base_lr, scheduled_lr : float
        The rate that schedules start from, and the one that a schedule set last: a rate that was set by hand differs
        from it, and the next schedule starts from there.
    steps : int
        How many steps were taken.
    missed : dict of str to int
        How many of them a parameter was frozen in; those that never were are not in it.
    slots : dict of str to array
        What the rule remembers, each as long as the flat vector.
    """

    one_for_all: tuple[str, ...] = ()  # settings that a group cannot have for itself

    def __init__(self, parameters: Parameters, lr: float, groups: Sequence[Mapping[str, Any]] = ()) -> None:
        if not hasattr(parameters, "grad"):
            raise ConfigError(f"{type(self).__name__}: pass model.parameters() of a network that is built")
        self.title = type(self).__name__
        from_zero(self.title, lr=lr)
        self.parameters, self.lr, self.steps = parameters, lr, 0
        self.base_lr, self.scheduled_lr = lr, lr
        self._missed: dict[str, int] = {}
        self._shares: list[tuple[Any, slice]] | None = None
        self._frozen: tuple[bool, ...] = ()  # for which the shares were made
        self.check(self)
        if isinstance(groups, Mapping) or not all(isinstance(group, Mapping) for group in groups):
            like = "[{'match': '*.bias', 'weight_decay': 0.0}]"
            raise ConfigError(f"{self.title}: groups is {groups!r}, a list of tables is needed: {like}")
        self.groups = tuple(dict(group) for group in groups)
        self._groups = make_groups(self)
        self.slots: dict[str, Array] = {}
        self.make_slots()

    def zero_grad(self) -> None:
        """Set every gradient to zero."""
        self.parameters.zero_grad()

    def step(self) -> None:
        """Move the parameters once, by their gradients: all in one pass, or share by share."""
        self.steps += 1
        flat = self.parameters
        if True in flat.frozen:
            for segment, frozen in zip(flat.segments, flat.frozen, strict=True):
                if frozen:
                    self._missed[segment.name] = self._missed.get(segment.name, 0) + 1
        if self._shares is None or self._frozen != flat.frozen:
            self._shares, self._frozen = shares(self, self._groups), flat.frozen
        data, grad = flat.data, flat.grad
        for its, part in self._shares:
            slots = {name: self._slot(name)[part] for name in self.needed(its)}
            self.update(its, data[part], grad[part], slots)

    def update(self, its: Any, data: Array, grad: Array, slots: Mapping[str, Array]) -> None:
        """Apply the rule in place.

        Parameters
        ----------
        its : Optimizer or Group
            Whose settings, and count of steps, hold for these numbers: this optimiser's, or a group's.
        data, grad : array (n,)
            A run of the flat vectors.
        slots : mapping of str to array (n,)
            What is remembered of these numbers: the slots that are `needed`.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no update")

    def check(self, its: Any) -> None:
        """Refuse settings that make no sense, of this optimiser or a group; ``its.title`` says whose they are."""

    def needed(self, its: Any) -> tuple[str, ...]:
        """Return the names of the slots that these settings need."""
        return ()

    @property
    def missed(self) -> dict[str, int]:
        """How many steps a parameter was frozen in, by its name."""
        return dict(self._missed)

    @missed.setter
    def missed(self, counts: Mapping[str, int]) -> None:
        self._missed, self._shares = dict(counts), None

    def make_slots(self) -> None:
        """Make the slots that the settings need now, each filled with zeros."""
        for its in (self, *self._groups):
            for name in self.needed(its):
                self._slot(name)

    def _slot(self, name: str) -> Array:
        if name not in self.slots:  # as when a momentum is given later on
            self.slots[name] = np.zeros_like(self.parameters.data)
        return self.slots[name]


def regularized(grad: Array, data: Array, weight_decay: float, out: Array) -> Array:
    """Return grad + weight_decay * data in `out`: the gradient with that of weight_decay/2 * |data|**2 (L2).

    Without decay it is `grad` itself.
    """
    if not weight_decay:
        return grad
    np.multiply(data, weight_decay, out=out)
    out += grad
    return out


def from_zero(rule: str, **values: float) -> None:
    """Refuse a number below 0."""
    for name, value in values.items():
        if not value >= 0:
            raise ConfigError(f"{rule}: {name} is {value}, a number from 0 is needed")


def in_unit_interval(rule: str, **values: float) -> None:
    """Refuse a decay rate outside [0, 1)."""
    for name, value in values.items():
        if not 0 <= value < 1:
            raise ConfigError(f"{rule}: {name} is {value}, a number from 0 to below 1 is needed")
