"""limit_threads: before NumPy is there, or not at all."""

import subprocess
import sys

import pytest

from pellucid import ConfigError
from pellucid._core.threads import limit_threads


def test_it_sets_the_limit_before_numpy():
    code = (
        "from pellucid._core.threads import limit_threads; limit_threads(1); import os, numpy as np\n"
        "a = np.ones((600, 600)); a @ a; print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_it_refuses_when_it_is_too_late():
    with pytest.raises(ConfigError, match="OPENBLAS_NUM_THREADS=2"):
        limit_threads(2)


def test_it_refuses_none():
    with pytest.raises(ConfigError, match="at least 1"):
        limit_threads(0)
