"""Each engine in a process of its own; whoever is not asked sleeps.  Rounds alternate and begin after a pause."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import engines
from benchmarks.nets import NETS

ROUND = 0.25  # seconds that a round takes, about
LEAST = 5  # steps in a round
WARM = 5  # steps before it that do not count
PAUSE = 0.12  # seconds: threads of ONNX Runtime spin for some 50 ms after its last call, libgomp's for some 10

MODES = {"train": engines.TRAIN, "infer": engines.INFER, "numpy": engines.NUMPY}
MAY_FAIL = ("torch.compile", "onnxruntime")  # they need a compiler, or another package

TICK = os.sysconf("SC_CLK_TCK")
_TUNING = ("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "NVPL_")


class Failure(Exception):
    """A worker ended or could not begin."""


def settings(threads: int, backend: str = "native") -> dict[str, str]:
    """Return this process's environment with the same number of threads for every library, and no other tuning."""
    names = "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PELLUCID_NUM_THREADS"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_TUNING)}
    return kept | dict.fromkeys(names, str(threads)) | {"PELLUCID_BACKEND": backend}


class Worker:
    """One engine, with one network and batch size."""

    def __init__(self, mode: str, engine: str, net: str, batch: int, threads: int) -> None:
        self.engine = engine
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.workers", mode, engine, net, str(batch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=settings(threads, "numpy" if engine == "pellucid on NumPy" else "native"),
        )
        answer = self._read()
        self.failure: str | None = answer.get("failure")
        if self.failure:
            self.close()
            if not engine.startswith(MAY_FAIL):
                raise Failure(f"{engine}: {self.failure}")

    def round(self) -> float:
        """Return the seconds of a step in one round."""
        time.sleep(PAUSE)
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self._read()["seconds"]

    def close(self) -> None:
        """End the process."""
        self.process.communicate()

    def cpu_seconds(self) -> float:
        """Return what the process has used of all processors, as far as the system tells."""
        return _used(self.process.pid)

    def _read(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.engine}: its process ended with status {self.process.wait()}, see above")
        return json.loads(line)


class Others:
    """How many processors are busy with what is none of ours: a measurement with much of it is worth little."""

    def __init__(self, workers: list[Worker]) -> None:
        self.workers = workers
        self.began, self.before = time.perf_counter(), self._foreign()

    def load(self) -> float | None:
        """Return it as a number of processors, a mean since this object was made; None where nothing tells."""
        now = self._foreign()
        if now is None or self.before is None:
            return None
        return max(0.0, (now - self.before) / (time.perf_counter() - self.began))

    def _foreign(self) -> float | None:
        path = Path("/proc/stat")
        if not path.exists():
            return None
        user, nice, system, _, _, irq, softirq, steal = map(int, path.read_text().split("\n")[0].split()[1:9])
        busy = (user + nice + system + irq + softirq + steal) / TICK
        return busy - sum(worker.cpu_seconds() for worker in self.workers) - _used(os.getpid())


def _used(pid: int) -> float:
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rpartition(")")[2].split()  # the name before it may hold anything
    return (int(fields[11]) + int(fields[12])) / TICK


def work(mode: str, engine: str, net: str, batch: int) -> None:
    """Be a worker: say that all is ready, then answer each line on standard input with a round."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer

    def answer(**content: Any) -> None:
        print(json.dumps(content), file=answers, flush=True)

    try:
        prepare = engines.peak(NETS[net], batch) if engine == "peak" else MODES[mode][engine](NETS[net], batch)
        warm = prepare(WARM)
        warm()
        start = time.perf_counter()
        warm()
        steps = max(LEAST, round(ROUND * WARM / (time.perf_counter() - start)))
        if mode != "infer" and engine != "peak":
            steps = min(steps, len(NETS[net].data()) // batch)
        go = prepare(steps)
    except Exception as error:
        answer(failure=f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}")
        raise SystemExit(0 if engine.startswith(MAY_FAIL) else 1) from error
    answer(ready=steps)
    for _ in sys.stdin:
        warm()
        start = time.perf_counter()
        go()
        answer(seconds=(time.perf_counter() - start) / steps)


if __name__ == "__main__":
    work(*sys.argv[1:4], batch=int(sys.argv[4]))
