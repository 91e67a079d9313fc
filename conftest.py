"""What every test and every docstring example runs under."""

import numpy as np
import pytest

import pellucid
from pellucid.ops import _memory


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
