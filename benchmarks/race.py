"""The race: from the start of a process to 99 % on MNIST's 10,000 test images.

    ./run race                            five seeds, into results/race.json
    ./run race --validation --seeds 2     for choosing a recipe: trains on 55,000 images, measures on the 5,000 others

The clock runs from before the interpreter starts until the accuracy is printed: imports, reading the data, training
and testing.  PyTorch has the same recipe, its data preloaded, NCHW and channels-last; the quicker one counts.  Seeds
alternate between the engines.  Recipes are in benchmarks/racers.py.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.against_torch import machine
from benchmarks.racers import RACERS, RECIPES
from benchmarks.workers import PAUSE, settings

TARGET = 0.99
HELD_OUT = 5000
FILE = Path(__file__).parents[1] / "results" / "race.json"


def run(engine: str, recipe: str, seed: int, held_out: int, threads: int) -> dict[str, Any]:
    """Return what one process reached, and its seconds."""
    time.sleep(PAUSE)
    command = [sys.executable, "-m", "benchmarks.racers", engine, recipe, str(seed), str(held_out)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=settings(threads)) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
    if process.returncode or not line:
        sys.exit(
            f"error: {engine}, recipe {recipe}, seed {seed}: its process ended with {process.returncode}, see above"
        )
    return {"seed": seed, "seconds": seconds, **json.loads(line)}


def spread(values: list[float]) -> dict[str, float]:
    """Return mean, smallest and largest."""
    return {"mean": mean(values), "min": min(values), "max": max(values)}


def main() -> None:
    """Run the race, print it, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", choices=RECIPES, default="C")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--validation", action="store_true", help="do not touch the test images")
    parser.add_argument("--engines", nargs="+", choices=RACERS, default=list(RACERS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="where to write; results/race.json if all is run")
    options = parser.parse_args()
    held_out = HELD_OUT if options.validation else 0
    runs: dict[str, list[dict[str, Any]]] = {engine: [] for engine in options.engines}
    for seed in range(options.seeds):
        for engine, done in runs.items():
            done.append(run(engine, options.recipe, seed, held_out, options.threads))
            print(
                f"seed {seed}: {done[-1]['seconds']:7.2f} s  {100 * done[-1]['accuracy']:.2f} %  {engine}", flush=True
            )
    engines = {
        engine: {
            "seconds": spread([one["seconds"] for one in done]),
            "accuracy": spread([one["accuracy"] for one in done]),
            "reached": sum(one["accuracy"] >= TARGET for one in done),
            "runs": done,
        }
        for engine, done in runs.items()
    }
    peers = [engine for engine in engines if engine != "pellucid"]
    report: dict[str, Any] = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(options.threads),
        "threads": options.threads,
        "measured_on": "validation" if held_out else "test",
        "recipe": asdict(RECIPES[options.recipe]),
        "engines": engines,
    }
    if peers:
        report["peer"] = min(peers, key=lambda engine: engines[engine]["seconds"]["mean"])
    for engine, found in engines.items():
        accuracy = {key: 100 * value for key, value in found["accuracy"].items()}
        shown = "mean {mean:.2f} ({min:.2f} to {max:.2f})"
        print(
            f"{engine}: seconds {shown.format(**found['seconds'])}, percent {shown.format(**accuracy)}, "
            f"{found['reached']} of {options.seeds} reach {100 * TARGET:g} %"
        )
    if not held_out:
        report["epoch"] = epochs(options.engines, options.threads)
    whole = not held_out and options.engines == list(RACERS) and options.recipe == "C" and options.seeds >= 5
    if path := options.json or (FILE if whole else None):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n")


def epochs(engines: list[str], threads: int) -> dict[str, dict[str, float]]:
    """Return by batch size, for each engine, the seconds of an epoch of net C: SGD, a constant rate."""
    found: dict[str, dict[str, float]] = {}
    for name in RECIPES:
        if name.startswith("epoch-"):
            times = {engine: median(run(engine, name, 0, 0, threads)["epochs"]) for engine in engines}
            found[name.removeprefix("epoch-")] = times
            shown = "  ".join(f"{engine} {seconds:.2f} s" for engine, seconds in times.items())
            print(f"an epoch of net C, batch {name.removeprefix('epoch-')}: {shown}", flush=True)
    return found


if __name__ == "__main__":
    main()
