"""What the benchmarks conclude from what they measured."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import table
from benchmarks.against_torch import conclusions
from benchmarks.nets import NETS
from pellucid import native
from pellucid.nn import Module, Parameter, Sequential


@pytest.mark.parametrize(("net", "forward", "step"), [("A", 4_881_920, 14_256_384), ("D", 8_482_304, 24_995_328)])
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
