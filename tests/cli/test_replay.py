"""pellucid replay: what a diverged run left is replayed, with its recipe, without its data."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pellucid import NonFiniteError
from pellucid.nn import Linear, Sequential
from pellucid.optim import SGD
from pellucid.train import Bundles, Trainer

QUICK = ["--subset", "300", "100", "--validation", "0", "--epochs", "1"]


def test_the_bundle_of_a_run(run):
    code, _, err = run("train", *QUICK, "--optimizer", "sgd", "--lr", "1e30", "--out", "mine")
    assert code == 1
    path = re.search(r"kept in (\S+): pellucid replay", err)[1]
    assert Path(path).is_file()
    code, out, _ = run("replay", path)
    assert code == 0
    found = re.search(r"error: (training: .*?)\n  kept in", err, re.DOTALL)[1]
    assert found in out
    assert "mnist-cnn, step 2, engine" in out
    assert "0.inputs (32, 1, 28, 28)" in out
    content = json.loads(run("replay", path, "--json")[1])
    assert content["reproduced"]
    assert content["found"] == content["then"] == found


def test_what_is_none(run):
    code, out, err = run("replay", "nothing")
    assert (code, out) == (1, "")
    assert err.startswith("error: nothing: cannot be read")


def test_a_bundle_of_a_program_of_ones_own(run, tmp_path, rng):
    model = Sequential(Linear(3, 2)).build((3,), seed=0)
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1))
    trainer.black_box.write = Bundles(tmp_path)
    model[0].weight.data[...] = np.inf
    with pytest.raises(NonFiniteError) as raised:
        trainer.train_step(rng.standard_normal((4, 3)).astype(np.float32), np.array([0, 1, 0, 1]))
    code, out, err = run("replay", raised.value.bundle)
    assert (code, out) == (1, "")
    assert f"{raised.value.bundle}: was written by a program of one's own" in err
    assert "pellucid.train.replay(bundle, model, loss)" in err
