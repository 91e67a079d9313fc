"""Break training again and again, go on each time, and compare with a run that was never cut.

./run trust crash                    ten kills at random moments, and a fault at forty moments of writing
./run trust crash --kills 500        the long form
./run trust crash --faults 0 --kills 3

Each round draws settings: optimiser, schedule, augmentation, dropout, averaged weights, accumulation, prefetching.  One
run of them is never cut.  Another is killed by SIGKILL: at random times, and at every kind of moment on a file's way to
the disk (scripts/faults.py: before it is opened, half written, before fsync, rename, fsync of the folder).  After each
there must be a run that goes on, or none; at the end weights, history and checkpoints must be those of the uncut one,
bit for bit.  A full disk and a file system that turns read-only must end in one error, and leave what can go on.
The events of the uncut run are checked too: each file is written, synced, renamed, its folder synced, in this order.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pellucid import PellucidError
from pellucid.train import newest

FAULTS = [sys.executable, "-m", "scripts.faults"]
ROOT = Path(__file__).parents[1]
OPTIMIZERS = {"adam": 0.002, "adamw": 0.002, "sgd": 0.02, "rmsprop": 0.001, "adagrad": 0.01}
SCHEDULES = {
    "constant": [], "cosine": [], "one-cycle": [], "polynomial": [], "plateau": ["schedule.patience=0"],
    "exponential": ["schedule.gamma=0.99"], "step": ["schedule.step_size=7"],
    "multi-step": ["schedule.milestones=[5,9]"], "cosine-restarts": ["schedule.T_0=5"],
    "cyclic": ["schedule.base_lr=0.0001", "schedule.step_size_up=4"],
}  # fmt: skip
AUGMENTS = ["shift=0.1", "rotate=10", "flip=0.5", "elastic=[20,4]", "erase=0.5", "noise=0.1", "mix_up=0.3"]
EVERY = "3"  # steps between checkpoints


class Broken(Exception):
    """What must not happen; `kind` is one of `KINDS`."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(what)
        self.kind = kind


KINDS = ("damaged", "different", "disorder", "other")
"""Checkpoints that cannot be read, ends that differ, files written in another order, any other error."""
MOST = 10  # broken rounds, after which it is enough


def settings(draw: random.Random) -> list[str]:
    """Return the arguments of a run of some twenty steps."""
    optimizer, schedule = draw.choice([*OPTIMIZERS]), draw.choice([*SCHEDULES])
    chosen = [f"optimizer.lr={OPTIMIZERS[optimizer]}", *SCHEDULES[schedule]]
    chosen += draw.sample([f"augment.{a}" for a in AUGMENTS], draw.randrange(3))
    chosen += draw.sample(
        ["ema=0.9", "clip_norm=1.0", "clip_value=0.1", "prefetch=true", "loss.label_smoothing=0.1"], 2
    )
    accumulate = draw.choice([1, 1, 2])
    chosen += [f"accumulate={accumulate}", f"network.dropout={draw.choice([0.0, 0.3])}"]
    if schedule == "cyclic" and optimizer == "adagrad":  # has no momentum to cycle
        chosen.append("schedule.cycle_momentum=false")
    sizes = ["--subset", "400", "60", "--validation", "60", "--epochs", "2", "--batch-size", str(draw.choice([24, 40]))]
    more = [word for setting in chosen for word in ("--set", setting)]
    return ["train", *sizes, "--optimizer", optimizer, "--schedule", schedule, *more, "--seed", str(draw.randrange(99))]


def command(arguments: list[str], *faults: str) -> subprocess.Popen[bytes]:
    """Begin the command, perhaps with a fault to come."""
    return subprocess.Popen(
        [*FAULTS, *faults, "--", *arguments, "--threads", "1", "--json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip


def finish(arguments: list[str], *faults: str) -> float:
    """Run the command to its end; return how many seconds it took."""
    began, process = time.perf_counter(), command(arguments, *faults)
    _, told = process.communicate()
    if process.returncode != 0:
        raise Broken("other", f"{' '.join(arguments)}: {told.decode()}")
    return time.perf_counter() - began


def contents(run: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that must not depend on faults."""
    names = ["last.safetensors", "best.safetensors", "history.csv", "steps.csv", "result.json", "config.toml"]
    newest_file = max((run / "checkpoints").glob("step-*.safetensors"))
    files = [run / name for name in names] + [newest_file]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def check(run: Path) -> str:
    """Return what stands there now: no run, or one with a whole checkpoint."""
    if not run.exists():
        return "no run"

    def damaged(line: str) -> None:
        raise Broken("damaged", line)

    try:
        path, checkpoint = newest(run / "checkpoints", None, damaged)
    except PellucidError as error:  # there is none
        raise Broken("damaged", str(error)) from error
    return f"{path.name} of epoch {checkpoint.state['epoch']}"


def order(log: Path) -> int:
    """Check in which order files came to the disk; return how many did."""
    events = [line.split("\t") for line in log.read_text().splitlines()]
    events = [(what, path) for what, path in events if what not in ("append", "unlink")]
    count = 0
    for i, (what, path) in enumerate(events):
        if what != "open":
            continue
        wanted = ["open", "half", "write", "fsync", "rename"]
        found = [w for w, p in events[i : i + len(wanted)] if p == path]
        folder = events[i + len(wanted)]
        if found != wanted or folder[0] != "fsync folder" or folder[1] != str(Path(path).parent):
            raise Broken("disorder", f"{path}: came to the disk by {events[i : i + len(wanted) + 1]}")
        count += 1
    return count


class Round:
    """Settings, the run that was never cut, and the events of its writing."""

    def __init__(self, folder: Path, draw: random.Random) -> None:
        self.folder, self.draw, self.settings = folder, draw, settings(draw)
        self.whole, self.cut, log = folder / "whole", folder / "cut", folder / "events.txt"
        self.begin = [*self.settings, "--checkpoint-every", EVERY]
        self.seconds = finish([*self.begin, "--out", str(self.whole)], "--log", str(log), "--inside", str(folder))
        self.files, self.events = order(log), len(log.read_text().splitlines())

    def go(self) -> list[str]:
        """Return the arguments with which the cut run begins or goes on."""
        if self.cut.exists():
            return ["train", "--resume", str(self.cut), "--checkpoint-every", EVERY]
        return [*self.begin, "--out", str(self.cut)]

    def kill(self) -> str | None:
        """Kill the run at a random time; return what was hit, None if it was done before."""
        process, delay = command(self.go()), self.draw.uniform(0.3, 0.6 + self.seconds)
        try:
            process.communicate(timeout=delay)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return None if process.returncode == 0 else f"kill at a random time: {check(self.cut)}"

    def strike(self, fault: str) -> str | None:
        """Let the fault come at a random event; return what was hit, None if there was no such event."""
        at = str(self.draw.randrange(1, self.events + 1))
        process = command(self.go(), "--at", at, "--fault", fault, "--inside", str(self.folder))
        _, told = process.communicate()
        if process.returncode == 0:
            return None
        lines = [line for line in told.decode().splitlines() if line.startswith("error: ")]
        if fault != "kill" and (process.returncode != 1 or len(lines) != 1 or b"Traceback" in told):
            raise Broken("other", f"{fault} at event {at}: exit code {process.returncode}, {told.decode()}")
        return f"{fault} while writing: {check(self.cut)}"

    def end(self) -> None:
        """Let the cut run come to its end, and compare."""
        if not (self.cut / "result.json").exists():
            finish(self.go())
        left = [str(p) for p in self.cut.rglob("*.part")]
        one, other = contents(self.whole), contents(self.cut)
        if one != other or left:
            differing = [name for name in one if one[name] != other.get(name)]
            raise Broken("different", f"{' '.join(self.settings)}: {differing} differ, {left} left behind")
        shutil.rmtree(self.cut)


def main() -> None:
    """Break runs, go on, compare; print what was hit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, help="at random times")
    parser.add_argument(
        "--faults", type=int, default=40, help="at random moments of writing: kills, full disks, read-only"
    )
    parser.add_argument("--round", type=int, default=10, help="how many of them meet the same settings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    draw, hits = random.Random(options.seed), Counter[str]()
    todo = ["kill"] * options.kills + draw.choices(["at kill", "at full", "at readonly"], [4, 1, 1], k=options.faults)
    draw.shuffle(todo)
    rounds = files = 0
    broken = Counter(dict.fromkeys(KINDS, 0))
    while todo and broken.total() < MOST:
        with tempfile.TemporaryDirectory(prefix="pellucid-crash-") as place:
            rounds, cut = rounds + 1, 0
            try:
                this = Round(Path(place), draw)
                files += this.files
                about = f"{' '.join(this.settings[1:])}; {this.events} events, {this.seconds:.1f} s"
                print(f"round {rounds}: {about}", flush=True)
                while todo and cut < options.round:
                    what = todo[-1]
                    hit = this.kill() if what == "kill" else this.strike(what.removeprefix("at "))
                    if hit is None:  # it had come to its end: compare, and begin anew
                        this.end()
                        continue
                    todo.pop()
                    cut += 1
                    hits[hit.split(":")[0]] += 1
                    print(f"  {hit}", flush=True)
                this.end()
            except Broken as error:
                broken[error.kind] += 1
                print(f"error: {error.kind}: {error}", flush=True)
    for what, count in sorted(hits.items()):
        print(f"{count:5} x {what}")
    print(f"{sum(hits.values())} faults in {rounds} runs of drawn settings, {files} files written in the right order; "
          f"damaged checkpoints: {broken['damaged']}; ends that differ: {broken['different']}; "
          f"other errors: {broken['disorder'] + broken['other']}")  # fmt: skip
    if options.json:
        figures = {"rounds": rounds, "hits": hits, "files_in_order": files, **broken}
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.exit(1 if broken.total() else 0)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(ROOT / "src"))
    main()
