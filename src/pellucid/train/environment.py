"""Environment: what a run was made on, and by what."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

CONTRACT = (
    "numpy engine: the same bits on the same machine with the same library versions, thread count, batch size, "
    "seed and data"
)


def environment(*packages: str) -> dict[str, Any]:
    """Return versions, processor, cores, threads and engine, as plain data; `packages` may be more to name.

    Examples
    --------
    >>> from pellucid.train import environment
    >>> environment()["engine"]
    'numpy'
    """
    names = ("pellucid", "numpy", "safetensors", *packages)
    build: Any = np.show_config(mode="dicts") or {}
    blas = build.get("Build Dependencies", {}).get("blas", {})
    return {
        "engine": "numpy",
        "contract": CONTRACT,
        "threads": threads(),
        "processor": _processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in names},
        "blas": " ".join(str(blas[key]) for key in ("name", "version") if key in blas),
        "simd": list(build.get("SIMD Extensions", {}).get("found", [])),
    }


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """Return how many threads NumPy's matrix products may use: what the environment says, else one a core."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) >= 1:
            return min(int(value), cores())
    return cores()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
