"""Whether the tests ran enough of the code: all lines where bytes of others are read or a command may fail, else 95 %.

./run test --cov && ./run coverage

Reads .coverage, to which several test-runs may have added (`--cov-append`); fails if a file is below its gate.
"""

import json
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from coverage import Coverage, CoverageException

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "pellucid"
WHOLE = [
    *("_core/files.py", "cli/*.py", "models/trained.py", "network/epoch_checkpoints.py", "estimators/stored.py"),
    *(f"data/{name}.py" for name in ("idx", "mnist", "images", "decode", "folders", "trees", "fetch")),
    *(f"train/{name}.py" for name in ("tensors", "weights", "checkpoint", "checkpointer", "run_folder", "bundle")),
    *(f"train/{name}.py" for name in ("recipe", "choices", "settings", "toml", "model_info", "history", "steps_log")),
]
"""What reads files, and the commands."""
REST = 95.0


def measured() -> dict[str, tuple[float, list[int]]]:
    """Return for each file of the package the percentage of its lines that ran, and the lines that did not."""
    coverage = Coverage(data_file=str(ROOT / ".coverage"), config_file=str(ROOT / "pyproject.toml"))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        try:
            coverage.load()
            coverage.json_report(outfile=str(report))
        except CoverageException as error:
            sys.exit(f"error: .coverage: {error}; run ./run test --cov first")
        files = json.loads(report.read_text())["files"]
    found = {}
    for path, about in files.items():
        name = (ROOT / path).resolve().relative_to(PACKAGE).as_posix()
        found[name] = about["summary"]["percent_covered"], about["missing_lines"]
    return found


def gate(name: str) -> float:
    """Return how much of a file must have run, in percent."""
    return 100.0 if any(fnmatch(name, pattern) for pattern in WHOLE) else REST


def main() -> None:
    """Print what is below its gate."""
    found = measured()
    unknown = [pattern for pattern in WHOLE if not any(fnmatch(name, pattern) for name in found)]
    if unknown:
        sys.exit(f"error: scripts/coverage_gates.py names {', '.join(unknown)}, which no test ran or which is gone")
    low = {name: (percent, lines) for name, (percent, lines) in found.items() if percent < gate(name)}
    for name, (percent, lines) in low.items():
        print(f"{name}: {percent:.1f} % of the lines ran, {gate(name):.0f} are needed; missing {_ranges(lines)}")
    whole = sum(gate(name) == 100 for name in found)
    print(f"{len(found)} files, {whole} of them to be run to the last line; {len(low)} below their gate")
    sys.exit(1 if low else 0)


def _ranges(lines: list[int]) -> str:
    """Return numbers in words: 3-5, 9."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][-1] + 1:
            parts[-1].append(line)
        else:
            parts.append([line])
    return ", ".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


if __name__ == "__main__":
    main()
