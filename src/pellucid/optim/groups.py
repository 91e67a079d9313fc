"""Groups: parameters with settings of their own, and what is frozen, as runs of the flat vector.

flat.data   | conv1.weight | conv1.bias | conv2.weight | conv2.bias | out.weight | out.bias |
{"match": "*.bias"}        |  group 0   |              |  group 0   |            | group 0  |
conv1 frozen               .            | share 1      | share 2    | share 3    | share 4  |

A rule is applied to one share after the other, each with its settings; each number is moved by itself, so where the
vector is cut changes no bit.
"""

import inspect
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

from .._core.errors import ConfigError

if TYPE_CHECKING:
    from .optimizer import Optimizer


class Segment(Protocol):
    """Where one parameter lies in the flat vector."""

    @property
    def name(self) -> str:
        """What it is called in the network."""

    @property
    def part(self) -> slice:
        """Its place."""


class Group:
    """The settings for some parameters: their own, and for the rest those that the optimiser has at the moment."""

    def __init__(self, optimizer: "Optimizer", title: str, own: Mapping[str, Any], missed: int = 0) -> None:
        self.optimizer, self.title, self.own, self.missed = optimizer, title, own, missed

    def fits(self, name: str) -> bool:
        """Whether the parameter of this name matches."""
        return any(fnmatchcase(name, pattern) for pattern in patterns(self.title, self.own))

    @property
    def lr(self) -> float:
        """The optimiser's rate times the group's factor."""
        factor: float = self.own.get("lr_factor", 1.0)
        return self.optimizer.lr * factor

    @property
    def steps(self) -> int:
        """How many steps these parameters have taken."""
        return self.optimizer.steps - self.missed

    def __getattr__(self, name: str) -> Any:
        own = vars(self).get("own", {})
        return own[name] if name in own else getattr(self.optimizer, name)


def make_groups(optimizer: "Optimizer") -> list[Group]:
    """Return a Group for each of ``optimizer.groups``.

    Raises
    ------
    ConfigError
        If a setting is unknown or makes no sense, or a pattern fits no parameter.
    """
    found = []
    known = group_settings(type(optimizer))
    for i, given in enumerate(optimizer.groups):
        title = f"{optimizer.title} groups[{i}]"
        for name in given:
            if name == "lr":
                raise ConfigError(f"{title}: lr: unknown; give lr_factor, how many times the optimiser's rate it is")
            if name not in known:
                raise ConfigError(f"{title}: {name}: unknown; known are {', '.join(known)}")
        names = [segment.name for segment in optimizer.parameters.segments]
        for pattern in patterns(title, given):
            if not any(fnmatchcase(name, pattern) for name in names):
                raise ConfigError(f"{title}: match: no parameter is called {pattern!r}; there are {', '.join(names)}")
        group = Group(optimizer, title, given)
        try:
            if not given.get("lr_factor", 1.0) >= 0:
                raise ConfigError(f"{title}: lr_factor is {given['lr_factor']}, a number from 0 is needed")
            optimizer.check(group)
        except TypeError:
            raise ConfigError(f"{title}: {given} has a value of another kind than the setting of this name") from None
        found.append(group)
    return found


def group_settings(rule: type["Optimizer"]) -> list[str]:
    """Return the names of what a group may have for itself."""
    others = ("parameters", "lr", "groups", *rule.one_for_all)
    return ["match", "lr_factor", *(name for name in inspect.signature(rule).parameters if name not in others)]


def patterns(title: str, group: Mapping[str, Any]) -> list[str]:
    """Return the patterns of a group's `match`."""
    match = group.get("match")
    found = [match] if isinstance(match, str) else list(match) if isinstance(match, list | tuple) else []
    if not found or not all(isinstance(pattern, str) for pattern in found):
        raise ConfigError(
            f"{title}: match is {match!r}, a pattern of names such as '*.bias' is needed, or a list of them"
        )
    return found


def shares(optimizer: "Optimizer", groups: Sequence[Group]) -> list[tuple[Any, slice]]:
    """Return (settings, part of the flat vector) for all that is not frozen, neighbours that are alike in one."""
    flat, missed = optimizer.parameters, optimizer.missed
    if not groups and not missed:  # and so nothing is frozen
        return [(optimizer, slice(None))]
    found: list[tuple[Group, slice]] = []
    rest = Group(optimizer, optimizer.title, {})
    for segment, frozen in zip(flat.segments, flat.frozen, strict=True):
        if frozen:
            continue
        group = next((group for group in groups if group.fits(segment.name)), rest)
        its, part = Group(optimizer, group.title, group.own, missed.get(segment.name, 0)), segment.part
        if found:
            before, run = found[-1]
            if run.stop == part.start and before.own is its.own and before.missed == its.missed:
                found[-1] = before, slice(run.start, part.stop)
                continue
        found.append((its, part))
    return found
