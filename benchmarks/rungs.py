"""The ladder of docs/conv2d.md: one convolution from plain loops to the fused kernel, each rung measured.

    python -m benchmarks.rungs                  into results/rungs.json
    python -m benchmarks.rungs --table          the same, and rewrite the table in docs/conv2d.md
    python -m benchmarks.rungs --rounds 2 --json /tmp/rungs.json

The second convolution of mnist-cnn, 32 samples.  All in one process, called as a layer calls it in training; NumPy's
matrix products have one thread.  Rounds alternate between the rungs; what counts is the median over rounds.  Percent of
peak: the multiplications and additions that the formula asks for, over what fused multiply-adds alone reach in the same
rounds on as many threads with the fastest instruction set.
"""

import argparse
import ctypes
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.workers import PAUSE, settings

os.environ.update(settings(1))  # before any library is loaded

import numpy as np

from benchmarks.engines import PEAK_FLOPS, PEAK_MADDS
from benchmarks.nets import SEED
from pellucid import native, ops
from pellucid.ops._memory import Arena, empty
from pellucid.train import environment
from scripts.readme import rewrite

ROOT = Path(__file__).parents[1]
FILE, PAGE = ROOT / "results" / "rungs.json", ROOT / "docs" / "conv2d.md"
LOOPS = Path(__file__).with_suffix(".cpp")
X, WEIGHT = (32, 32, 13, 13), (64, 32, 3, 3)
Y = ops.conv2d_shape(X, WEIGHT)
FLOPS = 2 * int(np.prod(Y)) * int(np.prod(WEIGHT[1:]))
WARM, LEAST, SECONDS = 2, 3, 0.05  # calls of a rung in a round that do not count, that do, and about how long they take


@dataclass(frozen=True)
class Rung:
    """One way to compute it."""

    ladder: str
    name: str
    call: Callable[[], Any]
    engine: str = "numpy"  # or an instruction set
    threads: int = 1
    flops: float = FLOPS
    share: float = 1.0  # of the whole that one call computes


def row_in_python(x: list[Any], weight: list[Any], bias: list[float]) -> list[float]:
    """Return y[0, 0, 0, :] of nested lists: the formula, one number at a time."""
    row = []
    for j in range(Y[3]):
        total = bias[0]
        for c in range(WEIGHT[1]):
            for u in range(WEIGHT[2]):
                for v in range(WEIGHT[3]):
                    total += weight[0][c][u][v] * x[0][c][u][j + v]
        row.append(total)
    return row


def compiled_loops(x: Any, weight: Any, bias: Any, folder: str) -> Callable[[], Any]:
    """Return a call of rungs.cpp, compiled into `folder` for this processor."""
    library = Path(folder) / "rungs.so"
    compiler = os.environ.get("CXX", "c++")
    subprocess.run([compiler, "-O3", "-march=native", "-shared", "-fPIC", str(LOOPS), "-o", str(library)], check=True)
    loops = ctypes.CDLL(str(library)).conv2d_loops
    N, C, H, W = X
    O, _, KH, KW = WEIGHT
    pixels, taps = np.ascontiguousarray(x.transpose(0, 2, 3, 1)), np.ascontiguousarray(weight.transpose(2, 3, 1, 0))
    y = np.empty((N, *Y[2:], O), np.float32)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (pixels, taps, bias, y)]
    sizes = [ctypes.c_long(n) for n in (N, C, H, W, O, KH, KW)]

    def call() -> Any:
        loops(*pointers, *sizes)
        return (y.transpose(0, 3, 1, 2), pixels, taps)  # the arrays live as long as the call may

    return call


def ladder(folder: str) -> list[Rung]:
    """Return all rungs, the slowest of each ladder first."""
    rng = np.random.default_rng(SEED)

    def numbers(shape: tuple[int, ...]) -> Any:
        values = empty(shape, np.float32)  # images are channels-last, as in training
        values[...] = rng.standard_normal(shape)
        return values

    x, weight, bias = numbers(X), np.ascontiguousarray(numbers(WEIGHT)), numbers(WEIGHT[:1])
    lists = x.tolist(), weight.tolist(), bias.tolist()

    def plain() -> Any:
        return ops.conv2d_forward(x, weight, bias, exact=True)

    def neighbours() -> Any:
        y, _ = plain()
        z, _ = ops.relu_forward(y)
        return ops.max_pool2d_forward(z, kernel_size=2)

    def fused(exact: bool) -> Any:
        return ops.conv2d_relu_max_pool2d_forward(x, weight, bias, kernel_size=2, exact=exact)

    rungs = [
        Rung("conv2d", "loops in Python, from one row of y", lambda: row_in_python(*lists), share=1 / np.prod(Y[:3])),
        Rung("conv2d", "loops in C++", compiled_loops(x, weight, bias, folder)),
        Rung("conv2d", "NumPy reference", plain),
    ]
    for isa in native.engine.instruction_sets():
        rungs.append(Rung("conv2d", f"direct kernel, {isa}", plain, isa))
    rungs.append(Rung("conv2d", "direct kernel, two threads", plain, isa, 2))
    rungs += [
        Rung("conv2d, ReLU, max-pooling", "conv2d, then ReLU, then max-pooling", neighbours, isa, 2),
        Rung("conv2d, ReLU, max-pooling", "fused, direct", lambda: fused(True), isa, 2),
        Rung("conv2d, ReLU, max-pooling", "fused, Winograd F(2x2, 3x3)", lambda: fused(False), isa, 2),
    ]
    with native.using(isa):
        _, saved = plain()
        _, saved_pooled = fused(False)
    g, g_pooled = numbers(Y), numbers((*Y[:2], Y[2] // 2, Y[3] // 2))
    dense, sparse = ops.conv2d_backward, ops.conv2d_relu_max_pool2d_backward
    return [
        *rungs,
        Rung("backward", "dense: conv2d alone", lambda: dense(g, saved), isa, 2, 2 * FLOPS),
        Rung("backward", "sparse: the fused three", lambda: sparse(g_pooled, saved_pooled), isa, 2, 2 * FLOPS),
    ]


def check(rungs: list[Rung]) -> None:
    """See that the rungs of a forward ladder compute the same, as far as the slowest one computes."""
    expected: dict[str, Any] = {}
    for rung in (rung for rung in reversed(rungs) if rung.ladder != "backward"):
        with native.using(rung.engine):
            found = rung.call()
        y = found[0] if isinstance(found, tuple) else np.array(found)
        like = expected.setdefault(rung.ladder, np.array(y))
        like = like if y.ndim == 4 else like[0, 0, 0]
        assert np.abs(y - like).max() <= 1e-4 * np.abs(like).max(), rung.name


def seconds(rung: Rung) -> float:
    """Return the median seconds of the whole, over some calls."""
    arena, times, ends = Arena(), [], 0.0
    time.sleep(PAUSE)
    with native.using(rung.engine):
        if native.engine is not None:
            native.engine.set_thread_count(rung.threads)
        while len(times) < WARM + LEAST or time.perf_counter() < ends:
            with arena.step():
                start = time.perf_counter()
                rung.call()
                times.append(time.perf_counter() - start)
            ends = ends or start + SECONDS
    return median(times[WARM:]) / rung.share


def peaks() -> Iterator[Rung]:
    """Yield nothing but multiply-adds, on one thread and on two."""
    sums, isa = np.empty(16, np.float32), native.engine.instruction_sets()[-1]
    for threads in (1, 2):
        yield Rung("", "peak", lambda: native.engine.fma_peak(sums, 8 * PEAK_MADDS), isa, threads, 8 * PEAK_FLOPS)


def measure(rounds: int) -> dict[str, Any]:
    """Return the report."""
    with tempfile.TemporaryDirectory() as folder:
        rungs, limits = ladder(folder), list(peaks())
        check(rungs)
        times: list[list[float]] = [[] for _ in [*rungs, *limits]]
        for _ in range(rounds):
            for rung, found in zip([*rungs, *limits], times, strict=True):
                found.append(seconds(rung))
    took = [median(found) for found in times]
    gflops = {limit.threads: limit.flops / s / 1e9 for limit, s in zip(limits, took[len(rungs) :], strict=True)}
    report = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "machine": environment(), "rounds": rounds}
    report |= {"x": X, "weight": WEIGHT, "peak_gflops": gflops, "rungs": []}
    for i, (rung, s) in enumerate(zip(rungs, took, strict=False)):
        row = {"ladder": rung.ladder, "name": rung.name, "threads": rung.threads, "milliseconds": 1e3 * s}
        if i and rungs[i - 1].ladder == rung.ladder:
            row["ratio"] = took[i - 1] / s
        row["percent_of_peak"] = 100 * rung.flops / s / 1e9 / gflops[rung.threads]
        report["rungs"].append(row)
    return report


def digits(value: float, count: int = 3) -> str:
    """Return `value` with so many digits that count, more if it has them before the point."""
    return f"{value:,.0f}" if value >= 10 ** (count - 1) else f"{value:.{count}g}"


def table(report: dict[str, Any]) -> str:
    """Return the table of docs/conv2d.md."""
    lines = [
        "| rung | threads | milliseconds | times as fast as the rung above | of FMA peak |",
        "|---|---|---|---|---|",
    ]
    last = ""
    for row in report["rungs"]:
        if row["ladder"] != last:
            last = row["ladder"]
            lines.append(f"| **{last}** | | | | |")
        ratio = digits(row["ratio"]) if "ratio" in row else ""
        cells = (
            row["name"],
            str(row["threads"]),
            digits(row["milliseconds"]),
            ratio,
            f"{digits(row['percent_of_peak'], 2)} %",
        )
        lines.append(f"| {' | '.join(cells)} |")
    on, peak = report["machine"], report["peak_gflops"]
    shown = " and ".join(f"{value:.0f} GFLOP/s on {n} thread{'s' * (int(n) > 1)}" for n, value in peak.items())
    lines += ["", f"Medians of {report['rounds']} alternating rounds, {report['made'][:10]}."]
    return "\n".join([*lines, f"{on['cores']} cores {on['processor']}, NumPy {on['numpy']}; peak {shown}.", ""])


def main() -> None:
    """Measure, write JSON, print or rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--table", action="store_true", help="rewrite the table in docs/conv2d.md")
    parser.add_argument("--json", type=Path, default=FILE, help="where to write")
    options = parser.parse_args()
    report = measure(options.rounds)
    options.json.write_text(json.dumps(report, indent=1) + "\n")
    print(table(report))
    if options.table:
        rewrite("rungs", table(report), PAGE)


if __name__ == "__main__":
    main()
