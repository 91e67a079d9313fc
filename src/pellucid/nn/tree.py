"""Tree: a module knows its parts by the names of its attributes, in order of assignment."""

from collections.abc import Iterable, Iterator
from typing import Any

from .parameter import Buffer, Parameter


class Tree:
    """Base of `Module`: walks over the attributes that are modules, or lists or tuples of modules."""

    def children(self) -> Iterator[tuple[str, Any]]:
        """Yield (name, module) for each direct child; members of a list are called ``name.0``, ``name.1``, ..."""
        for name, value in vars(self).items():
            if isinstance(value, Tree):
                yield name, value
            elif isinstance(value, list | tuple):
                yield from ((f"{name}.{i}", m) for i, m in enumerate(value) if isinstance(m, Tree))

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Yield (dotted name, module) for this module and all below it."""
        yield prefix, self
        for name, child in self.children():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield (dotted name, parameter) for this module and all below it, in order."""
        return self._named(Parameter)

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Yield (dotted name, buffer) for this module and all below it, in order."""
        return self._named(Buffer)

    def _named(self, *kinds: type) -> Iterator[tuple[str, Any]]:
        for path, module in self.named_modules():
            for name, value in vars(module).items():
                if isinstance(value, kinds):
                    yield f"{path}.{name}" if path else name, value


def modules_of(root: Tree) -> set[int]:
    """Return what tells the modules at and below `root` apart."""
    return {id(module) for _, module in root.named_modules()}


def shown(name: str, parts: Iterable[tuple[str, Tree | None]]) -> str:
    """Return how a module shows itself: its parts below each other, those inside them further in."""
    lines = [f"  ({part}): {module!r}".replace("\n", "\n  ") for part, module in parts if module is not None]
    return "\n".join([f"{name}(", *lines, ")"])
