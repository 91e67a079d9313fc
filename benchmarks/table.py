"""The README's figures of speed, made of what `./run bench` and `./run race` wrote.

python -m benchmarks.table             rewrite what stands between the marks <!-- bench --> of the README
python -m benchmarks.table --print     show it only
"""

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.nets import NETS
from scripts.readme import rewrite

RESULTS = Path(__file__).parents[1] / "results"
TITLES = {
    "train": "Training, a step",
    "infer": "Inference, a batch",
    "numpy": "Training on the NumPy reference, a step",
}
HEAD = ["network", "batch", "pellucid", "fastest PyTorch", "ratio", "ONNX Runtime", "ratio", "of FMA peak"]


def bench(report: dict[str, Any]) -> list[str]:
    """Return one table for each mode."""
    on, lines = report["machine"], []
    for mode, title in TITLES.items():
        rows = [row for row in report["rows"] if row["mode"] == mode]
        if not rows:
            continue
        columns = [i for i in range(len(HEAD)) if mode == "infer" or i not in (5, 6)]
        lines += [f"{title}, {report['threads']} threads, milliseconds:", ""]
        lines += ["| " + " | ".join(HEAD[i] for i in columns) + " |", "|---" * len(columns) + "|"]
        lines += ["| " + " | ".join(cells(row)[i] for i in columns) + " |" for row in rows]
        lines.append("")
    loads = [row["load_of_others"] for row in report["rows"] if row["load_of_others"] is not None]
    busy = f"; others used at most {max(loads):.2f} CPUs meanwhile" if loads else ""
    versions = f"PyTorch {on['torch']}, ONNX Runtime {on['onnxruntime']}, NumPy {on['numpy']}"
    where = f"{on['cores']} cores {on['processor']}, {versions}, {report['made'][:10]}"
    return [*lines, f"Medians of {report['rounds']} alternating rounds, ratio = peer's time / ours. {where}{busy}.", ""]


def cells(row: dict[str, Any]) -> list[str]:
    """Return one row's cells, as `HEAD` names them."""
    ours, *_ = row["milliseconds"]
    mine, runtime = row["milliseconds"][ours], row["milliseconds"].get("onnxruntime")
    peers = {name: value for name, value in row["milliseconds"].items() if name.startswith("torch")}
    best = min(peers, key=peers.__getitem__)
    how = best.removeprefix("torch").lstrip(" .") or "NCHW"
    share = f"{row['percent_of_peak']:.0f} %" if "percent_of_peak" in row else ""
    return [
        f"{row['net']}, {NETS[row['net']].about}",
        str(row["batch"]),
        f"{mine:.3g}",
        f"{peers[best]:.3g} ({how})",
        f"**{peers[best] / mine:.2f}**",
        f"{runtime:.3g}" if runtime else "",
        f"**{runtime / mine:.2f}**" if runtime else "",
        share,
    ]


def race(report: dict[str, Any]) -> list[str]:
    """Return the sentences about the race."""
    recipe, engines = report["recipe"], report["engines"]
    ours, peer = engines["pellucid"], report.get("peer")
    accuracy = [100 * ours["accuracy"][key] for key in ("mean", "min", "max")]
    end = "the 10,000 test images" if report["measured_on"] == "test" else "5,000 images held out"
    text = (
        f"From the start of the process to a network tested on {end}: {ours['seconds']['mean']:.1f} s "
        f"({ours['seconds']['min']:.1f} to {ours['seconds']['max']:.1f}) for {accuracy[0]:.2f} % ({accuracy[1]:.2f} to "
        f"{accuracy[2]:.2f}), {len(ours['runs'])} seeds, net {recipe['net']}, {recipe['epochs']} epochs"
    )
    if peer:
        theirs = engines[peer]
        text += f"; the same recipe in PyTorch takes {theirs['seconds']['mean']:.1f} s"
    lines = [text + "."]
    for batch, seconds in report["epoch"].items():
        peers = [value for name, value in seconds.items() if name != "pellucid"]
        beside = f", PyTorch {min(peers):.2f} s" if peers else ""
        lines.append(f"An epoch of net C at batch {batch}: {seconds['pellucid']:.2f} s{beside}.")
    return [*lines, ""]


def main() -> None:
    """Rewrite or show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true")
    options = parser.parse_args()
    parts = [
        line
        for make, name in ((bench, "bench"), (race, "race"))
        if (RESULTS / f"{name}.json").exists()
        for line in make(json.loads((RESULTS / f"{name}.json").read_text()))
    ]
    content = "\n".join(parts)
    if options.print:
        print(content)
    else:
        rewrite("bench", content)


if __name__ == "__main__":
    main()
