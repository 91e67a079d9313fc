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
from pellucid.nn import hooks
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
    for name in native.engine.instruction_sets():
        for threads in THREADS:
            with native.using(name):
                native.engine.set_thread_count(threads)
                found[name, threads] = (
                    2e-9 * sums.size * madds / clock(Calls(lambda: native.engine.fma_peak(sums, madds)))[0]
                )
    return found


def layers(nets: list[str], kinds: list[str], batch: int) -> Iterator[tuple[str, Any, Any, Any, Any, bool, int]]:
    """Yield name, our layer, PyTorch's, input, gradient, whether grad_x is needed, and multiply-adds of forward."""
    rng, seen = np.random.default_rng(SEED), set()
    for net in nets:
        model = NETS[net].ours().build(NETS[net].input_shape, SEED)
        model.require_input_grad(False)
        model.start_step(0, SEED)
        twins = list(NETS[net].theirs())
        x = rng.standard_normal((batch, *NETS[net].input_shape), np.float32)
        needed = False  # up to the first layer with weights
        for layer, twin, row in zip(model, twins, summary(model, NETS[net].input_shape).rows, strict=True):
            y = layer.forward(x)
            name = f"{net} {layer!r} of {'x'.join(map(str, x.shape))}"
            if (not kinds or type(layer).__name__.lower() in kinds) and (repr(layer), x.shape) not in seen:
                g = np.empty_like(y)
                g[...] = rng.standard_normal(y.shape)
                yield name, layer, twin, x, g, needed, batch * row.multiply_adds
            seen.add((repr(layer), x.shape))
            needed = needed or any(True for _ in layer.named_parameters())
            x = y


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", type=str.lower, help="names of layers, such as conv2d")
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    import torch

    hooks._thread.depth = 1  # each layer as if inside a network: the outermost module does more
    top = peaks()
    limits = {f"{isa} x{threads}": value for (isa, threads), value in top.items()}
    best = list(limits)[-1]
    print("peak:", "  ".join(f"{engine} {value:.0f} GFLOP/s" for engine, value in limits.items()))
    for name, layer, twin, x, g, needed, madds in layers(options.nets, options.kinds, options.batch):
        times: dict[str, list[float]] = {}
        with native.using("numpy"):
            times["NumPy"] = clock(ours(layer, x, g))
        for isa, threads in top:
            with native.using(isa):
                native.engine.set_thread_count(threads)
                times[f"{isa} x{threads}"] = clock(ours(layer, x, g))
        for threads in THREADS:
            torch.set_num_threads(threads)
            times[f"torch x{threads}"] = clock(theirs(twin, x, g, needed))
        print(f"\n{name}")
        work = 2 * madds, 2 * madds * (2 if needed else 1)
        for engine, values in times.items():
            cells = []
            for i, (direction, seconds) in enumerate(zip(("forward", "backward"), values, strict=False)):
                ratio = seconds / times[best][i] if i < len(times[best]) else 0
                cell = f"{direction} {1e6 * seconds:9.1f} us {ratio:6.2f}"
                if madds:
                    rate, limit = work[i] / seconds / 1e9, limits.get(engine, 0)
                    cell += f" {rate:7.1f} GFLOP/s" + (f" {100 * rate / limit:4.0f} %" if limit else "       ")
                cells.append(cell)
            print(f"  {engine:14} {'   '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
