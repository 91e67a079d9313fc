"""pellucid certify: a table, JSON, and an exit code that is the verdict."""

import json
from pathlib import Path

import pytest

from pellucid import ops


def test_ops_layers_and_networks_by_name(run):
    code, out, err = run("certify", "linear", "ReLU", "lenet", "--out", "certificate.json")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[2:5]] == ["linear", "ReLU", "lenet"]
    assert "0 failed" in out
    content = json.loads(Path("certificate.json").read_text())
    assert content["passed"]
    assert [row["subject"] for row in content["rows"]] == ["linear", "ReLU", "lenet"]
    assert content["machine"]["numpy"]
    code, out, err = run("certify", "linear", "--out", "certificate.json")
    assert (code, out, err) == (1, "", "error: --out certificate.json: exists already; choose another name\n")


def test_a_mistake_is_the_exit_code(run, monkeypatch):
    right = ops.relu_backward
    monkeypatch.setattr(ops, "relu_backward", lambda grad_y, saved: 2 * right(grad_y, saved))
    code, out, _ = run("certify", "relu")
    assert code == 1
    assert "FAILED" in out
    assert "relu, rows: grad_x: error" in out
    assert not json.loads(run("certify", "relu", "--json")[1])["passed"]


def test_an_unknown_name(run):
    code, out, err = run("certify", "conv3d")
    assert (code, out) == (1, "")
    assert err.startswith("error: conv3d: no op, layer, network or run of this name; ops and layers are conv2d, ")


@pytest.mark.parametrize("name", ["mnist-cnn"])
def test_a_trained_network(run, name, tmp_path):
    import shutil

    from pellucid.models.trained import _FOLDER

    shutil.copytree(_FOLDER / name, "mine")
    code, out, _ = run("certify", "mine")
    assert code == 0, out
