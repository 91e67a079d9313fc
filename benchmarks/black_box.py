"""What it costs to look at the loss and at every number of the gradient before a step is taken.

    python -m benchmarks.black_box

Two trainers of the same network take turns, one of them without the check and without the copies of buffers; medians
over many alternating rounds.
"""

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

from benchmarks.nets import NETS, SEED
from benchmarks.workers import settings

os.environ.update(settings(2))  # before any library is loaded

from pellucid import Trainer
from pellucid.data import Loader
from pellucid.train import stepper

STEPS = 60


class Blind:
    """A black box that keeps nothing."""

    def begin(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Return the batches."""
        return iter(batches)


def rounds(net: str, batch: int, count: int) -> tuple[float, float]:
    """Return the microseconds of a step with the check and without."""
    made = []
    for blind in (False, True):
        model = NETS[net].ours().build(NETS[net].input_shape, SEED)
        trainer = Trainer(model, NETS[net].our_optimizer(model), seed=SEED, lint=False)
        if blind:
            trainer.black_box = Blind()  # type: ignore[assignment]
        loader = Loader(NETS[net].data().take(range(STEPS * batch)), batch, seed=SEED)
        made.append((trainer, loader, blind))
    times: list[list[float]] = [[], []]
    look = stepper.all_finite
    for _ in range(count + 1):
        for kind, (trainer, loader, blind) in enumerate(made):
            stepper.all_finite = (lambda parameters: True) if blind else look
            began = time.perf_counter()
            trainer.fit(loader, epochs=1)
            times[kind].append((time.perf_counter() - began) / STEPS * 1e6)
    stepper.all_finite = look
    with_it, without = (median(values[1:]) for values in times)
    return with_it, without


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    for net in ("A", "B", "C", "D", "E"):
        for batch in (32, 128):
            with_it, without = rounds(net, batch, options.rounds)
            print(
                f"net {net}, batch {batch}: {with_it:.0f} us a step, {100 * (with_it / without - 1):+.2f} % for looking"
            )


if __name__ == "__main__":
    main()
