"""Everything that pellucid claims and a program can check, in one table of figures.

./run trust                      all of it (some four minutes)
./run trust --short              less of each, for every change (under a minute)
./run trust --long               more: some 500 kills, 10,000 mutations of every kind of file (half an hour)
./run trust crash --kills 500    one part, with its own options: certify, determinism, crash, fuzz, kernels
./run trust --write              also into results/trust.json and docs/trust.md
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.readme import ROOT, TRUST, publish

PELLUCID = ["-c", "from pellucid.cli import main; raise SystemExit(main())"]
PARTS = {
    "certify": [*PELLUCID, "certify"],
    "determinism": ["-m", "scripts.determinism"],
    "crash": ["-m", "scripts.crash_test"],
    "fuzz": ["-m", "scripts.fuzz"],
    "kernels": ["-m", "scripts.fuzz_kernels"],
}
OUT = {"certify": "--out"}
SHORT_NAMES = ["conv2d_relu_max_pool2d", "linear", "batch_norm", "lstm", "cross_entropy", "lenet"]


def run(part: str, *arguments: str) -> int:
    """Run a part; return its exit code."""
    return subprocess.run([sys.executable, *PARTS[part], *arguments], cwd=ROOT, check=False).returncode


def figures_of(part: str, *arguments: str) -> Any:
    """Run a part; return what it measured, also if it failed: then the table tells."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        code = run(part, *arguments, OUT.get(part, "--json"), str(file))
        if not file.exists():
            sys.exit(f"error: {part}: ended with {code} and without figures")
        return json.loads(file.read_text())


def measure(short: bool, long: bool) -> dict[str, Any]:
    """Run all parts; return their figures."""
    from pellucid.train import environment
    from scripts import determinism

    began = time.monotonic()
    kills, faults = (1, 5) if short else (300, 330) if long else (5, 20)
    most = [] if long else ["--seconds", "5" if short else "60"]
    figures: dict[str, Any] = {
        "certify": figures_of("certify", *(SHORT_NAMES if short else [])),
        "determinism": determinism.compare(*((96, ("cnn", "cnn-lstm")) if short else (480,))),
        "crash": figures_of("crash", "--kills", str(kills), "--faults", str(faults)),
        "fuzz": figures_of("fuzz", *most),
        "kernels": figures_of("kernels", "--calls", "2000" if short else "100000"),
    }
    figures["seconds"] = time.monotonic() - began
    figures |= {"machine": environment("torch"), "made": datetime.now(UTC).isoformat(timespec="seconds")}
    return figures


def failures(figures: dict[str, Any]) -> int:
    """Return how many claims did not hold, of all parts."""
    return (
        sum(not finding["passed"] for finding in figures["certify"]["findings"])
        + len(figures["determinism"]["different"])
        + sum(figures["crash"][kind] for kind in ("damaged", "different", "disorder", "other"))
        + sum(kind["faults"] for kind in figures["fuzz"]["kinds"].values())
        + len(figures["kernels"]["faults"])
    )


def table(figures: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    findings = figures["certify"]["findings"]

    def worst(check: str) -> str:
        errors = [f["error"] for f in findings if f["check"] == check]
        return f"{max(errors):.1e}" if errors else "not installed"

    cases = len({(f["subject"], f["case"]) for f in findings})
    bits, crash, fuzz = figures["determinism"], figures["crash"], figures["fuzz"]["kinds"]
    kernels, kills = figures["kernels"], sum(n for what, n in crash["hits"].items() if what.startswith("kill"))
    rows = [
        ("gradients against central differences, float64", f"{cases} cases", f"worst error {worst('differences')}"),
        ("float32 as it runs against float64", f"{sum(f['check'] == 'float32' for f in findings)} arrays",
         f"worst error {worst('float32')}"),
        ("against PyTorch, float64", f"{sum(f['check'] == 'PyTorch' for f in findings)} arrays",
         f"worst error {worst('PyTorch')}"),
        (f"equal bits on {', '.join(bits['instruction_sets'])}, 1 to {max(bits['threads'])} threads",
         f"{bits['runs']} trainings", f"{len(bits['different'])} differ"),
        ("SIGKILL at random times and while writing, full and read-only disks",
         f"{kills} kills, {sum(crash['hits'].values()) - kills} disks",
         f"{crash['damaged']} damaged checkpoints, {crash['different']} ends that differ"),
        ("files written in the order write, fsync, rename, fsync of the folder", f"{crash['files_in_order']} files",
         f"{crash['disorder']} otherwise"),
        ("mutated files", f"{sum(k['files'] for k in fuzz.values()):,} of {len(fuzz)} kinds",
         f"{sum(k['faults'] for k in fuzz.values())} without a clear answer"),
        ("native kernels with arguments that do not fit", f"{kernels['calls']:,} calls",
         f"{len(kernels['faults'])} ended the process"),
    ]  # fmt: skip
    rows.append(("failures, all together", "", str(failures(figures))))
    lines = ["| claim | checked | result |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    on = figures["machine"]
    where = f"pellucid {on['pellucid']}, {on['cores']} cores {on['processor']}, NumPy {on['numpy']}, "
    where += f"PyTorch {on.get('torch') or 'not installed'}, {figures['made'][:10]}"
    return "\n".join([*lines, "", f"{where}."]) + "\n"


def main() -> None:
    """Check what is asked for, and print the table."""
    if len(sys.argv) > 1 and sys.argv[1] in PARTS:
        sys.exit(run(sys.argv[1], *sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    figures = measure(options.short, options.long)
    shown = table(figures)
    print(f"\n{shown}")
    if options.write:
        figures["certify"]["findings"] = [f for f in figures["certify"]["findings"] if not f["passed"]]
        publish("trust", figures, shown, TRUST)
    sys.exit(f"error: {broken} of the claims did not hold" if (broken := failures(figures)) else 0)


if __name__ == "__main__":
    main()
