"""pellucid data: what there is, fetching, checking."""

import json
from dataclasses import replace

import pytest

from pellucid.cli import main
from pellucid.data import catalogue, fetch


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main(["data", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_list(run):
    code, out, err = run("list")
    assert (code, err) == (0, "")
    rows = json.loads(run("list", "--json")[1])
    assert [row["name"] for row in rows] == ["mnist", "fashion-mnist", "mnist-rows", "moving-digits"]
    assert rows[0]["folder"].endswith("files/mnist")
    assert rows[1]["class_names"][0] == "T-shirt/top"
    for row in rows[:2]:
        assert all(row[key] in out for key in ("name", "about", "source", "licence"))
    for row in rows[2:]:
        assert all(row[key] in out for key in ("name", "about", "made_of"))
    assert run("fetch", "moving-digits")[2] == (
        "error: data set 'moving-digits': is made of mnist and has no files of its own\n"
    )


def test_from_nothing_to_verified(run, home, server, monkeypatch):
    assert "not on this machine: pellucid data fetch tiny" in run("list")[1]
    assert run("verify") == (0, "tiny: not on this machine\n", "")
    code, out, err = run("verify", "tiny")
    assert code == 1
    assert out.count("missing") == 4
    assert err == "error: verify: 4 files are missing or damaged\n"
    entry = replace(catalogue.find("tiny"), mirrors=tuple(server.at("gone", "good")))
    monkeypatch.setitem(catalogue.CATALOGUE, "tiny", entry)
    assert run("fetch", "tiny") == (0, f"tiny: verified, in {home}\n", "")
    assert str(home) in run("list")[1]
    code, out, err = run("verify")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == f"tiny: {home}"
    assert out.count(" ok") == 4


def test_a_damaged_file_is_exit_1(run, home, server):
    fetch("tiny", mirrors=server.at("good"))
    (home / "t10k-labels-idx1-ubyte.gz").write_bytes(b"?")
    for names in ((), ("tiny",)):
        code, out, err = run("verify", *names)
        assert code == 1
        assert "t10k-labels-idx1-ubyte.gz  damaged: 14 bytes of content are due, there are only 1" in out
        assert err == "error: verify: 1 file is missing or damaged\n"


def test_fetching_offline_tells_the_way_by_hand(run, home):
    code, out, err = run("fetch", "tiny", "--offline")
    assert (code, out) == (1, "")
    assert err.startswith("error: tiny: offline, and not on this machine: train-images-idx3-ubyte, ")
    assert err.endswith(f"into {home}\n")


def test_an_unknown_name(run):
    for word in ("fetch", "verify"):
        message = "error: data set 'nonsense': unknown; known are mnist, fashion-mnist\n"
        assert run(word, "nonsense") == (1, "", message)
