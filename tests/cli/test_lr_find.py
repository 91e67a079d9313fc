"""pellucid lr-find: it tells a rate, draws the curve, and keeps nothing else."""

import json
import re
from pathlib import Path

import pytest

QUICK = ["--subset", "300", "100", "--steps", "40"]


def test_it_suggests_a_rate_and_draws_the_curve(run):
    pytest.importorskip("matplotlib")
    code, out, err = run("lr-find", *QUICK, "--optimizer", "sgd", "--set", "epochs=1", "--plot", "curve.png")
    assert (code, err) == (0, "")
    rate = re.search(r"it falls fastest at (\S+)", out)[1]
    assert 1e-5 < float(rate) < 1
    options = "--set epochs=1 --subset 300 100 --optimizer sgd"
    assert re.search(rf"pellucid train mnist-cnn {options} --lr (\S+)", out)
    assert Path("curve.png").read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in Path().iterdir()] == ["curve.png"]


def test_a_rate_out_of_proportion_is_noted(run):
    _, out, _ = run("lr-find", *QUICK, "--optimizer", "sgd", "--set", "optimizer.lr=300")
    assert re.search(r"note: L601 the learning rate is 300, much more than the \S+ of the range test", out)
    assert "L601" not in run("lr-find", *QUICK, "--optimizer", "sgd", "--set", "optimizer.lr=0.01")[1]


def test_as_json(run):
    told = json.loads(run("lr-find", "mnist-cnn", *QUICK, "--json")[1])
    assert told["recipe"]["subset"] == [300, 100]
    assert told["suggestion"] in told["lr"]
    assert len(told["lr"]) == len(told["loss"]) == len(told["smoothed"]) <= 40


def test_where_nothing_falls_it_says_so(run):
    code, out, _ = run("lr-find", *QUICK[:3], "--steps", "10", "--start", "10", "--end", "1000")
    assert code == 0
    assert "no learning rate to suggest" in out
    assert "Try next" not in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--plot", "none/a.png"], "error: --plot none/a.png: there is no folder none\n"),
        (["nothing"], "error: model 'nothing': unknown"),
        (["--start", "1", "--end", "0.5"], "error: lr_find: start 1.0 and end 0.5"),
    ],
)
def test_mistakes_are_one_line(run, arguments, words):
    pytest.importorskip("matplotlib")
    code, out, err = run("lr-find", *QUICK, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(words)
    assert list(Path().iterdir()) == []
