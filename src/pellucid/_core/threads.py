"""How many threads compute: those of the native engine and those of NumPy's matrix products."""

import os
import sys
from collections.abc import Iterator
from math import ceil
from pathlib import Path

from .errors import ConfigError

_VARIABLES = (
    "PELLUCID_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_MOST = 1024


def limit_threads(count: int) -> None:
    """Let the native engine and NumPy's BLAS use `count` threads in this process.

    BLAS libraries read their limit once, when they are loaded, so this works only before NumPy is imported.

    Raises
    ------
    ConfigError
        If there cannot be so many, or NumPy is loaded already.
    """
    if not 1 <= count <= _MOST:
        raise ConfigError(f"threads: {count} given, at least 1 and at most {_MOST} are possible")
    if "numpy" in sys.modules:
        raise ConfigError(
            f"threads: NumPy is loaded already and keeps its threads; "
            f"start Python with PELLUCID_NUM_THREADS={count} and OPENBLAS_NUM_THREADS={count} instead"
        )
    os.environ.update(dict.fromkeys(_VARIABLES, str(count)))


def thread_count() -> int:
    """Return how many threads the native engine starts with: PELLUCID_NUM_THREADS, else one a core."""
    value = os.environ.get("PELLUCID_NUM_THREADS", "")
    if not value:
        return cores()
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= _MOST):
        raise ConfigError(f"PELLUCID_NUM_THREADS: is {value!r}, a whole number from 1 to {_MOST} is needed")
    return int(value)


def processors() -> int:
    """Return how many processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores(root: Path = Path("/")) -> int:
    """Return how many processors' time this process gets: those it may run on, as far as a container's quota reaches.

    More threads than that would stop each other: when the quota of a period is used up, all of them wait.
    """
    return max(1, min([processors(), *map(ceil, _quotas(root))]))


def why(root: Path = Path("/")) -> str:
    """Return in words what the number of threads follows from.

    Examples
    --------
    >>> from pellucid._core.threads import why
    >>> print(why())  # doctest: +SKIP
    2 of 8 processors by affinity, the control group grants 1.5 of them; one thread a core
    """
    whole, mine, quotas = os.cpu_count() or 1, processors(), list(_quotas(root))
    found = f"{mine} of {whole} processors by affinity" if mine < whole else f"{whole} processors"
    found += f", the control group grants {min(quotas):g} of them" if quotas and min(quotas) < mine else ""
    named = [name for name in _VARIABLES if os.environ.get(name)]
    said = f"{named[0]} says {os.environ[named[0]]}" if named else "one thread a core"
    return f"{found}; {said}"


def _quotas(root: Path) -> Iterator[float]:
    """Yield what the control groups, this process' and those above it, allow; /proc and /sys lie under `root`."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        for mount in (root / "sys/fs/cgroup" / place for place in (controllers or ".", "cpu", "unified")):
            group = mount / path.lstrip("/")
            # In a container the path may be the host's; the group itself is then the mount.
            for folder in (group, *(p for p in group.parents if p.is_relative_to(mount))):
                files = ("cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us")  # version 2, and two of version 1
                numbers = " ".join(_text(folder / name) for name in files).split()
                if len(numbers) == 2 and all(n.isdigit() and int(n) for n in numbers):  # no quota is "max" or -1
                    yield int(numbers[0]) / int(numbers[1])


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
