"""pellucid replay: what a diverged run left is replayed, with its recipe, without its data."""

import json
import re
from pathlib import Path

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
