"""Environment: what a run was made on, and by what."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from .. import native
from .._core.threads import cores, processors

CONTRACTS = {
    "native": "native engine: the same bits with the same versions of pellucid and NumPy, seed and data, "
    "on any number of threads, on x86-64-v3 and v4 alike",
    "numpy": "numpy engine: the same bits on the same machine with the same library versions, thread count, "
    "batch size, seed and data",
}
_DECISIVE = ("engine", "system", "pellucid", "numpy")  # for the native engine


def environment(*packages: str) -> dict[str, Any]:
    """Return versions, processor, cores, threads and engine, as plain data; `packages` may be more to name.

    Examples
    --------
    >>> from pellucid.train import environment
    >>> environment()["engine"] in ("native", "numpy")
    True
    """
    names = ("pellucid", "numpy", "safetensors", *packages)
    build: Any = np.show_config(mode="dicts") or {}
    blas = build.get("Build Dependencies", {}).get("blas", {})
    kernels = native.engine
    engine = "numpy" if kernels is None else "native"
    return {
        "engine": engine,
        "instruction_set": None if kernels is None else kernels.instruction_set(),
        "why": native.reason or None,
        "contract": CONTRACTS[engine],
        "threads": _blas_threads() if kernels is None else kernels.thread_count(),
        "processor": _processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in names},
        "blas": " ".join(str(blas[key]) for key in ("name", "version") if key in blas),
        "simd": list(build.get("SIMD Extensions", {}).get("found", [])),
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return in what two environments differ that may change the bits of a run, in words."""
    both_native = before.get("engine") == now.get("engine") == "native"
    keys = [key for key in now if key in before and key not in ("contract", "why")]
    decisive = [key for key in keys if key in _DECISIVE] if both_native else keys
    return [f"{key} {before[key]} -> {now[key]}" for key in decisive if before[key] != now[key]]


def _blas_threads() -> int:
    """Return how many threads NumPy's matrix products may use: what the environment says, else one a processor."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) >= 1:
            return min(int(value), processors())
    return processors()


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
