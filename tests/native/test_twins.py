"""Every reference that is marked as a twin has a kernel."""

import importlib
import pkgutil

import pytest

import pellucid
from pellucid import native
from pellucid.ops._dispatch import TWINS


@pytest.mark.skipif(native.engine is None, reason="no native engine")
def test_every_twin_has_a_kernel():
    for room in (pellucid.ops, pellucid.nn, pellucid.optim, pellucid.data):
        for module in pkgutil.iter_modules(room.__path__):
            importlib.import_module(f"{room.__name__}.{module.name}")
    assert len(TWINS) > 20
    assert [name for name in TWINS if not callable(getattr(native.engine, name, None))] == []
