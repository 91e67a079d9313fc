"""The rules of lint.py: each looks at one thing, and yields what it finds."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._core.arrays import Array
from .._core.errors import PellucidError
from ..data import Dataset, Loader
from ..nn import (
    BatchNorm1d,
    CrossEntropyLoss,
    Graph,
    LeakyReLU,
    LogSoftmax,
    Loss,
    Module,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
)

if TYPE_CHECKING:
    from .trainer import Trainer


@dataclass(frozen=True)
class Lint:
    """One finding; as text it is one line.

    Attributes
    ----------
    code : str
        One of `pellucid.train.lint.CODES`.
    what, why, fix : str
        What was found, what comes of it, what to do.
    """

    code: str
    what: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.code} {self.what}: {self.why}; {self.fix}"


def last_layer(model: Module, loss: Loss) -> Iterator[Lint]:
    """Look at what the network ends with."""
    for layer in _ends(model):
        if not isinstance(loss, CrossEntropyLoss):
            continue
        if isinstance(layer, Softmax):
            what = f"{layer.title} stands before CrossEntropyLoss, which contains it"
            yield Lint("L101", what, "gradients get small", "leave the layer out")
        elif isinstance(layer, LogSoftmax):
            what = f"{layer.title} stands before CrossEntropyLoss, which contains it"
            yield Lint("L101", what, "it is computed twice", "leave the layer out")
        elif isinstance(layer, ReLU | LeakyReLU | Sigmoid | Tanh):
            what = f"{layer.title} is the last layer before CrossEntropyLoss"
            why = "scores below zero are lost" if isinstance(layer, ReLU) else "scores are held in a narrow range"
            yield Lint("L102", what, why, "end with the linear layer")


def _ends(model: Module) -> Iterable[Module]:
    """Return the layers whose outputs are the network's."""
    if isinstance(model, Sequential):
        layers = [layer for _, layer in model.children()]
        return _ends(layers[-1]) if layers else []
    if isinstance(model, Graph):
        return [end for name, module, _ in model.nodes() if name in model.outputs for end in _ends(module)]
    return [model]


def inputs(x: Array) -> Iterator[Lint]:
    """Look at the inputs of a batch."""
    fine = x[np.isfinite(x)]
    if fine.size < x.size:
        what = f"{x.size - fine.size:,} of {x.size:,} numbers of the first batch are nan or infinite"
        yield Lint("L203", what, "so will be the loss", "look at where the data come from")
    if not fine.size:
        return
    low, high = float(fine.min()), float(fine.max())
    if low == high and x.size > 1:
        yield Lint(
            "L202", f"all inputs of the first batch are {low:g}", "there is nothing to learn from", "look at them"
        )
    elif max(abs(low), abs(high)) > 50 and float(fine.std()) > 10:
        pixels = "; they look like pixels" if low >= 0 and 100 < high <= 255 else ""
        fix = (
            "divide by 255, or pass uint8 images, which are scaled" if pixels else "bring them near mean 0, deviation 1"
        )
        what = f"inputs go from {low:g} to {high:g}{pixels}"
        yield Lint("L201", what, "first steps will be far too long", fix)


def labels(trainer: "Trainer", x: Array, labels: Array, dataset: Dataset | None) -> Iterator[Lint]:
    """Look at the labels, beside loss and outputs."""
    loss = trainer.loss
    whole = labels if dataset is None else np.asarray(dataset.labels)
    if isinstance(loss, MSELoss) and whole.dtype.kind in "iu" and whole.ndim == 1 and len(np.unique(whole)) > 2:
        what = f"labels are the integers {whole.min()} to {whole.max()}, and the loss is MSELoss"
        yield Lint("L302", what, "classes have no distance from each other", "use CrossEntropyLoss, or pass floats")
    if not isinstance(loss, CrossEntropyLoss):
        return
    if whole.ndim == 1 and whole.dtype.kind == "f" and (whole == np.rint(whole)).all():
        what = f"labels are class numbers as {whole.dtype}"
        yield Lint("L301", what, "CrossEntropyLoss takes integers (N,)", "pass labels.astype(int)")
    if whole.ndim != 1 or whole.dtype.kind not in "iu" or not len(whole):
        return
    try:
        outputs = int(trainer.model.output_shape(x.shape[1:])[-1])
    except (PellucidError, TypeError, IndexError):  # a module of one's own need not know it
        return
    if whole.max() >= outputs or whole.min() < 0:
        what = f"labels go from {whole.min()} to {whole.max()}, the network has {outputs} outputs"
        yield Lint("L303", what, "those beyond cannot be learned", f"number the classes 0 to {outputs - 1}")
    elif dataset is not None and (missing := sorted({*range(outputs)} - {*np.unique(whole).tolist()})):
        shown = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        what = f"no sample has the label {shown}; the network has {outputs} outputs"
        yield Lint("L304", what, "these classes cannot be learned", "look at the data, or make the last layer smaller")


def order(batches: Any) -> Iterator[Lint]:
    """Look at the order of the samples."""
    if not isinstance(batches, Loader) or batches.shuffle:
        return
    labels = np.asarray(batches.dataset.labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) <= batches.batch_size:
        return
    runs = int((np.diff(labels) != 0).sum()) + 1
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    usual = len(labels) * (1 - float((shares**2).sum()))  # of a random order
    if len(shares) > 1 and runs < usual / 4:
        what = f"{len(labels):,} samples come in {runs} runs of one class each, unshuffled"
        yield Lint("L305", what, "the network forgets one class while it sees another", "shuffle: Loader(shuffle=True)")


def norms(model: Module, batch: int, x: Array) -> Iterator[Lint]:
    """Look at batch-norm over rows and the size of a batch; over images a single sample has many values."""
    rows = [m for _, m in model.named_modules() if isinstance(m, BatchNorm1d) and m.training]
    if rows and batch == 1 and x.ndim != 3:
        what = f"batches have one sample, and {rows[0].title} takes mean and variance over the batch"
        yield Lint("L401", what, "one sample has no variance", "use larger batches, or LayerNorm or GroupNorm")


def trial(trainer: "Trainer", x: Array, labels: Array) -> Iterator[Lint]:
    """Take two steps with a copy, and look at gradients and ReLUs; what cannot run says so when training begins."""
    with trainer.trained_weights():
        model, loss = copy.deepcopy((trainer.model, trainer.loss))
    alive: dict[str, Array] = {}
    for _, module in model.named_modules():
        if isinstance(module, ReLU):
            module.register_forward_hook(lambda m, x, y: alive.update({m.title: _seen(y)}))
    moved: set[str] = set()
    try:
        with np.errstate(all="ignore"):
            model.train()
            for step in range(2):  # behind weights of zero there is no gradient before they have moved
                model.start_step(step, trainer.seed)
                model.parameters().zero_grad()
                loss(model(x), labels)
                model.backward(loss.backward())
                moved |= {name for name, parameter in model.named_parameters() if parameter.grad.any()}
                model.parameters().data -= np.float32(0.01) * model.parameters().grad
    except ValueError:
        return
    for name, parameter in model.named_parameters():
        if not parameter.frozen and parameter.size and name not in moved:
            yield Lint(
                "L501", f"the gradient of {name} is zero for the whole first batch", "it will not learn",
                "look at what stands behind it: an activation that is closed everywhere, or weights of zero",
            )  # fmt: skip
    for title, units in alive.items():
        dead = 1 - float(units.mean())
        if dead > 0.5 and len(x) >= 8:
            yield Lint(
                "L502", f"{title}: {100 * dead:.0f} % of its units are closed for the whole first batch",
                "what never opens gets no gradient", "use smaller start values or a lower learning rate, or LeakyReLU",
            )  # fmt: skip


def _seen(y: Array) -> Array:
    """Return which units were open anywhere in a batch; of an image a unit is a channel."""
    return np.asarray((y > 0).any(axis=tuple(i for i in range(y.ndim) if i != 1) if y.ndim == 4 else 0))
