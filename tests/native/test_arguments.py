"""Whatever a kernel is called with, the call is answered or refused: the process goes on."""

import os
import subprocess
import sys
import textwrap

import pytest

from pellucid import native
from scripts.fuzz_kernels import fuzz
from scripts.kernel_calls import recorded

pytestmark = pytest.mark.skipif(native.engine is None, reason="no native engine")


def test_calls_that_do_not_fit():
    figures = fuzz(seed=3, count=4000)
    assert figures["faults"] == []
    assert figures["calls"] == 4000
    assert 400 < figures["refused"] < 3600  # else the mutations are of no use


def test_calls_of_every_kernel_are_known():
    from pellucid.ops._dispatch import TWINS

    assert sorted(recorded()) == sorted([*TWINS, "Program"])


def test_a_process_that_ends_is_told(monkeypatch):
    # Seen from outside, a child without its engine ends as one whose kernel failed: with a code that is not 0.
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SystemExit):
        fuzz(seed=0, count=1)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="sanitizers map more memory than there is")
def test_no_memory_is_an_error_and_no_end():
    told = run_limited("""
        import resource
        import numpy as np
        from pathlib import Path
        from pellucid.ops import conv2d_forward

        x, weight = np.ones((2, 64, 200, 200), np.float32), np.ones((64, 64, 3, 3), np.float32)
        conv2d_forward(x[:, :, :8, :8].copy(), weight)  # with threads begun, and some memory of theirs
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (24 << 20), -1))  # y has 20 MB
        try:
            conv2d_forward(x, weight)
        except MemoryError as error:
            print("refused" if "alloc" in str(error) else error)
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
        print(abs(conv2d_forward(x, weight)[0] - 64 * 9).max() < 0.1)
    """)
    assert told == ["refused", "True"]


def run_limited(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.split()
