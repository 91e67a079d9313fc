"""Train small networks with one to four threads and every instruction set: the weights must be the same bits.

python -m scripts.determinism
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pellucid import models, native
from pellucid.data import mnist
from pellucid.train import assemble, digest

SETTINGS: dict[str, dict[str, Any]] = {
    "mnist-cnn": {"augment": {"rotate": 10.0, "elastic": [20, 4]}, "ema": 0.9},
    "cnn": {"loss": {"label_smoothing": 0.1}},
    "scratch2d": {"accumulate": 2, "clip_norm": 1.0},
    "lenet5": {"augment": {"mix_up": 0.3}},
    "cnn-lstm": {"clip_norm": 1.0},
}
"""Which networks, and what else than their recipes."""
THREADS = (1, 2, 3, 4)


def trained(name: str, images: int) -> str:
    """Return the SHA-256 of the weights after an epoch of a few steps."""
    recipe = models.recipe(name).updated({"epochs": 1, "validation": 0, "batch_size": 48, **SETTINGS[name]})
    training = mnist()[0].take(np.arange(images))
    model = models.network(recipe).build(training.input_shape, seed=recipe.seed)
    trainer, loader = assemble(recipe, model, training)
    trainer.lint = False
    trainer.fit(loader, 1)
    return digest(model)


def runs(images: int, names: Iterable[str]) -> Iterator[tuple[str, str, int, str]]:
    """Yield (network, instruction set, threads, SHA-256)."""
    kernels = native.engine
    if kernels is None:
        sys.exit(f"error: {native.reason}; on NumPy bits are promised for the same thread count only")
    before = kernels.thread_count()
    try:
        for name in names:
            for instructions in kernels.instruction_sets():
                with native.using(instructions):
                    for threads in THREADS:
                        kernels.set_thread_count(threads)
                        yield name, instructions, threads, trained(name, images)
    finally:
        kernels.set_thread_count(before)


def compare(images: int = 480, names: Iterable[str] = tuple(SETTINGS)) -> dict[str, Any]:
    """Return how many runs there were, on what, and the networks whose bits differ."""
    found: dict[str, dict[str, list[str]]] = {}
    count, sets = 0, set()
    for name, instructions, threads, sha in runs(images, names):
        found.setdefault(name, {}).setdefault(sha, []).append(f"{instructions} with {threads}")
        count += 1
        sets.add(instructions)
    differing = {name: shas for name, shas in found.items() if len(shas) > 1}
    return {"runs": count, "networks": len(found), "instruction_sets": sorted(sets), "threads": list(THREADS),
            "different": differing}  # fmt: skip


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=480)
    options = parser.parse_args()
    result = compare(options.images)
    print(f"{result['runs']} runs of {result['networks']} networks, {', '.join(result['instruction_sets'])}, "
          f"1 to {max(THREADS)} threads: {len(result['different'])} differ")  # fmt: skip
    for name, shas in result["different"].items():
        for sha, where in shas.items():
            print(f"  {name}: {sha[:16]} on {', '.join(where)}")
    sys.exit(1 if result["different"] else 0)


if __name__ == "__main__":
    main()
