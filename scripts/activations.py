"""Draw every activation and its derivative, as pellucid.ops computes them: the picture of docs/activations.md.

python -m scripts.activations
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import ops

PICTURE = Path(__file__).parents[1] / "docs" / "activations.png"
ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "ReLU": (ops.relu_forward, ops.relu_backward),
    "LeakyReLU(0.1)": (partial(ops.leaky_relu_forward, negative_slope=0.1), ops.leaky_relu_backward),
    "ELU": (ops.elu_forward, ops.elu_backward),
    "GELU": (ops.gelu_forward, ops.gelu_backward),
    "SiLU": (ops.silu_forward, ops.silu_backward),
    "Hardswish": (ops.hard_swish_forward, ops.hard_swish_backward),
    "Sigmoid": (ops.sigmoid_forward, ops.sigmoid_backward),
    "Tanh": (ops.tanh_forward, ops.tanh_backward),
}
KINKS = {"ReLU": (0.0,), "LeakyReLU(0.1)": (0.0,), "Hardswish": (-3.0, 3.0)}  # where the derivative jumps


def main() -> None:
    """Draw a panel for each."""
    from matplotlib.figure import Figure

    x = np.linspace(-5, 5, 1001)
    figure = Figure(figsize=(9, 4.8), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True, sharey=True)
    for (name, (forward, backward)), panel in zip(ACTIVATIONS.items(), panels.ravel(), strict=True):
        y, saved = forward(x)
        slope = backward(np.ones_like(x), saved)
        for kink in KINKS.get(name, ()):
            slope[abs(x - kink) < 1e-9] = np.nan  # a gap in place of an upright line
        panel.axhline(0, color="0.8", linewidth=0.8)
        panel.axvline(0, color="0.8", linewidth=0.8)
        panel.plot(x, y, label="y")
        panel.plot(x, slope, label="dy/dx")
        panel.set(title=name, ylim=(-1.6, 3.2))
    panels[0, 0].legend(loc="upper left", frameon=False)
    figure.savefig(PICTURE, dpi=80, metadata={"Software": None})


if __name__ == "__main__":
    main()
