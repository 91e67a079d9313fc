"""Lint: each likely mistake is told with its code; what is right is left in peace."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from pellucid import DtypeError
from pellucid.data import Dataset, Loader
from pellucid.nn import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Graph,
    Linear,
    LogSoftmax,
    Module,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
)
from pellucid.optim import SGD, OneCycleLR
from pellucid.train import LintWarning, Trainer, lint, lint_rate
from pellucid.train.lint import CODES


def right(*more):
    return Sequential(Linear(4, 8), ReLU(), Linear(8, 3), *more).build((4,), seed=0)


def trainer(model, loss=None, **more):
    return Trainer(model, SGD(model.parameters(), lr=0.1), loss, **more)


@pytest.fixture
def data(rng):
    return rng.standard_normal((30, 4)).astype(np.float32), np.arange(30) % 3


def codes(findings):
    return [finding.code for finding in findings]


def test_what_is_right_is_left_in_peace(data):
    assert lint(trainer(right()), data) == []
    assert lint(trainer(right(Dropout(0.5))), [data]) == []
    assert lint(trainer(right(Softmax()), MSELoss()), (data[0], np.eye(3, dtype=np.float32)[data[1]])) == []


@pytest.mark.parametrize(
    ("layer", "code", "word"),
    [(Softmax(), "L101", "gradients get small"), (LogSoftmax(), "L101", "twice"), (ReLU(), "L102", "below zero"),
     (Sigmoid(), "L102", "narrow range")],
)  # fmt: skip
def test_the_last_layer(data, layer, code, word):
    found = [f for f in lint(trainer(right(layer)), data) if f.code in ("L101", "L102")]
    assert codes(found) == [code]
    assert word in str(found[0])
    assert f"'{len(right())}'" in found[0].what


def test_inside_of_other_containers(data):
    graph = Graph({"body": (Sequential(Linear(4, 3), Sequential(Softmax())), "input")}).build((4,))
    assert codes(lint(trainer(graph), data)) == ["L101"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda x: x - x.min() + 200 * np.abs(x), "L201"),
        (lambda x: np.clip(np.abs(100 * x), 0, 255), "L201"),
        (lambda x: 0 * x + 3, "L202"),
        (lambda x: np.where(x > 1, np.nan, x), "L203"),
    ],
)
def test_inputs(data, change, code):
    found = lint(trainer(right()), (change(data[0]).astype(np.float32), data[1]))
    assert code in codes(found)
    assert codes(lint(trainer(right()), (data[0] / 3, data[1]))) == []


def test_pixels_are_called_so(data):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 4)).astype(np.float32)
    (found,) = (f for f in lint(trainer(right()), (pixels, data[1])) if f.code == "L201")
    assert "look like pixels" in str(found)
    assert "divide by 255" in str(found)
    assert "L201" not in codes(lint(trainer(right()), (pixels.astype(np.uint8), data[1])))  # these are scaled


def test_labels(data):
    x, labels = data
    assert codes(lint(trainer(right()), (x, labels.astype(np.float32)))) == ["L301"]
    with pytest.raises(DtypeError, match=r"look one-hot: pass labels\.argmax\(axis=1\)"):
        lint(trainer(right()), (x, np.eye(3, dtype=np.int64)[labels]))
    assert codes(lint(trainer(right(), MSELoss()), (x, labels), trial=False)) == ["L302"]
    assert codes(lint(trainer(right()), (x, labels + 1))) == ["L303"]
    (missing,) = lint(trainer(right()), (x, labels % 2))
    assert (missing.code, "no sample has the label 2" in str(missing)) == ("L304", True)


def test_the_order_of_the_samples(rng):
    x, labels = rng.standard_normal((300, 4)).astype(np.float32), np.repeat([0, 1, 2], 100)
    assert codes(lint(trainer(right()), Loader(Dataset(x, labels), 20, shuffle=False))) == ["L305"]
    assert lint(trainer(right()), Loader(Dataset(x, labels), 20)) == []
    assert lint(trainer(right()), Loader(Dataset(x, rng.permutation(labels)), 20, shuffle=False)) == []


def test_ordinary_programs_are_left_in_peace(rng):
    """Few positives in a random order; images with blank margins; weights of zero; one image behind batch-norm."""
    x = rng.standard_normal((4000, 4)).astype(np.float32)
    rare = (rng.random(4000) < 0.015).astype(int)
    assert lint(trainer(Sequential(Linear(4, 2)).build((4,))), Loader(Dataset(x, rare), 50, shuffle=False)) == []
    images = np.zeros((12, 1, 16, 16), np.float32)
    images[:, :, 6:10, 6:10] = rng.standard_normal((12, 1, 4, 4))
    layers = Conv2d(1, 8, 3, padding=1), BatchNorm2d(8), ReLU(), Flatten(), Linear(2048, 3, weight_init="zeros")
    model = Sequential(*layers).build((1, 16, 16), seed=0)
    assert lint(trainer(model), (images, np.arange(12) % 3)) == []
    assert lint(trainer(model), (images, np.arange(12) % 3), batch_size=1) == []


class Own(Module):
    """A module of modules that does not tell its output's shape."""

    def __init__(self):
        self.inner = Linear(4, 3)

    def forward(self, x):
        return self.inner.forward(x)

    def backward(self, grad_y):
        return self.inner.backward(grad_y)


def test_a_module_that_knows_no_shape_trains(data):
    model = Own().build((4,))
    trainer(model).fit(data, 1)
    assert lint(trainer(model), data) == []


def test_batch_norm_of_one_sample(data):
    model = Sequential(Linear(4, 8), BatchNorm1d(8), ReLU(), Linear(8, 3)).build((4,))
    assert "L401" in codes(lint(trainer(model), data, batch_size=1))
    assert lint(trainer(model), data, batch_size=10) == []


def test_no_gradient_and_dead_units(data):
    model = right()
    model[0].bias.data = np.full(8, -100, np.float32)
    found = lint(trainer(model), data)
    assert set(codes(found)) == {"L501", "L502"}
    assert any("100 % of its units are closed" in str(f) for f in found)
    assert any("gradient of 0.weight is zero" in str(f) for f in found)
    before = model.parameters().data.tobytes()
    model[0].freeze()
    assert "the gradient of 0.weight" not in str(lint(trainer(model), data))
    assert model.parameters().data.tobytes() == before


def test_the_rate():
    of_a_tenth = trainer(right())
    assert lint_rate(of_a_tenth, 0.1) == lint_rate(of_a_tenth, None) == lint_rate(of_a_tenth, 0.5) == []
    assert codes(lint_rate(of_a_tenth, 4)) == codes(lint_rate(of_a_tenth, 1e-4)) == ["L601"]
    assert "0.1, much more than the 0.001 of" in str(lint_rate(of_a_tenth, 1e-3)[0])
    optimizer = of_a_tenth.optimizer
    assert lint_rate(Trainer(of_a_tenth.model, optimizer, schedule=OneCycleLR(optimizer, 2.0, 9)), 0.7) == []
    assert codes(lint_rate(Trainer(of_a_tenth.model, optimizer, schedule=OneCycleLR(optimizer, 9.0, 9)), 0.7))


def test_the_rate_beside_the_range_test(data):
    model = right()
    before = model.parameters().data.tobytes()
    wild = Trainer(model, SGD(model.parameters(), lr=1e4))
    assert codes(lint(wild, data, range_test=True)) == ["L601"]
    assert codes(lint(wild, data)) == []
    assert codes(lint(trainer(right()), data, range_test=True)) == []
    assert model.parameters().data.tobytes() == before


def test_fit_warns_before_the_first_step_and_once(data):
    made = trainer(right(Softmax()))
    with pytest.warns(LintWarning, match=r"L101 Softmax '3' stands before CrossEntropyLoss"):
        made.fit(data, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.fit(data, 1)
        trainer(right(Softmax()), lint=False).fit(data, 1)
        trainer(right()).fit((batch for batch in [data]), 1)  # comes once


def test_every_code_is_tested():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [code for code in CODES if f'"{code}"' not in text] == []
