"""Training and inference of whole networks against PyTorch and ONNX Runtime.

    ./run bench                                       everything, into results/bench.json
    ./run bench --nets C --modes train --batch 32     a part of it, shown only

train    `Trainer.fit` over a `Loader` of uint8 images, against PyTorch on tensors preloaded and shuffled
infer    a `Predictor`, against PyTorch in inference mode and ONNX Runtime, inputs preloaded
numpy    training on our NumPy reference

Each engine runs in a process of its own with the same number of threads; rounds alternate, so that a machine's slow
minutes meet all alike, and begin after a pause, since peers' threads spin on.  What counts is the median over the
rounds and the fastest peer: ratio = its time / ours.  Where others used the processors meanwhile, or these ran slower
than before (a virtual machine's do at times), a row is measured again, up to three times, and the one at the highest
speed stays: libraries suffer unequally from company and from slow clocks.  Percent of peak: the
network's additions and multiplications by its formulas, over what fused multiply-adds alone reach in the same rounds.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.engines import PEAK_FLOPS
from benchmarks.nets import NETS, SEED
from benchmarks.workers import MODES, Failure, Others, Worker

BATCHES = {"train": (32, 128), "infer": (1, 32, 256), "numpy": (32,)}
NUMPY_NETS = ("A", "C")
QUIET = 0.1  # processors that others may use without a row being measured again
FULL = 0.92  # of the highest peak seen so far that a row must have
FILE = Path(__file__).parents[1] / "results" / "bench.json"


def measure(mode: str, net: str, batch: int, rounds: int, threads: int, names: list[str]) -> dict[str, Any]:
    """Return one row: every engine's times for one network, mode and batch size, and what follows from them."""
    made = [Worker(mode, name, net, batch, threads) for name in [*names, "peak"]]
    workers = [worker for worker in made if not worker.failure]
    times: dict[str, list[float]] = {worker.engine: [] for worker in workers}
    try:
        others = Others(workers)
        for _ in range(rounds):
            for worker in workers:
                times[worker.engine].append(worker.round())
        load = others.load()
    finally:
        for worker in workers:
            worker.close()
    peak = PEAK_FLOPS / median(times.pop("peak")) / 1e9
    row = {"net": net, "mode": mode, "batch": batch, "load_of_others": load, "peak_gflops": peak}
    row["milliseconds"] = {name: 1000 * median(values) for name, values in times.items()}
    row["rounds"] = {name: [1000 * value for value in values] for name, values in times.items()}
    row["failures"] = {worker.engine: worker.failure for worker in made if worker.failure}
    return row | conclusions(row, NETS[net].flops(mode != "infer"))


def undisturbed(tries: int, peaks: list[float], *arguments: Any) -> dict[str, Any]:
    """Return one row of up to so many: the first that is quiet and at full speed, else the best of them.

    `peaks` are those of all rows so far.
    """
    made: list[dict[str, Any]] = []

    def rank(row: dict[str, Any]) -> tuple[bool, float]:
        return (row["load_of_others"] or 0) <= QUIET, row["peak_gflops"]

    while len(made) < tries and not any(rank(row) >= (True, FULL * max(peaks)) for row in made):
        made.append(measure(*arguments))
        peaks.append(made[-1]["peak_gflops"])
    return max(made, key=rank)


def conclusions(row: dict[str, Any], flops: int | None) -> dict[str, Any]:
    """Return the ratio, from round to round also, and our share of the peak."""
    ours, *peers = row["milliseconds"]
    found: dict[str, Any] = {}
    if peers:
        found["peer"] = min(peers, key=row["milliseconds"].get)
        found["ratio"] = row["milliseconds"][found["peer"]] / row["milliseconds"][ours]
        pairs = zip(row["rounds"][found["peer"]], row["rounds"][ours], strict=True)
        each = [theirs / mine for theirs, mine in pairs]
        found["ratio_of_rounds"] = [min(each), max(each)]
    if flops is not None:
        found["gflops"] = flops * row["batch"] / row["milliseconds"][ours] / 1e6
        found["percent_of_peak"] = 100 * found["gflops"] / row["peak_gflops"]
    return found


def show(row: dict[str, Any]) -> None:
    """Print one row."""
    ours, *_ = row["milliseconds"]
    end = f"ratio {row['ratio']:.2f} to {row['peer']}" if "peer" in row else ""
    share = f"{row['gflops']:.0f} GFLOP/s, {row['percent_of_peak']:.0f} % of peak" if "gflops" in row else ""
    load = "" if row["load_of_others"] is None else f"others used {row['load_of_others']:.2f} CPUs"
    print(f"\nnet {row['net']}, {row['mode']}, batch {row['batch']}: {'; '.join(filter(None, (end, share, load)))}")
    for name, value in row["milliseconds"].items():
        print(f"  {value:9.3f} ms  {value / row['milliseconds'][ours]:6.2f}  {name}")
    for name, reason in row["failures"].items():
        print(f"          -  {name}: {reason}")
    sys.stdout.flush()


def main() -> None:
    """Measure what is asked for, print it, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--batch", type=int, nargs="+", help="instead of 32 128 for training, 1 32 256 for inference")
    parser.add_argument("--engines", nargs="+", metavar="NAME", help="only these besides ours, such as 'torch'")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tries", type=int, default=3, help="how often a row is measured while others are busy")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="where to write; results/bench.json if everything is measured")
    options = parser.parse_args()
    if options.rounds < 1 or options.tries < 1:
        parser.error("at least one round and one try are needed")
    everything = options.nets == list(NETS) and options.modes == list(MODES) and not (options.batch or options.engines)
    rows: list[dict[str, Any]] = []
    peaks = [0.0]
    for mode in options.modes:
        ours, *peers = MODES[mode]
        names = [ours, *(name for name in peers if not options.engines or name in options.engines)]
        for net in options.nets:
            if mode == "numpy" and options.nets == list(NETS) and net not in NUMPY_NETS:
                continue
            for batch in options.batch or BATCHES[mode]:
                try:
                    rows.append(
                        undisturbed(options.tries, peaks, mode, net, batch, options.rounds, options.threads, names)
                    )
                except Failure as error:
                    sys.exit(f"error: net {net}, {mode}, batch {batch}: {error}")
                show(rows[-1])
    if path := options.json or (FILE if everything else None):
        report = {"made": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(options.threads)}
        report |= {"threads": options.threads, "rounds": options.rounds, "seed": SEED, "rows": rows}
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n")


def machine(threads: int) -> dict[str, Any]:
    """Return hardware and versions."""
    from pellucid.train import environment

    return environment("torch", "onnxruntime", "onnx") | {"threads": threads}


if __name__ == "__main__":
    main()
