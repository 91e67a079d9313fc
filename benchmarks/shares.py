"""Where the time of a training step goes, kernel by kernel.

    python -m benchmarks.shares D --batch 32

Means over an epoch of 200 steps, the quickest of five such epochs for each kernel.  Steps run call by call here; a step
that is replayed spends the same in kernels and less in Python, so Python's share is taken from replayed steps.
"""

import argparse
import os
import time
from collections import defaultdict
from typing import Any

from benchmarks.nets import NETS, SEED
from benchmarks.workers import settings

os.environ.update(settings(2))  # before any library is loaded

from pellucid import Trainer, native
from pellucid.data import Loader

STEPS, EPOCHS = 200, 5


class Clock:
    """The engine, with the time that each kernel takes; by itself it replays nothing."""

    def __init__(self, engine: Any, replays: bool) -> None:
        self.engine, self.replays = engine, replays
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)

    def __getattr__(self, name: str) -> Any:
        kernel = getattr(self.engine, name)
        if name == "Tape":
            return lambda: Tape(self, kernel())

        def timed(first: Any, *rest: Any) -> Any:
            start = time.perf_counter()
            kernel(first, *rest)
            shape = "x".join(map(str, getattr(first, "shape", ())))
            self.seconds[name, shape] += time.perf_counter() - start

        return timed


class Tape:
    """A tape of the engine's, on the same clock."""

    def __init__(self, clock: Clock, tape: Any) -> None:
        self.clock, self.tape = clock, tape

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tape, name)

    def end(self) -> bool:
        """Stop recording; say that it cannot be replayed where nothing shall be."""
        return bool(self.tape.end()) and self.clock.replays

    def replay(self, *arguments: Any) -> None:
        """Run all calls again."""
        start = time.perf_counter()
        self.tape.replay(*arguments)
        self.clock.seconds["replay", ""] += time.perf_counter() - start


def measure(trainer: Trainer, loader: Loader, replays: bool) -> tuple[float, dict[tuple[str, str], float]]:
    """Return the microseconds of a step, and of each kernel in it."""
    engine, steps, kernels = native.engine, [], defaultdict(list)
    try:
        for _ in range(EPOCHS):
            native.engine = clock = Clock(engine, replays)
            start = time.perf_counter()
            trainer.fit(loader, epochs=1)
            steps.append(time.perf_counter() - start)
            for key, seconds in clock.seconds.items():
                kernels[key].append(seconds)
    finally:
        native.engine = engine
    scale = 1e6 / STEPS
    return min(steps) * scale, {key: min(values) * scale for key, values in kernels.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", choices=NETS)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    net = NETS[options.net]
    model = net.ours().build(net.input_shape, SEED)
    trainer = Trainer(model, net.our_optimizer(model), seed=SEED)
    loader = Loader(net.data().take(range(STEPS * options.batch)), options.batch, seed=SEED)
    trainer.fit(loader, epochs=1)
    whole, replayed = measure(trainer, loader, replays=True)
    python = whole - sum(replayed.values())
    _, kernels = measure(trainer, loader, replays=False)
    total = sum(kernels.values()) + python
    print(f"net {options.net}, batch {options.batch}, 2 threads: {total:.0f} us a step")
    for (name, shape), value in sorted(kernels.items(), key=lambda item: -item[1]):
        print(f"  {100 * value / total:5.1f} %  {value:7.0f} us  {name} {shape}")
    print(f"  {100 * python / total:5.1f} %  {python:7.0f} us  Python")


if __name__ == "__main__":
    main()
