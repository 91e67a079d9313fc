"""Show why a network of small weights stays at chance, from real runs: docs/at-chance.md and its picture.

python -m scripts.at_chance
"""

from pathlib import Path

import numpy as np

from pellucid import LeNet, Scratch2dCNNClassifier, data
from scripts.readme import rewrite
from scripts.signals import note, signals, table

DOCS = Path(__file__).parents[1] / "docs"
IMAGES, EPOCHS, BATCH, RATE, SEED = 2000, 10, 16, 0.01, 0
PLAIN = {"optimizer": "plain_sgd", "schedule": "constant"}
ROWS = {  # settings, and the rate that is asked for
    "as first written": ({"init": "small_normal", **PLAIN}, RATE),
    "only the weights changed": ({"init": "he_uniform", **PLAIN}, RATE),
    "only the rule changed": ({"init": "small_normal"}, None),
    "our defaults": ({}, None),
}
KINDS = (LeNet, Scratch2dCNNClassifier)


def main() -> None:
    """Measure, draw, and put the tables into the page."""
    training, _ = data.mnist()  # the test images are not looked at
    rest, few = training.split(IMAGES, SEED)
    held_out = rest.split(IMAGES, SEED)[1]
    x, v = few.inputs.transpose(0, 2, 3, 1), held_out.inputs.transpose(0, 2, 3, 1)
    floats = (few.inputs[:200] / 255).astype(np.float32)
    gradients, curves, cells = {}, {}, []
    for kind in KINDS:
        for init in ("small_normal", "he_uniform"):
            model = kind(init).make_network().build((1, 28, 28), seed=SEED)
            gradients[kind.__name__, init] = [s for s in signals(model, floats, few.labels[:200]) if s.weight]
        for name, (settings, rate) in ROWS.items():
            made = kind(**settings, seed=SEED, batch_size=BATCH, learning_rate=rate)
            short, history = (
                made.fit(x, few.labels, epochs, validation_data=(v, held_out.labels)).history_ for epochs in (2, EPOCHS)
            )
            curves[kind.__name__, name] = history["loss"]
            accuracy = [f"{100 * run['val_accuracy'][-1]:.1f} %" for run in (short, history)]
            cells.append((f"`{kind.__name__}`", name, *accuracy, f"{history['loss'][-1]:.3f}"))
    page = DOCS / "at-chance.md"
    head = ("classifier", "", "a run of 2 epochs", f"of {EPOCHS} epochs", "its last training loss")
    rewrite("runs", table(head, cells), page)
    sizes = [
        (f"`{kind}`", f"`{small.name}`", *(f"{number:.1e}" for number in _numbers(small, he)))
        for kind in dict.fromkeys(kind for kind, _ in gradients)
        for small, he in zip(gradients[kind, "small_normal"], gradients[kind, "he_uniform"], strict=True)
    ]
    head = ("classifier", "layer", "outputs, small", "outputs, He", "gradient, small", "gradient, He", "He / small")
    rewrite("gradients", table(head, sizes), page)
    what = f"{IMAGES:,} training and {IMAGES:,} validation images of MNIST, batches of {BATCH}, seed {SEED}"
    rewrite("note", note(what) + "\n", page)
    draw(gradients, curves, DOCS / "at-chance.png")


def _numbers(small, he):
    return (
        small.output,
        he.output,
        small.weight_gradient,
        he.weight_gradient,
        he.weight_gradient / small.weight_gradient,
    )


def draw(gradients: dict, curves: dict, path: Path) -> None:
    """Draw gradients by layer and losses by epoch, a row for each classifier."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    panels = figure.subplots(len(KINDS), 2)
    for kind, (left, right) in zip(KINDS, panels, strict=True):
        for init, label in (("small_normal", "N(0, 0.01²)"), ("he_uniform", "He")):
            rows = gradients[kind.__name__, init]
            left.semilogy([s.name for s in rows], [s.weight_gradient for s in rows], "o-", label=label)
        left.set(title=f"{kind.__name__}: gradients at the start", ylabel="root mean square")
        for name in ROWS:
            right.plot(range(1, EPOCHS + 1), curves[kind.__name__, name], label=name)
        right.axhline(np.log(10), color="grey", linewidth=0.8, linestyle=":")
        right.set(title="training loss; dotted: log 10, chance", xlabel="epoch", ylim=(0, 2.5))
        left.legend()
        right.legend(fontsize="small")
    figure.savefig(path, dpi=80, metadata={"Software": None})


if __name__ == "__main__":
    main()
