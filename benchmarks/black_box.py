"""What it costs to look at the loss and at every number of the gradient before a step is taken.

    python -m benchmarks.black_box            prints the table
    python -m benchmarks.black_box --write    also into results/black-box.json and docs/trust.md

One training, whose steps are drawn to be taken with the check and the copies of buffers, or blind: two trainings
apart would differ by more than the check costs.  Medians over all steps of each kind.
"""

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.nets import NETS, SEED
from benchmarks.workers import settings

os.environ.update(settings(2))  # before any library is loaded

import numpy as np

from pellucid import Trainer
from pellucid.data import Loader
from pellucid.train import environment, stepper
from pellucid.train.black_box import BlackBox
from pellucid.train.scan import Batch
from scripts.readme import TRUST, publish

STEPS = 60


class Blind(BlackBox):
    """A black box that keeps nothing."""

    def begin(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Return the batches."""
        return iter(batches)


class Timed(Trainer):
    """A trainer that takes some of its steps blind, and times each."""

    def watch(self) -> "Timed":
        """Begin to time."""
        self.kinds = [(self.black_box, stepper.all_finite), (Blind(self.model), lambda parameters: True)]
        self.times: tuple[list[float], list[float]] = ([], [])
        self.draw = np.random.default_rng(SEED)
        return self

    def train_step(self, *batch: Any) -> dict[str, Any]:
        """Take a step, blind or not."""
        kind = int(self.draw.integers(2))
        self.black_box, stepper.all_finite = self.kinds[kind]
        try:
            began = time.perf_counter()
            values = super().train_step(*batch)
            self.times[kind].append(time.perf_counter() - began)
        finally:
            stepper.all_finite = self.kinds[0][1]
        return values


def compared(net: str, batch: int, seconds: float) -> tuple[float, float, float]:
    """Return the microseconds of a step, what the check adds, and how sure that is (twice its standard error)."""
    model = NETS[net].ours().build(NETS[net].input_shape, SEED)
    trainer = Timed(model, NETS[net].our_optimizer(model), seed=SEED, lint=False).watch()
    loader = Loader(NETS[net].data().take(range(STEPS * batch)), batch, seed=SEED)
    trainer.fit(loader, epochs=1)  # warm
    trainer.times = ([], [])
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        trainer.fit(loader, epochs=1)
    with_it, blind = (np.array(times) * 1e6 for times in trainer.times)
    draw = np.random.default_rng(SEED)
    resampled = [
        np.median(draw.choice(with_it, len(with_it))) - np.median(draw.choice(blind, len(blind))) for _ in range(200)
    ]
    return float(np.median(blind)), float(np.median(with_it) - np.median(blind)), 2 * float(np.std(resampled))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| network | batch | us a step | for looking |", "|---|---|---|---|"]
    for row in figures["rows"]:
        share, unsure = (100 * row[key] / row["step"] for key in ("added", "unsure"))
        lines.append(
            f"| {NETS[row['net']].about} | {row['batch']} | {row['step']:,.0f} | {share:.1f} % (+- {unsure:.1f}) |"
        )
    on = figures["machine"]
    where = f"pellucid {on['pellucid']}, 2 threads, {on['cores']} cores {on['processor']}, {figures['made'][:10]}"
    return "\n".join([*lines, "", f"{where}."]) + "\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of training for each row")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = []
    for net in ("A", "B", "C", "D", "E"):
        for batch in (32, 128):
            step, added, unsure = compared(net, batch, options.seconds)
            rows.append({"net": net, "batch": batch, "step": step, "added": added, "unsure": unsure})
    figures = {"rows": rows, "machine": environment(), "made": datetime.now(UTC).isoformat(timespec="seconds")}
    print(table(figures))
    if options.write:
        publish("black-box", figures, table(figures), TRUST)


if __name__ == "__main__":
    main()
