"""Show what each initialiser does in a deep network, layer by layer: docs/initialisers.md and its picture.

python -m scripts.initialisers
"""

from pathlib import Path

import numpy as np

from pellucid import data
from pellucid.nn import Linear, ReLU, Sequential, Tanh
from scripts.readme import rewrite
from scripts.signals import Signal, note, signals, table

DOCS = Path(__file__).parents[1] / "docs"
DEPTH, WIDTH, IMAGES, SEED = 20, 128, 200, 0
INITS = ("small_normal", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal")
DRAWN = {
    "small_normal": "-",
    "glorot_normal": "-",
    "he_normal": "-",
    "orthogonal": "--",
}  # uniform ones lie upon normal
BENDS = {"ReLU": ReLU, "tanh": Tanh}


def measure(init: str, bend: type, x: np.ndarray, labels: np.ndarray) -> list[Signal]:
    """Return the signals behind each of the bends of a deep network."""
    layers, features = {}, x.shape[1]
    for i in range(1, DEPTH + 1):
        layers[f"linear{i}"] = Linear(features, WIDTH, weight_init=init)
        layers[f"bend{i}"] = bend()
        features = WIDTH
    # The last layer is the same in all networks: what is compared is what lies before it.
    layers["out"] = Linear(WIDTH, 10, weight_init="glorot_uniform")
    model = Sequential(layers).build(x.shape[1:], seed=SEED, dtype=np.float64)
    return [row for row in signals(model, x, labels) if row.name.startswith("bend")]


def main() -> None:
    """Measure, draw, and put the table into the page."""
    training, _ = data.mnist()
    x, labels = training.normalize(training.inputs[:IMAGES], np.dtype(np.float64)), training.labels[:IMAGES]
    x = x.reshape(IMAGES, -1)
    seen = {(bend, init): measure(init, kind, x, labels) for bend, kind in BENDS.items() for init in INITS}
    rows = [
        (bend, f"`{init}`", *(f"{number:.1e}" for number in (rows[0].output, rows[-1].output)), _ratio(rows))
        for (bend, init), rows in seen.items()
    ]
    head = ("", "initialiser", "outputs of layer 1", f"of layer {DEPTH}", f"gradient at layer 1 / at layer {DEPTH}")
    page = DOCS / "initialisers.md"
    rewrite("signals", table(head, rows), page)
    what = f"{IMAGES} images of MNIST with mean 0 and deviation 1, {DEPTH} layers of {WIDTH}, seed {SEED}, float64"
    rewrite("note", note(what) + "\n", page)
    draw(seen, DOCS / "initialisers.png")


def _ratio(rows: list[Signal]) -> str:
    first, last = rows[0].output_gradient, rows[-1].output_gradient
    return f"{first / last:.1e}"


def draw(seen: dict, path: Path) -> None:
    """Draw outputs and gradients by layer, a row for each activation."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6.4), layout="constrained")
    panels = figure.subplots(len(BENDS), 2, sharex=True)
    for bend, (left, right) in zip(BENDS, panels, strict=True):
        for init, style in DRAWN.items():
            rows = seen[bend, init]
            for panel, values in ((left, [r.output for r in rows]), (right, [r.output_gradient for r in rows])):
                panel.semilogy(range(1, DEPTH + 1), values, style, label=init)
        left.set(title=f"{bend}: outputs", ylabel="root mean square")
        right.set(title=f"{bend}: gradient of the outputs")
    for panel in panels[-1]:
        panel.set(xlabel="layer", xticks=range(2, DEPTH + 1, 2))
    panels[0][0].legend(loc="lower left")
    figure.savefig(path, dpi=80, metadata={"Software": None})


if __name__ == "__main__":
    main()
