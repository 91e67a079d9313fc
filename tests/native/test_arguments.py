"""Whatever a kernel is called with, the call is answered or refused: the process goes on."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from pellucid import native
from pellucid.ops import relu_forward
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


def test_a_process_that_ends_is_told():
    program = """
        import os, sys
        from pathlib import Path
        from scripts import fuzz_kernels

        def perform(calls, done=[]):
            done.append(calls)
            return os.abort() if len(done) == 3 else True

        fuzz_kernels.perform = perform
        fuzz_kernels.child(*map(int, sys.argv[1:4]), Path(sys.argv[4]))
    """
    figures = fuzz(seed=0, count=4, child=[sys.executable, "-c", textwrap.dedent(program)])
    assert [fault.split(":")[0] for fault in figures["faults"]] == ["call 2"]
    assert "ended with -6" in figures["faults"][0]
    assert figures["calls"] == 4
    with pytest.raises(SystemExit):  # whose process does not come to a first call
        fuzz(seed=0, count=1, child=["/bin/false"])


# e is the engine, Z(...) zeros, I(...) zeros that lie as images do; PLAIN are the last arguments of a convolution.
CALLS = {
    "20 axes": "nn.ReLU()(Z(*[1] * 20))",
    "64 axes": "e.clip_values(Z(*[1] * 64), 1.0)",
    "labels of 60 axes": "e.cross_entropy_forward(Z(1, 3), np.zeros([1] * 60, int), None, Z(1, 3), Z(1))",
    "no outputs": "ops.conv2d_backward(Z(2, 0, 4, 4), ops.conv2d_forward(Z(2, 4, 6, 6), Z(0, 4, 3, 3))[1])",
    "no window": """e.conv2d_relu_max_pool2d_backward(
        I(1, 16, 4, 0), np.zeros((1, 16, 4, 0), 'u1'), I(1, 2, 6, 6),
        Z(16, 2, 3, 3), None, Z(16, 2, 3, 3), None, (1, 5), *PLAIN)""",
    "sizes that wrap": """e.gru_forward(
        Z(1, 2**60, 0), Z(48, 0), Z(48, 16), None, None, None, None, False, Z(0), Z(1, 16), Z(0), Z(0), Z(0))""",
    "samples that wrap": "p = e.Program(2**16); p.relu(); p.run(Z(2**48, 0), Z(2**48, 0))",
    "winners that are none": """e.conv2d_relu_max_pool2d_backward(
        I(2, 8, 2, 2) + 1, np.full_like(I(2, 8, 2, 2), 255, 'u1'), I(2, 3, 6, 6),
        Z(8, 3, 3, 3), I(2, 3, 6, 6), Z(8, 3, 3, 3), Z(8), (2, 2), *PLAIN)""",
    "a window over nothing": """e.max_pool2d_forward(
        Z(1, 1, 0, 0), Z(1, 1, 1, 1), np.zeros((1, 1, 1, 1), 'u1'), (2, 2), (1, 1), (1, 1))""",
    "endless nothing": "e.adaptive_avg_pool2d_forward(Z(1, 0, 4, 4), Z(1, 0, 2**60, 1))",
    "a tape with other strides": """a, t = Z(200, 200), e.Tape()
t.begin([a])
e.relu_forward(a, Z(200, 200))
t.end()
t.replay([np.broadcast_to(np.float32(1), (200, 200))], [])""",
}


def test_calls_that_ended_the_process_once():
    program = f"""
        import numpy as np
        from pellucid import native, nn, ops

        e, PLAIN = native.engine, ((1, 1), ((0, 0), (0, 0)), (1, 1), 1, False)

        def Z(*shape):
            return np.zeros(shape, np.float32)

        def I(*shape):
            return ops.relu_forward(Z(*shape))[0]

        for name, call in {CALLS}.items():
            try:
                exec(call)
                print("answered", name, flush=True)
            except ValueError:
                print("refused", name, flush=True)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    answered = {"20 axes", "no outputs", "no window", "winners that are none"}
    expected = [f"{'answered' if name in answered else 'refused'} {name}" for name in CALLS]
    assert done.stdout.splitlines() == expected


def test_a_tape_that_another_thread_lets_go():
    tape, x = [native.engine.Tape()], np.ones((2, 3), np.float32)
    tape[0].begin([x])
    thread = threading.Thread(target=tape.clear)
    thread.start()
    thread.join()
    relu_forward(x)
    again = native.engine.Tape()
    again.begin([x])
    relu_forward(x)
    assert again.end()
    assert len(again) == 1


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
            print("refused" if "bad_alloc" in str(error) else error)
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
        print(abs(conv2d_forward(x, weight)[0] - 64 * 9).max() < 0.1)
    """)
    assert told == ["refused", "True"]


def run_limited(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.split()
