"""What the benchmarks conclude from what they measured."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import against_torch, race, table
from benchmarks.against_torch import conclusions
from benchmarks.nets import NETS
from pellucid import native
from pellucid.nn import Module, Parameter, Sequential


@pytest.mark.parametrize(
    ("net", "forward", "step"),
    [("A", 4_881_920, 14_256_384), ("B", 37_383_680, 111_699_456), ("D", 8_482_304, 24_995_328)],
)
def test_the_work_of_a_network(net, forward, step):
    assert (NETS[net].flops(training=False), NETS[net].flops(training=True)) == (forward, step)


def test_a_network_with_an_unknown_layer_has_no_count():
    class Unknown(Module):
        def __init__(self):
            self.weight = Parameter((1,))

    assert replace(NETS["C"], ours=lambda: Sequential(Unknown())).flops(training=True) is None


@pytest.fixture
def row():
    times = {"pellucid": [2.0, 1.0, 3.0], "torch": [8.0, 7.0, 6.0], "onnxruntime": [4.0, 5.0, 5.0]}
    medians = {"pellucid": 2.0, "torch": 7.0, "onnxruntime": 5.0}
    row = {"net": "C", "mode": "infer", "batch": 32, "load_of_others": 0.25, "peak_gflops": 100.0}
    return row | {"milliseconds": medians, "rounds": times, "failures": {}}


def test_the_fastest_peer_counts(row):
    found = conclusions(row, flops=10_000_000)
    assert (found["peer"], found["ratio"]) == ("onnxruntime", 2.5)
    assert found["ratio_of_rounds"] == [5 / 3, 5.0]
    assert found["gflops"] == pytest.approx(160)
    assert found["percent_of_peak"] == pytest.approx(160)
    assert "gflops" not in conclusions(row, flops=None)


def test_the_table(row):
    machine = {"cores": 2, "processor": "X", "torch": "2", "onnxruntime": "1", "numpy": "2"}
    report = {"made": "2026-01-02T03:04:05", "machine": machine, "threads": 2, "rounds": 3}
    lines = table.bench(report | {"rows": [row | conclusions(row, 10_000_000)]})
    assert "| C, LeNet-like | 32 | 2 | 7 (NCHW) | **3.50** | 5 | **2.50** | 160 % |" in lines
    assert "others used at most 0.25 CPUs" in lines[-2]
    lines = table.bench(report | {"rows": [row | {"mode": "train"} | conclusions(row, None)]})
    assert "| C, LeNet-like | 32 | 2 | 7 (NCHW) | **3.50** |  |" in lines


@pytest.mark.parametrize("name", native.engine.instruction_sets() if native.engine else ())
def test_the_peak_does_what_it_is_asked_for(name):
    with native.using(name):
        sums = np.full(5, np.nan, np.float32)
        native.engine.fma_peak(sums, 192 * 10_000)
        assert sums == pytest.approx(12, rel=1e-3)  # each of twelve chains x -> 0.999 x + 0.001 has arrived at 1
        with pytest.raises(ValueError, match="a multiple of 192"):
            native.engine.fma_peak(sums, 100)


def test_the_race_from_runs_to_a_sentence(monkeypatch, tmp_path):
    seconds = {"pellucid": 4.0, "torch": 40.0, "torch channels-last": 30.0}

    def run(engine, recipe, seed, held_out, threads):
        assert held_out == 0
        return {"seed": seed, "seconds": seconds[engine] + seed, "accuracy": 0.989 + 0.001 * seed, "epochs": [3, 1, 2]}

    monkeypatch.setattr(race, "run", run)
    monkeypatch.setattr("sys.argv", ["race", "--seeds", "3", "--json", str(tmp_path / "race.json")])
    race.main()
    report = json.loads((tmp_path / "race.json").read_text())
    assert (report["peer"], report["measured_on"]) == ("torch channels-last", "test")
    assert report["engines"]["pellucid"]["reached"] == 2
    assert report["engines"]["pellucid"]["seconds"] == {"mean": 5.0, "min": 4.0, "max": 6.0}
    assert report["epoch"]["32"]["pellucid"] == 2
    text = " ".join(table.race(report))
    assert "tested on the 10,000 test images: 5.0 s (4.0 to 6.0) for 99.00 % (98.90 to 99.10), 3 seeds" in text
    assert "in PyTorch takes 31.0 s" in text
    assert "An epoch of net C at batch 128: 2.00 s, PyTorch 2.00 s." in text


def test_a_disturbed_row_is_measured_again(monkeypatch):
    """Neither company nor a slow clock counts, as long as there is something better."""
    rows, peaks = [], [0.0]
    names = "load_of_others", "peak_gflops"
    monkeypatch.setattr(against_torch, "measure", lambda: dict(zip(names, rows.pop(0), strict=True)))

    def found():
        return tuple(against_torch.undisturbed(3, peaks).values())

    rows[:] = [(0.0, 300.0), (0.0, 400.0)]
    assert found() == (0.0, 300.0), "the first one knows no higher peak"
    assert found() == (0.0, 400.0)
    rows[:] = [(0.5, 400.0), (0.0, 390.0), (0.0, 400.0)]
    assert found() == (0.0, 390.0)
    rows[:] = [(0.0, 200.0), (0.0, 300.0), (0.5, 400.0)]
    assert found() == (0.0, 300.0), "three tries"
    rows[:] = [(None, 400.0)]
    assert found() == (None, 400.0)
    assert not rows[1:]
    assert max(peaks) == 400.0
