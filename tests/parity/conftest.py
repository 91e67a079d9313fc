"""Parity with PyTorch: skipped where it is absent, unless PELLUCID_REQUIRE_TORCH says that it must be there."""

import os

import pytest


def pytest_collection_modifyitems(items):
    try:
        import torch

        torch.set_num_threads(1)
    except ImportError:
        if os.environ.get("PELLUCID_REQUIRE_TORCH"):
            raise
        for item in items:
            if "/parity/" in str(item.path):
                item.add_marker(pytest.mark.skip(reason="PyTorch is not installed"))
