"""The benchmarks' workers do what they are asked for."""

import pytest

from benchmarks.racers import RACERS, Recipe
from benchmarks.workers import Failure, Others, Worker


@pytest.mark.parametrize("engine", ["pellucid on NumPy", "torch channels-last"])
def test_a_worker_answers_with_the_time_of_a_step(engine):
    worker = Worker("numpy", engine, "C", 2, threads=1)
    others = Others([worker])
    assert worker.failure is None
    assert 0 < worker.round() < 10
    assert worker.cpu_seconds() > 0
    assert others.load() is None or others.load() >= 0
    worker.close()


def test_a_worker_that_fails_is_heard():
    with pytest.raises(Failure, match="nonsense: KeyError"):
        Worker("train", "nonsense", "C", 2, threads=1)


def test_a_peer_that_cannot_run_says_why():
    worker = Worker("infer", "onnxruntime of another planet", "C", 2, threads=1)
    assert worker.failure == "KeyError: 'onnxruntime of another planet'"


@pytest.mark.parametrize("engine", RACERS)
@pytest.mark.parametrize("held_out", [0, 500])
def test_a_racer_arrives(engine, held_out):
    accuracy, epochs = RACERS[engine](Recipe("C", "SGD", batch=64, epochs=0, lr=0.1, one_cycle=None), 0, held_out)
    assert 0 <= accuracy < 0.5
    assert epochs == []
