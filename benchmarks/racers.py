"""Who runs in the race, each in a fresh process: from nothing to a network that has been tested.

    python -m benchmarks.racers ENGINE RECIPE SEED HELD_OUT

Only what an engine needs is imported.  The last line printed is {"accuracy": ..., "epochs": [seconds of each]}.
"""

import gzip
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.nets import NETS

FILES = Path(__file__).parents[1] / "src" / "pellucid" / "data" / "files" / "mnist"


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; all that can be tuned."""

    net: str
    optimizer: str
    batch: int
    epochs: int
    lr: float  # the highest of the cycle, or the constant one
    one_cycle: dict[str, float] | None = field(default_factory=dict)  # OneCycleLR's other arguments; None: constant
    settings: dict[str, Any] = field(default_factory=dict)  # the optimiser's other arguments


RECIPES = {
    "C": Recipe(
        "C", "AdamW", batch=64, epochs=3, lr=0.006, one_cycle={"pct_start": 0.3}, settings={"weight_decay": 0.1}
    ),
    "A": Recipe("A", "Adam", batch=64, epochs=3, lr=0.006, one_cycle={"pct_start": 0.3}),
    "epoch-32": Recipe("C", "SGD", batch=32, epochs=3, lr=0.01, one_cycle=None),
    "epoch-128": Recipe("C", "SGD", batch=128, epochs=3, lr=0.01, one_cycle=None),
}


def pellucid(recipe: Recipe, seed: int, held_out: int) -> tuple[float, list[float]]:
    """Return the accuracy and the seconds of each epoch."""
    from pellucid import Trainer, optim
    from pellucid.data import Loader, mnist

    train, test = mnist()
    if held_out:
        train, test = train.split(held_out, seed)
    model = NETS[recipe.net].ours().build(train.input_shape, seed)
    optimizer = getattr(optim, recipe.optimizer)(model.parameters(), lr=recipe.lr, **recipe.settings)
    loader, schedule = Loader(train, recipe.batch, seed=seed), None
    if recipe.one_cycle is not None:
        schedule = optim.OneCycleLR(optimizer, recipe.lr, recipe.epochs * len(loader), **recipe.one_cycle)
    trainer = Trainer(model, optimizer, schedule=schedule, seed=seed)
    epochs = []
    for _ in range(recipe.epochs):
        start = time.perf_counter()
        trainer.fit(loader, epochs=1)
        epochs.append(time.perf_counter() - start)
    return trainer.evaluate(test)["accuracy"], epochs


def torch(recipe: Recipe, seed: int, held_out: int, channels_last: bool = False) -> tuple[float, list[float]]:
    """Return the accuracy and the seconds of each epoch; tensors are preloaded and shuffled once an epoch."""
    import torch

    torch.manual_seed(seed)
    (x, labels), test = _tensors("train"), _tensors("t10k")
    mean, std = x.mean(), x.std()
    x, test_x, test_labels = (x - mean) / std, (test[0] - mean) / std, test[1]
    if held_out:
        order = torch.randperm(len(x))
        x, labels = x[order], labels[order]
        test_x, test_labels, x, labels = x[:held_out], labels[:held_out], x[held_out:], labels[held_out:]
    model = NETS[recipe.net].theirs()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    optimizer = getattr(torch.optim, recipe.optimizer)(model.parameters(), lr=recipe.lr, **recipe.settings)
    starts, loss, schedule = range(0, len(x), recipe.batch), torch.nn.CrossEntropyLoss(), None
    if recipe.one_cycle is not None:
        steps = recipe.epochs * len(starts)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.lr, steps, **recipe.one_cycle)
    epochs = []
    for _ in range(recipe.epochs):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        inputs, targets = x[order], labels[order]
        if channels_last:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        for first in starts:
            optimizer.zero_grad(set_to_none=True)
            loss(model(inputs[first : first + recipe.batch]), targets[first : first + recipe.batch]).backward()
            optimizer.step()
            if schedule is not None:
                schedule.step()
        epochs.append(time.perf_counter() - start)
    model.eval()
    with torch.inference_mode():
        hits = sum(
            (model(test_x[first : first + 256]).argmax(1) == test_labels[first : first + 256]).sum().item()
            for first in range(0, len(test_x), 256)
        )
    return hits / len(test_x), epochs


def _tensors(part: str) -> tuple[Any, Any]:
    """Return images and labels, read as quickly as Python can."""
    import numpy as np
    import torch

    images = gzip.decompress((FILES / f"{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((FILES / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    pixels = torch.from_numpy(np.frombuffer(images, np.uint8, offset=16).reshape(-1, 1, 28, 28).copy())
    return pixels.float() / 255, torch.from_numpy(np.frombuffer(labels, np.uint8, offset=8).astype(np.int64))


RACERS = {
    "pellucid": pellucid,
    "torch": torch,
    "torch channels-last": lambda recipe, seed, held_out: torch(recipe, seed, held_out, channels_last=True),
}

if __name__ == "__main__":
    engine, name, seed, held_out = sys.argv[1:]
    accuracy, epochs = RACERS[engine](RECIPES[name], int(seed), int(held_out))
    print(json.dumps({"accuracy": accuracy, "epochs": epochs}), flush=True)
