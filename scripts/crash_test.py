"""Kill training with SIGKILL again and again, go on each time, and compare with a run that was never cut.

./run trust                 ten kills, every other one inside the writing of a checkpoint
./run trust --kills 3

After each kill there must be a checkpoint that is whole; at the end weights, history and checkpoints must be
those of the uncut run, bit for bit.
"""

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pellucid.train import newest

COMMAND = [sys.executable, "-c", "from pellucid.cli import main; raise SystemExit(main())", "train"]
SETTINGS = ["--subset", "3000", "300", "--validation", "300", "--epochs", "2", "--threads", "1", "--json"]
EVERY = ["--checkpoint-every", "4", "--threads", "1", "--json"]


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """Begin the command."""
    return subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def finish(*arguments: str) -> float:
    """Run the command to its end; return how many seconds it took."""
    began = time.perf_counter()
    if start(*arguments).wait() != 0:
        sys.exit(f"error: {' '.join(arguments)}: failed")
    return time.perf_counter() - began


def kill(run: Path, process: subprocess.Popen[bytes], delay: float, in_write: bool) -> str:
    """Kill the process after `delay` seconds, or then as soon as it is writing a checkpoint; return what was hit."""
    until = time.perf_counter() + delay
    while time.perf_counter() < until and process.poll() is None:
        time.sleep(0.001)
    while in_write and process.poll() is None and not unfinished(run):
        pass
    process.kill()
    process.wait()
    if process.returncode == 0:
        return "after the end"
    return "inside a write" if unfinished(run) else "between writes"


def unfinished(run: Path) -> list[str]:
    """Return the temporary files of checkpoints being written."""
    try:
        return [name for name in os.listdir(run / "checkpoints") if name.endswith(".part")]  # noqa: PTH208
    except FileNotFoundError:
        return []


def contents(run: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that must not depend on kills."""
    files = [run / "last.safetensors", run / "best.safetensors", run / "history.csv", run / "result.json"]
    newest_file = sorted((run / "checkpoints").glob("step-*.safetensors"))[-1]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in [*files, newest_file]}


def main() -> None:
    """Run the uncut and the cut run; print what was hit and whether the ends are equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    moments, folder = random.Random(options.seed), Path(tempfile.mkdtemp(prefix="pellucid-crash-"))
    whole, cut = folder / "whole", folder / "cut"
    seconds = finish(*SETTINGS, "--out", str(whole))
    print(f"uncut run: {seconds:.1f} s", flush=True)
    hits: dict[str, int] = {}
    while sum(hits.values()) < options.kills:
        if cut.exists():
            process = start("--resume", str(cut), *EVERY)
        else:
            process = start(*SETTINGS, "--out", str(cut), *EVERY[:2])
        delay = moments.uniform(0.3, 0.9 + 0.4 * seconds)  # may fall before the folder is there, or into its making
        hit = kill(cut, process, delay, in_write=sum(hits.values()) % 2 == 0)
        if hit == "after the end":  # too late to count: begin anew
            shutil.rmtree(cut)
            continue
        hits[hit] = hits.get(hit, 0) + 1
        state = "no run yet"
        if cut.exists():
            path, checkpoint = newest(cut / "checkpoints", None, sys.exit)  # a damaged one ends the test
            state = f"newest {path.name}, epoch {checkpoint.state['epoch']}, whole"
        print(f"kill {sum(hits.values())} after {delay:.2f} s, {hit}: {state}", flush=True)
    finish(*(["--resume", str(cut), *EVERY] if cut.exists() else [*SETTINGS, "--out", str(cut)]))
    equal = contents(whole) == contents(cut)
    left = [p.name for p in cut.rglob("*.part")]
    print(f"{options.kills} kills ({', '.join(f'{n} {what}' for what, n in hits.items())}), damaged checkpoints: 0")
    print(f"last.safetensors {contents(cut)['last.safetensors']}: {'equal' if equal else 'NOT EQUAL'}")
    if left or not equal:
        sys.exit(f"error: {folder}: left behind {left}; files: {contents(whole)} {contents(cut)}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
