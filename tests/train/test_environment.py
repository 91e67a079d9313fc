"""What of a change of environment may change the bits."""

import pytest

from pellucid.train import environment
from pellucid.train.environment import differences

NOW = environment()


def test_nothing_has_changed():
    assert differences(NOW, NOW) == []


@pytest.mark.parametrize("key", ["threads", "cores", "processor", "instruction_set", "python", "blas", "simd"])
def test_the_native_engine_gives_the_same_bits_on_other_machines(key):
    native, numpy = NOW | {"engine": "native"}, NOW | {"engine": "numpy"}
    assert differences(native | {key: "other"}, native) == []
    assert differences(numpy | {key: "other"}, numpy) == [f"{key} other -> {NOW[key]}"]


@pytest.mark.parametrize("key", ["engine", "system", "pellucid", "numpy"])
def test_what_matters_for_either_engine(key):
    for engine in ("native", "numpy"):
        now = NOW | {"engine": engine}
        assert differences(now | {key: "other"}, now) == [f"{key} other -> {now[key]}"]


def test_an_older_file_knows_less():
    assert differences({}, NOW) == []
