"""How far float32's gradients of whole networks are from float64's, on both engines and in PyTorch.

python -m scripts.float32_errors           prints the table
python -m scripts.float32_errors --write   also into results/float32.json and docs/trust.md

The error of one batch is |g - exact| / |exact|, in Euclidean norms over the gradients of all parameters; exact is
float64's, with the same numbers.  Images of MNIST, a network's own start values, no dropout, whose masks differ.
"""

import argparse
import warnings
from datetime import UTC, datetime
from statistics import median
from typing import Any

import numpy as np

from pellucid import data, models, native
from pellucid.interop import has_torch, torch_twin
from pellucid.nn import CrossEntropyLoss, Dropout, Dropout1d, Dropout2d, Module
from pellucid.train import environment
from scripts.readme import TRUST, publish

SEEDS, BATCH = range(5), 32


def errors(name: str, seed: int, batch: int = BATCH) -> dict[str, float]:
    """Return the error of one network's gradient by who computed it; PyTorch's only where it is installed."""
    entry = models.find(name)
    model = entry.make().build(entry.input_shape, seed)
    for _, module in model.named_modules():
        if isinstance(module, Dropout | Dropout1d | Dropout2d):
            module.p = 0.0
    x, labels = data.mnist()[0].batch(np.arange(seed * batch, (seed + 1) * batch), np.float32)
    x = x.reshape(batch, *entry.input_shape)
    exact = gradient(model.astype(np.float64), x.astype(np.float64), labels)
    found = {}
    if native.engine is not None:
        found["native"] = gradient(model, x, labels)
    with native.using("numpy"):
        found["NumPy"] = gradient(model, x, labels)
    if has_torch():
        import torch

        found["PyTorch"] = gradient_of_torch(model, x, labels)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of GPUs that nobody asked for
            with torch.backends.mkldnn.flags(enabled=False):
                found["PyTorch without oneDNN"] = gradient_of_torch(model, x, labels)
    return {who: float(np.linalg.norm(g - exact) / np.linalg.norm(exact)) for who, g in found.items()}


def gradient(model: Module, x: Any, labels: Any) -> Any:
    """Return the gradients of all parameters in one row, as float64."""
    model = model.astype(x.dtype)  # running statistics are its own
    loss = CrossEntropyLoss()
    model.start_step(0, 0)
    loss(model(x), labels)
    model.backward(loss.backward())
    return np.concatenate([p.grad.ravel() for _, p in model.named_parameters()]).astype(np.float64)


def gradient_of_torch(model: Module, x: Any, labels: Any) -> Any:
    """Return PyTorch's gradients in float32 as `gradient` does."""
    import torch

    twin = torch_twin(model).train()
    torch.nn.functional.cross_entropy(twin(torch.from_numpy(x)), torch.from_numpy(labels.astype(np.int64))).backward()
    return np.concatenate([p.grad.numpy().ravel() for p in twin.parameters()]).astype(np.float64)


def table(figures: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    who = list(next(iter(figures["networks"].values())))
    lines = [f"| network | {' | '.join(who)} |", f"|{'---|' * (len(who) + 1)}"]
    for name, found in figures["networks"].items():
        lines.append(f"| `{name}` | {' | '.join(f'{found[w]:.1e}' for w in who)} |")
    on = figures["machine"]
    where = f"pellucid {on['pellucid']}, {on['cores']} cores {on['processor']}, {on['instruction_set']}, "
    where += f"NumPy {on['numpy']}, PyTorch {on.get('torch') or 'not installed'}, {figures['made'][:10]}"
    return "\n".join([*lines, "", f"{where}."]) + "\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    networks = {}
    for name in models.MODELS:
        found = [errors(name, seed) for seed in SEEDS]
        networks[name] = {who: median(one[who] for one in found) for who in found[0]}
    figures = {"networks": networks, "batch": BATCH, "seeds": list(SEEDS), "machine": environment("torch")}
    figures["made"] = datetime.now(UTC).isoformat(timespec="seconds")
    print(table(figures))
    if options.write:
        publish("float32", figures, table(figures), TRUST)


if __name__ == "__main__":
    main()
