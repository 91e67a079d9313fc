"""The floors: imports go down only, and rooms of one floor that are strangers stay so."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "pellucid"
FLOORS = {
    "_core": 0,
    "native": 1,
    "ops": 2,
    "nn": 3,
    "optim": 3,
    "data": 3,
    "interop": 4,
    "train": 4,
    "functional": 5,
    "inspect": 5,
    "models": 6,
    "network": 7,
    "estimators": 7,
    "cli": 8,
}
NUMPY_FREE = ("__init__.py", "_core/errors.py", "_core/threads.py", "_core/files.py", "cli/")
FILES = sorted(p.relative_to(SOURCE).as_posix() for p in SOURCE.rglob("*.py"))


def imported_rooms(tree, file):
    """Yield (room, node) for each import from pellucid, relative or absolute."""
    package = ["pellucid", *Path(file).parent.parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = [*base, *(node.module or "").split(".")] if node.module else base
            names = [name] if len(name) > 1 else [[*name, alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        else:
            continue
        for parts in names:
            if parts[0] == "pellucid" and len(parts) > 1:
                yield parts[1], node


def test_every_room_has_a_floor():
    rooms = {p.name for p in SOURCE.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("file", [f for f in FILES if "/" in f])
def test_imports_go_down_only(file):
    room = file.split("/")[0]
    tree = ast.parse((SOURCE / file).read_text())
    for other, node in imported_rooms(tree, file):
        assert other in FLOORS, f"{file}:{node.lineno} imports the top of the package"
        assert other == room or FLOORS[other] < FLOORS[room], f"{file}:{node.lineno} imports {other}"


@pytest.mark.parametrize("file", [f for f in FILES if f.startswith(NUMPY_FREE)])
def test_the_command_line_imports_numpy_late(file):
    tree = ast.parse((SOURCE / file).read_text())
    for node in tree.body:  # top level only
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not any(n.split(".")[0] in ("numpy", "safetensors", "tqdm") for n in names), f"{file}:{node.lineno}"


def test_the_check_sees_an_import_upwards():
    """The test of the test."""
    tree = ast.parse("from ..train.trainer import Trainer\nimport pellucid.cli\nfrom .. import nn")
    assert [room for room, _ in imported_rooms(tree, "ops/conv2d.py")] == ["train", "cli", "nn"]
