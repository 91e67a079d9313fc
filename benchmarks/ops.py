"""Layer by layer: our kernels against the NumPy reference and PyTorch, for finding what is slow.

    python -m benchmarks.ops                      all layers of all networks
    python -m benchmarks.ops conv2d relu          these kinds only
    python -m benchmarks.ops conv2d --nets C --batch 128

Shapes are those that the networks have.  Microseconds of the median call, for each instruction set and number of
threads; with GFLOP/s and percent of that setting's peak where there is something to multiply.  All in one process, with
a pause before each measurement: good for seeing what is slow, not for claims.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.nets import NETS, SEED
from benchmarks.workers import PAUSE, settings

os.environ.update(settings(2))  # before any library is loaded

import numpy as np

from pellucid import native, summary
from pellucid.nn import CrossEntropyLoss, hooks
from pellucid.ops._memory import Arena

LEAST, SECONDS = 5, 0.05  # calls in a measurement, and about how long it takes
THREADS = 1, 2


@dataclass(frozen=True)
class Calls:
    """What is timed: forward, and the backward of the last forward; `around` both, untimed."""

    forward: Callable[[], Any]
    backward: Callable[[], Any] | None = None
    around: Callable[[], AbstractContextManager[Any]] = nullcontext


def ours(layer: Any, x: Any, g: Any) -> Calls:
    """Return the calls of one of our layers, in memory as in training."""
    return Calls(lambda: layer.forward(x), lambda: layer.backward(g), Arena().step)


def theirs(layer: Any, x: Any, g: Any, needs_input_grad: bool) -> Calls:
    """Return the calls of PyTorch's layer; channels-last, as ours."""
    import torch

    made = [torch.from_numpy(np.ascontiguousarray(a)) for a in (x, g)]
    x, g = (a.contiguous(memory_format=torch.channels_last) if a.ndim == 4 else a for a in made)
    x.requires_grad_(needs_input_grad)
    layer = layer.to(memory_format=torch.channels_last)
    last: list[Any] = [None]

    def forward() -> None:
        last[0] = layer(x)

    def backward() -> None:
        layer.zero_grad()
        x.grad = None
        last[0].backward(g)

    return Calls(forward, backward if needs_input_grad or any(True for _ in layer.parameters()) else None)


def clock(calls: Calls) -> list[float]:
    """Return the median seconds of forward and of backward."""
    times: list[list[float]] = [[], []]
    time.sleep(PAUSE)
    end = None
    while end is None or len(times[0]) < LEAST or time.perf_counter() < end:
        with calls.around():
            start = time.perf_counter()
            calls.forward()
            middle = time.perf_counter()
            times[0].append(middle - start)
            if calls.backward is not None:
                calls.backward()
                times[1].append(time.perf_counter() - middle)
        if end is None:  # the first call warms up
            end, times = time.perf_counter() + SECONDS, [[], []]
    return [median(values) for values in times if values]


def peaks() -> dict[tuple[str, int], float]:
    """Return GFLOP/s of fused multiply-adds by instruction set and threads."""
    found, sums, madds = {}, np.empty(16, np.float32), 192 << 10
    calls = Calls(lambda: native.engine.fma_peak(sums, madds))
    for name in native.engine.instruction_sets():
        for threads in THREADS:
            with native.using(name):
                native.engine.set_thread_count(threads)
                found[name, threads] = 2e-9 * sums.size * madds / clock(calls)[0]
    return found


@dataclass(frozen=True)
class Row:
    """One thing that a network does, by both libraries."""

    name: str
    ours: Calls
    theirs: Calls
    work: tuple[int, int] = (0, 0)  # floating-point operations of forward and backward


def rows(net: str, batch: int) -> Iterator[tuple[str, Row]]:
    """Yield the layers of a network, its loss and its update, each with its kind."""
    import torch

    rng, model, twin = (
        np.random.default_rng(SEED),
        NETS[net].ours().build(NETS[net].input_shape, SEED),
        NETS[net].theirs(),
    )
    model.require_input_grad(False)
    model.start_step(0, SEED)
    x = rng.standard_normal((batch, *NETS[net].input_shape), np.float32)
    needed = False  # up to the first layer with weights
    for layer, other, line in zip(model, list(twin), summary(model, NETS[net].input_shape).rows, strict=True):
        y = layer.forward(x)
        g = np.empty_like(y)
        g[...] = rng.standard_normal(y.shape)
        flops = 2 * batch * line.multiply_adds
        name = f"{layer!r} of {'x'.join(map(str, x.shape))}"
        calls = ours(layer, x, g), theirs(other, x, g, needed)
        yield type(layer).__name__, Row(name, *calls, (flops, flops * (2 if needed else 1)))
        needed = needed or any(True for _ in layer.named_parameters())
        x = y
    labels = rng.integers(0, x.shape[1], batch)
    mine, loss = CrossEntropyLoss(), torch.nn.CrossEntropyLoss()
    logits, targets, last = torch.tensor(x, requires_grad=True), torch.from_numpy(labels), [None]

    def forward() -> None:
        last[0] = loss(logits, targets)

    calls = (
        Calls(lambda: mine.forward(x, labels), mine.backward, Arena().step),
        Calls(forward, lambda: last[0].backward()),
    )
    yield "CrossEntropyLoss", Row(f"CrossEntropyLoss of {batch}x{x.shape[1]}", *calls)
    update, their_update = NETS[net].our_optimizer(model), NETS[net].their_optimizer(twin)
    for parameter in twin.parameters():
        parameter.grad = torch.zeros_like(parameter)
    name = f"{NETS[net].optimizer} of {model.parameters().data.size:,} parameters"
    yield NETS[net].optimizer, Row(name, Calls(update.step), Calls(their_update.step))


def show(row: Row, limits: dict[str, float], settings: list[tuple[str, int]]) -> None:
    """Measure and print one row; times as multiples of those of the last setting."""
    import torch

    times: dict[str, list[float]] = {}
    with native.using("numpy"):
        times["NumPy"] = clock(row.ours)
    for isa, threads in settings:
        with native.using(isa):
            native.engine.set_thread_count(threads)
            times[f"{isa} x{threads}"] = best = clock(row.ours)
    for threads in THREADS:
        torch.set_num_threads(threads)
        times[f"torch x{threads}"] = clock(row.theirs)
    for engine, values in times.items():
        cells = []
        for direction, seconds, unit, flops in zip(("forward", "backward"), values, best, row.work, strict=False):
            cells.append(f"{direction} {1e6 * seconds:9.1f} us {seconds / unit:6.2f}")
            if flops:
                rate, limit = flops / seconds / 1e9, limits.get(engine)
                cells.append(f"{rate:7.1f} GFLOP/s" + (f" {100 * rate / limit:4.0f} %" if limit else " " * 7))
        print(f"  {engine:14} {'  '.join(cells)}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", type=str.lower, help="names of layers, losses, optimisers, such as conv2d")
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    hooks._thread.depth = 1  # each layer as if inside a network: the outermost module does more
    top, seen = peaks(), set()
    limits = {f"{isa} x{threads}": value for (isa, threads), value in top.items()}
    print("peak:", "  ".join(f"{engine} {value:.0f} GFLOP/s" for engine, value in limits.items()))
    for net in options.nets:
        for kind, row in rows(net, options.batch):
            if row.name not in seen and (not options.kinds or kind.lower() in options.kinds):
                print(f"\n{net}: {row.name}")
                show(row, limits, list(top))
            seen.add(row.name)


if __name__ == "__main__":
    main()
