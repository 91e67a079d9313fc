"""What PyTorch refuses is refused here too, by an error of ours: drawn arguments, of which some are wrong."""

import random
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import pytest

from pellucid import PellucidError, nn, optim

torch = pytest.importorskip("torch")

DRAWS = 300
THEIRS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, ZeroDivisionError, NotImplementedError)


def of(*values: Any) -> Callable[[random.Random], Any]:
    return lambda draw: draw.choice(values)


SIZE = of(1, 2, 2, 2, 3, 3, 4, 4, 0, -1, 1.5)
NUMBER = of(0, 0.1, 0.5, 0.9, 1.0, -0.1, 1.1, 2, float("nan"), -float("inf"))


def PAIR(draw: random.Random) -> Any:
    return SIZE(draw) if draw.random() < 0.7 else (SIZE(draw), SIZE(draw))


def BETAS(draw: random.Random) -> Any:
    return float(NUMBER(draw)), float(NUMBER(draw))


# Of each layer the arguments by position, those by name, and how many axes its inputs have.
LAYERS: dict[str, tuple[list[Any], dict[str, Any], int]] = {
    "Conv2d": ([SIZE, SIZE, PAIR], {"stride": PAIR, "padding": PAIR, "dilation": PAIR, "groups": SIZE}, 4),
    "Conv1d": ([SIZE, SIZE, SIZE], {"stride": SIZE, "padding": SIZE, "dilation": SIZE, "groups": SIZE}, 3),
    "Linear": ([SIZE, SIZE], {}, 2),
    "MaxPool2d": ([PAIR], {"stride": PAIR, "padding": PAIR}, 4),
    "AvgPool2d": ([PAIR], {"stride": PAIR, "padding": PAIR}, 4),
    "MaxPool1d": ([SIZE], {"stride": SIZE, "padding": SIZE}, 3),
    "AvgPool1d": ([SIZE], {"stride": SIZE, "padding": SIZE}, 3),
    "AdaptiveAvgPool2d": ([PAIR], {}, 4),
    "AdaptiveMaxPool2d": ([PAIR], {}, 4),
    "BatchNorm1d": ([SIZE], {}, 2),
    "BatchNorm2d": ([SIZE], {}, 4),
    "LayerNorm": ([of(1, 2, 3, (2, 3), (3, 2), (0,), -1, 1.5)], {}, 3),
    "GroupNorm": ([SIZE, SIZE], {}, 4),
    "Dropout": ([NUMBER], {}, 2),
    "Dropout2d": ([NUMBER], {}, 4),
    "LSTM": ([SIZE, SIZE], {"num_layers": SIZE, "dropout": NUMBER}, 3),
    "GRU": ([SIZE, SIZE], {"num_layers": SIZE, "dropout": NUMBER}, 3),
    "LSTMCell": ([SIZE, SIZE], {}, 2),
    "GRUCell": ([SIZE, SIZE], {}, 2),
    "Dropout1d": ([NUMBER], {}, 3),
    "ELU": ([of(1.0, 0.3, 2, "a", None)], {}, 2),
    "LeakyReLU": ([of(0.1, 0, -1.0, "a", None)], {}, 2),
    "GELU": ([], {"approximate": of("none", "tanh", "other")}, 2),
}
OPTIMIZERS = {
    "SGD": {"lr": NUMBER, "momentum": NUMBER, "weight_decay": NUMBER, "nesterov": of(True, False), "dampening": NUMBER},
    "Adam": {"lr": NUMBER, "betas": BETAS, "eps": NUMBER, "weight_decay": NUMBER},
    "AdamW": {"lr": NUMBER, "betas": BETAS, "eps": NUMBER, "weight_decay": NUMBER},
    "RMSprop": {"lr": NUMBER, "alpha": NUMBER, "eps": NUMBER, "momentum": NUMBER, "weight_decay": NUMBER},
    "Adagrad": {"lr": NUMBER, "lr_decay": NUMBER, "eps": NUMBER, "weight_decay": NUMBER},
}
LOSSES = {
    "CrossEntropyLoss": {"label_smoothing": NUMBER, "reduction": of("mean", "sum", "other")},
    "MSELoss": {"reduction": of("mean", "sum", "other")},
    "HuberLoss": {"delta": NUMBER, "reduction": of("mean", "sum", "other")},
    "BCEWithLogitsLoss": {"reduction": of("mean", "sum", "other")},
}


def drawn(name: str, options: dict[str, Any]) -> Iterable[tuple[random.Random, dict[str, Any]]]:
    """Yield generators, and named arguments: each is there now and then."""
    for number in range(DRAWS):
        draw = random.Random(f"{name} {number}")
        yield draw, {key: value(draw) for key, value in options.items() if draw.random() < 0.3}


def refusal(run: Callable[[], Any], errors: tuple[type[Exception], ...]) -> str:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            run()
        except errors as error:
            return f"{type(error).__name__}: {error}"
    return ""


class Comparison:
    """Counts who refuses what; all other exceptions pass on, and fail the test."""

    def __init__(self) -> None:
        self.counts = {(False, False): 0, (False, True): 0, (True, False): 0, (True, True): 0}
        self.accepted: list[str] = []

    def add(self, about: str, theirs: Callable[[], Any], ours: Callable[[], Any]) -> None:
        by_torch, by_us = refusal(theirs, THEIRS), refusal(ours, (PellucidError,))
        self.counts[bool(by_torch), bool(by_us)] += 1
        if by_torch and not by_us:
            self.accepted.append(f"{about}: {by_torch}")

    def check(self) -> None:
        assert self.accepted == []
        assert self.counts[True, True] >= DRAWS / 20, "too few were wrong"
        assert self.counts[False, False] >= DRAWS / 20, "too few were right"


def run_ours(make: Callable[[], nn.Module], x: Any) -> None:
    layer = make().build(x.shape[1:], 0)
    y = layer(x)
    layer.backward(np.ones_like(y))


def run_theirs(make: Callable[[], Any], x: Any) -> None:
    y = make()(torch.tensor(x, requires_grad=True))
    (y[0] if isinstance(y, tuple) else y).sum().backward()


def loss_of(make: Callable[[], Any], x: Any, targets: Any) -> None:
    make()(x, targets)


@pytest.mark.parametrize("name", LAYERS)
def test_what_no_layer_takes(name):
    positional, named, axes = LAYERS[name]
    found, mine = Comparison(), {"batch_first": True} if name in ("LSTM", "GRU") else {}
    for draw, options in drawn(name, named):
        arguments = [value(draw) for value in positional]
        shape = [draw.choice([2, 3, 4, 5, 6]) for _ in range(draw.choice([axes] * 6 + [axes + 1, axes - 1]))]
        if draw.random() < 0.8 and len(shape) > 1:  # mostly as many channels as the layer is for
            wanted = arguments[1 if name == "GroupNorm" else 0] if arguments else 0
            place = -1 if name in ("Linear", "LSTM", "GRU") else 1
            shape[place] = wanted if isinstance(wanted, int) and wanted > 0 else shape[place]
        x = np.random.default_rng(0).standard_normal(shape, np.float32)
        found.add(
            f"{name}({arguments}, {options}) of {shape}",
            partial(run_theirs, partial(getattr(torch.nn, name), *arguments, **options, **mine), x),
            partial(run_ours, partial(getattr(nn, name), *arguments, **options), x),
        )
    found.check()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_no_optimizer_takes(name):
    found = Comparison()
    for _, options in drawn(name, OPTIMIZERS[name]):
        found.add(
            f"{name}({options})",
            partial(getattr(torch.optim, name), [torch.zeros(2)], **options),
            partial(getattr(optim, name), nn.Linear(2, 2).build((2,), 0).parameters(), **options),
        )
    found.check()


@pytest.mark.parametrize("name", LOSSES)
def test_what_no_loss_takes(name):
    found = Comparison()
    for draw, options in drawn(name, LOSSES[name]):
        N, K = draw.choice([1, 3]), draw.choice([1, 2, 4])
        x = np.zeros((N, K), np.float32)
        if name == "CrossEntropyLoss" and draw.random() < 0.7:
            targets: Any = np.array(
                [draw.choice([0, 0, 0, K - 1, K, -1]) for _ in range(N + draw.choice([0, 0, 0, 1]))]
            )
        else:
            targets = np.full((N, K) if draw.random() < 0.7 else (N, K + 1), 1 / K, np.float32)
        found.add(
            f"{name}({options}) of {x.shape}, {targets!r}",
            partial(loss_of, partial(getattr(torch.nn, name), **options), torch.tensor(x), torch.tensor(targets)),
            partial(loss_of, partial(getattr(nn, name), **options), x, targets),
        )
    found.check()
