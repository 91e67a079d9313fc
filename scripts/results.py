"""Train each model with several seeds, keep what came out in results/, and rewrite the README's table from it.

./run results                  all models, seeds 0 to 4
./run results --seeds 2        fewer seeds
./run results --data fashion-mnist --seeds 3
./run results --table          only rewrite the table from the files in results/

Seconds per epoch come from `python -m benchmarks.epochs`, results/epochs.json.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean

from pellucid import models
from pellucid.train import environment
from scripts.readme import rewrite

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results"


def train(model: str, data: str | None, seed: int) -> dict:
    """Run the command as a user would; return what it prints as JSON."""
    source = [] if data is None else ["--data", data]
    command = [sys.executable, "-c", "from pellucid.cli import main; raise SystemExit(main())"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, "train", model, *source, "--seed", str(seed), "--json", "--out", f"{folder}/run"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return {key: value for key, value in json.loads(done.stdout).items() if key != "run"}


def measure(model: str, data: str | None, seeds: int) -> None:
    """Train `model` and write results/MODEL.json, or results/MODEL.DATA.json for other data than its own."""
    FOLDER.mkdir(exist_ok=True)
    name = model if data is None else f"{model}.{data}"
    runs: list[dict] = []
    for seed in range(seeds):  # written after each: some take long
        runs.append(train(model, data, seed))
        content = {"machine": environment(), "runs": runs}
        (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def table() -> str:
    """Return the README's table, made of all files in results/."""
    heads = ["model", "images", "parameters", "epochs", "test accuracy, each seed", "mean"]
    times, machines = {"models": {}}, set()
    if (FOLDER / "epochs.json").exists():  # else there are no columns for it
        heads += ["s/epoch", "on NumPy", "PyTorch"]
        times = json.loads((FOLDER / "epochs.json").read_text())
        machines.add(_machine(times["machine"]))
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text())
        if "runs" not in content:  # a benchmark
            continue
        runs, model = content["runs"], path.stem.split(".")[0]
        recipe = runs[0]["recipe"]
        accuracies = [100 * run["test"]["accuracy"] for run in runs]
        # Epochs were timed on the data of a model's own recipe.
        own = recipe["data"] == models.recipe(model).data
        engines = times["models"].get(model, {}) if own else {}
        peers = [seconds for engine, seconds in engines.items() if engine.startswith("torch")]
        cells = [
            f"`{model}`",
            recipe["data"],
            f"{runs[0]['parameters']:,}",
            str(recipe["epochs"]),
            " ".join(f"{a:.2f}" for a in accuracies),
            f"**{mean(accuracies):.2f} %**",
            *(f"{engines[engine]:.1f}" if engine in engines else "" for engine in ("native", "numpy")),
            f"{min(peers):.1f}" if peers else "",
        ]
        machines.add(_machine(content["machine"]))
        lines.append(f"| {' | '.join(cells[: len(heads)])} |")
    return "\n".join([*lines, "", f"Seeds 0, 1, ...; {'; '.join(sorted(machines))}."]) + "\n"


def _machine(on: dict) -> str:
    return f"{on['cores']} cores {on['processor']}, NumPy {on['numpy']}"


def main() -> None:
    """Measure what is asked for, then rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["mnist-cnn"])
    parser.add_argument("--data", help="a name of `pellucid data list`; else that of the model's recipe")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if not options.table:
        for model in options.models:
            measure(model, options.data, options.seeds)
    rewrite("results", table())


if __name__ == "__main__":
    main()
