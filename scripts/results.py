"""Train each model with several seeds, keep what came out in results/, and rewrite the README's table from it.

./run results                  all models, seeds 0 to 4
./run results --seeds 2        fewer seeds
./run results --data fashion-mnist --seeds 3
./run results --table          only rewrite the table from the files in results/
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean

from pellucid.train import environment
from scripts.readme import rewrite

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results"


def train(model: str, data: str, seed: int) -> dict:
    """Run the command as a user would; return what it prints as JSON."""
    command = [sys.executable, "-c", "from pellucid.cli import main; raise SystemExit(main())"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, "train", model, "--data", data, "--seed", str(seed), "--json", "--out", f"{folder}/run"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return {key: value for key, value in json.loads(done.stdout).items() if key != "run"}


def measure(model: str, data: str, seeds: int) -> None:
    """Train `model` and write results/MODEL.json, or results/MODEL.DATA.json for other images than MNIST's."""
    runs = [train(model, data, seed) for seed in range(seeds)]
    FOLDER.mkdir(exist_ok=True)
    content = {"machine": environment(), "runs": runs}
    name = model if data == "mnist" else f"{model}.{data}"
    (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def table() -> str:
    """Return the README's table, made of all files in results/."""
    lines = [
        "| model | images | parameters | epochs | test accuracy, each seed | mean | machine |",
        "|---|---|---|---|---|---|---|",
    ]
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text())
        if "runs" not in content:  # a benchmark
            continue
        runs, on = content["runs"], content["machine"]
        accuracies = [100 * run["test"]["accuracy"] for run in runs]
        cells = [
            f"`{path.stem.split('.')[0]}`",
            runs[0]["recipe"].get("data", "mnist"),
            f"{runs[0]['parameters']:,}",
            str(runs[0]["recipe"]["epochs"]),
            " ".join(f"{a:.2f}" for a in accuracies),
            f"**{mean(accuracies):.2f} %**",
            f"{on['cores']} cores {on['processor']}, NumPy {on['numpy']}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure what is asked for, then rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["mnist-cnn"])
    parser.add_argument("--data", default="mnist", help="a name of `pellucid data list`")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if not options.table:
        for model in options.models:
            measure(model, options.data, options.seeds)
    rewrite("results", table())


if __name__ == "__main__":
    main()
