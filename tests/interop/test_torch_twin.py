"""Without PyTorch its twins are refused, in words."""

import pytest

from pellucid import ConfigError
from pellucid.interop import torch_twin as function
from pellucid.nn import Linear


def test_without_torch(monkeypatch):
    monkeypatch.setitem(function.__globals__, "has_torch", lambda: False)
    with pytest.raises(ConfigError, match="PyTorch is not installed; try pip install torch"):
        function(Linear(2, 2).build((2,), seed=0))
