"""Whole training steps of mnist-cnn against PyTorch's: loader excluded, everything else as a user runs it.

    ./run bench [--batch 32 128] [--rounds 7] [--threads 2] [--json FILE]

Each engine runs in a process of its own, since thread pools of two engines in one process disturb each other; rounds
alternate, so that a machine's slow minutes meet all alike.  PyTorch runs eagerly on preloaded tensors, once in NCHW and
once channels-last; the better one counts.  The ratio is PyTorch's time / ours, medians over the rounds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import torch_nets

STEPS = 30  # in a round
PAUSE = 0.1  # seconds before a round: a peer's worker may spin for some 50 ms after its last call


def pellucid_step(batch: int):
    """Return a function that takes one training step with pellucid."""
    import numpy as np

    from pellucid import Trainer, models
    from pellucid.optim import Adam

    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((batch, 1, 28, 28), np.float32), rng.integers(0, 10, batch)
    model = models.mnist_cnn().build((1, 28, 28))
    model.require_input_grad(False)
    trainer = Trainer(model, Adam(model.parameters()))
    return lambda: trainer.train_step(x, labels)


def torch_step(batch: int, channels_last: bool):
    """Return a function that takes one training step with PyTorch."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(0)
    x, labels = torch.randn(batch, 1, 28, 28), torch.randint(0, 10, (batch,))
    model = torch_nets.mnist_cnn()
    if channels_last:
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    optimizer, loss = torch.optim.Adam(model.parameters()), torch.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        loss(model(x), labels).backward()
        optimizer.step()

    return step


ENGINES = {
    "pellucid (NumPy)": pellucid_step,
    "torch NCHW": lambda batch: torch_step(batch, False),
    "torch channels-last": lambda batch: torch_step(batch, True),
}


def work(engine: str, batch: int) -> None:
    """Answer each line on standard input with the median time of a round of steps."""
    step = ENGINES[engine](batch)
    for _ in range(5):
        step()
    print("ready", flush=True)
    for _ in sys.stdin:
        times = []
        for _ in range(STEPS):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        print(median(times), flush=True)


def compare(batch: int, rounds: int, threads: int) -> dict[str, float]:
    """Return each engine's time for a step, in milliseconds."""
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    workers = {
        engine: subprocess.Popen(
            [sys.executable, "-m", "benchmarks.against_torch", "--work", engine, "--batch", str(batch)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | limits,
        )
        for engine in ENGINES
    }  # fmt: skip
    for worker in workers.values():
        assert worker.stdout.readline() == "ready\n", "a worker failed, see above"
    times = {engine: [] for engine in ENGINES}
    for _ in range(rounds):
        for engine, worker in workers.items():
            time.sleep(PAUSE)
            worker.stdin.write("go\n")
            worker.stdin.flush()
            times[engine].append(float(worker.stdout.readline()))
    for worker in workers.values():
        worker.communicate()
    return {engine: 1000 * median(values) for engine, values in times.items()}


def main() -> None:
    """Compare, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, nargs="+", default=[32, 128])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.batch[0])
        return
    rows = []
    for batch in options.batch:
        times = compare(batch, options.rounds, options.threads)
        ours, *peers = times.values()
        rows.append({"batch": batch, "milliseconds": times, "ratio": min(peers) / ours})
        shown = "  ".join(f"{engine} {value:.2f} ms" for engine, value in times.items())
        print(f"batch {batch:4}: {shown}  ratio {rows[-1]['ratio']:.2f}")
    if options.json:
        from pellucid.train import environment

        report = {
            "machine": environment("torch"),
            "threads": options.threads,
            "rounds": options.rounds,
            "train_step": rows,
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
