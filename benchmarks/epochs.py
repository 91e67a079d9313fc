"""How long an epoch of each ready model takes: pellucid on both of its engines, and the same network in PyTorch.

python -m benchmarks.epochs                 all models of pellucid.models with a twin in PyTorch (some minutes)
python -m benchmarks.epochs lenet5 cnn      only these

Each is trained as its recipe says, for one epoch, without validation; PyTorch with the recipe's batch size, its
optimiser and tensors that lie ready in memory, in NCHW and channels-last.  Every run is a process of its own, and the
engines take turns.  results/epochs.json keeps the shortest of each.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parents[1] / "results" / "epochs.json"
ENGINES = ("native", "torch", "torch channels-last", "numpy")
TWINS = {
    "mnist-cnn": "mnist_cnn", "cnn": "cnn", "lenet5": "lenet5", "lenet": "lenet", "scratch2d": "scratch2d",
    "cnn-lstm": "cnn_lstm", "row-lstm": "row_lstm",
}  # fmt: skip
"""The networks here, and in benchmarks/torch_nets.py."""


def pellucid(name: str) -> float:
    """Return the seconds of one epoch with the engine of this process."""
    from pellucid import models
    from pellucid.train import assemble, load_parts

    recipe = models.recipe(name).updated({"epochs": 1, "validation": 0})
    parts = load_parts(recipe)
    model = models.network(recipe).build(parts.training.input_shape, seed=recipe.seed)
    trainer, loader = assemble(recipe, model, parts.training)
    start = time.perf_counter()
    trainer.fit(loader, 1)
    return time.perf_counter() - start


def torch(name: str, channels_last: bool) -> float:
    """Return the seconds of one epoch of the twin."""
    import torch

    from benchmarks import torch_nets
    from pellucid import models
    from pellucid.train import load_parts

    recipe = models.recipe(name).updated({"validation": 0})
    training = load_parts(recipe).training
    x, labels = (torch.from_numpy(array) for array in training.batch(range(len(training))))
    model = getattr(torch_nets, TWINS[name])()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    kind = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}[recipe.optimizer["name"]]
    settings = {key: value for key, value in recipe.optimizer.items() if key != "name"}
    optimizer = getattr(torch.optim, kind)(model.parameters(), **settings)
    loss = torch.nn.CrossEntropyLoss()
    start = time.perf_counter()
    for chosen in torch.randperm(len(x)).split(recipe.batch_size):
        optimizer.zero_grad(set_to_none=True)
        loss(model(x[chosen]), labels[chosen]).backward()
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        optimizer.step()
    return time.perf_counter() - start


def measure(name: str, engine: str) -> float:
    """Return the seconds that a process of its own takes for an epoch."""
    settings = os.environ | ({"PELLUCID_BACKEND": engine} if engine in ("native", "numpy") else {})
    command = [sys.executable, "-m", "benchmarks.epochs", "--one", engine, name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=settings)
    return float(done.stdout)


def main() -> None:
    """Measure, and write what came out beside what was measured before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(TWINS))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.models) - set(TWINS):
        parser.error(f"no twin of {', '.join(sorted(unknown))}; there are {', '.join(TWINS)}")
    if options.one:
        (name,) = options.models
        layout = options.one == "torch channels-last"
        print(torch(name, layout) if options.one.startswith("torch") else pellucid(name))
        return

    from pellucid.train import environment

    content: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {"models": {}}
    for name in options.models:
        # Layouts are those of images; sequences of rows have one.
        engines = [e for e in ENGINES if not (e == "torch channels-last" and "lstm" in name)]
        seconds = {engine: [measure(name, engine)] for engine in engines}
        for _ in range(options.rounds - 1):
            for engine in engines:
                seconds[engine].append(measure(name, engine))
        content["models"][name] = {engine: min(times) for engine, times in seconds.items()}
        content["machine"] = environment()
        RESULT.write_text(json.dumps(content, indent=1) + "\n")
        print(name, content["models"][name], flush=True)


if __name__ == "__main__":
    main()
