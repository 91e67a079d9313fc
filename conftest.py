"""What every test and every docstring example runs under."""

from importlib.util import find_spec

import numpy as np
import pytest

import pellucid
from pellucid.ops import _memory

# What stands for our layers in PyTorch can be imported only where that is.
collect_ignore = [] if find_spec("torch") else [f"src/pellucid/interop/torch_{name}.py" for name in ("modules", "ops")]


@pytest.fixture
def rng():
    """Random numbers, the same for each test."""
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def poisoned_outputs(monkeypatch):
    """Outputs start as nan, so that one which is not fully written is seen."""
    monkeypatch.setattr(_memory, "poison", True)


@pytest.fixture(autouse=True)
def example_names(doctest_namespace):
    """The names that docstring examples use without importing them."""
    doctest_namespace["np"] = np
    for room in (pellucid.data, pellucid.inspect, pellucid.nn, pellucid.optim, pellucid.train):
        doctest_namespace.update({name: getattr(room, name) for name in room.__all__})
