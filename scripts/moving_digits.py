"""Digits that move: what cnn-lstm makes of whole sequences, and of single frames of the same sequences.

python -m scripts.moving_digits             trains both (some minutes), writes results/moving-digits.json
python -m scripts.moving_digits --table     only rewrites the table of docs/systems.md

A class is a digit and the direction in which it moves; in a single frame nothing tells the direction, so a quarter is
the most that can be right.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from pellucid import data, models
from pellucid.data import Dataset
from pellucid.train import assemble, environment
from scripts.readme import rewrite

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "results" / "moving-digits.json"
FRAME = 3  # any one is like any other


def single(sequences: Dataset) -> Dataset:
    """Return one frame of each sequence."""
    pieces = np.array_split(np.arange(len(sequences)), 100)
    frames = np.concatenate([sequences.inputs[piece][:, FRAME] for piece in pieces])
    return Dataset(frames, sequences.labels, sequences.class_names, sequences.normalize)


def accuracy(train: Dataset, test: Dataset, seed: int) -> float:
    """Train by the recipe of moving digits, and return the accuracy on the test set."""
    recipe = models.recipe("cnn-lstm", "moving-digits").updated({"seed": seed, "validation": 0})
    model = models.network(recipe).build(train.input_shape, seed=seed)
    trainer, loader = assemble(recipe, model, train)
    trainer.fit(loader, recipe.epochs)
    return trainer.evaluate(test)["accuracy"]


def table() -> str:
    """Return the table of docs/systems.md."""
    found, on = json.loads(RESULT.read_text()), json.loads(RESULT.read_text())["machine"]
    lines = ["| cnn-lstm sees | test accuracy, each seed | mean |", "|---|---|---|"]
    for name, values in found["accuracy"].items():
        each = " ".join(f"{100 * value:.2f}" for value in values)
        lines.append(f"| {name} | {each} | **{100 * np.mean(values):.2f} %** |")
    where = f"{on['cores']} cores {on['processor']}, NumPy {on['numpy']}"
    return "\n".join([*lines, "", f"Seeds 0, 1, ...; {where}."]) + "\n"


def main() -> None:
    """Train, and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if not options.table:
        train, test = data.load("moving-digits")
        found: dict[str, list[float]] = {"eight frames": [], "one frame": []}
        for seed in range(options.seeds):
            found["eight frames"].append(accuracy(train, test, seed))
            found["one frame"].append(accuracy(single(train), single(test), seed))
        RESULT.write_text(json.dumps({"machine": environment(), "accuracy": found}, indent=1) + "\n")
    rewrite("moving-digits", table(), ROOT / "docs" / "systems.md")


if __name__ == "__main__":
    main()
