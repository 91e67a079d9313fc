"""How large the numbers are in each layer of a network, on the way forward and on the way back."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pellucid.nn import CrossEntropyLoss, Sequential
from pellucid.train import environment


class Signal(NamedTuple):
    """One layer; each number is a root mean square over its batch, None where there is none."""

    name: str
    output: float
    output_gradient: float
    weight: float | None
    weight_gradient: float | None


def signals(model: Sequential, x: np.ndarray, labels: np.ndarray) -> list[Signal]:
    """Send a batch through a built network and its loss back; return what was seen at each layer, in order."""
    loss, outputs, gradients = CrossEntropyLoss(), [], []
    for layer in model:
        x = layer.forward(x)
        outputs.append(rms(x))
    loss.forward(x, labels)
    model.parameters().zero_grad()
    grad = loss.backward()
    for layer in reversed(list(model)):
        gradients.append(rms(grad))
        grad = layer.backward(grad)
    rows = []
    for (name, layer), output, gradient in zip(model.children(), outputs, reversed(gradients), strict=True):
        weight = getattr(layer, "weight", None)
        of_weight = (None, None) if weight is None else (rms(weight.data), rms(weight.grad))
        rows.append(Signal(name, output, gradient, *of_weight))
    return rows


def rms(values: np.ndarray) -> float:
    """Return the root of the mean square, in float64."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def note(what: str) -> str:
    """Return a line that says where numbers come from."""
    on = environment()
    return (
        f"{what}; pellucid {on['pellucid']}, NumPy {on['numpy']}, engine {on['engine']}, "
        f"{on['cores']} cores {on['processor']}."
    )


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
