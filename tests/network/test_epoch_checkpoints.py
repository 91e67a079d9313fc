"""Network's checkpoints: a run that goes on in a new object ends with the same bits, and nothing is overwritten."""

from types import SimpleNamespace

import numpy as np
import pytest

from pellucid import FileError, Network
from pellucid.network.epoch_checkpoints import EpochCheckpoints
from pellucid.nn import Dropout, Flatten, Linear, ReLU, Tanh
from pellucid.optim import OneCycleLR


def make(seed=0, optimizer="adam", act=ReLU):
    net = Network([Flatten(), Linear(16, 8), act(), Dropout(0.25), Linear(8, 2)], input_shape=(4, 4, 1), seed=seed)
    net.compile(optimizer=optimizer)
    return net


@pytest.fixture
def images(rng):
    x = rng.random((50, 4, 4, 1), np.float32)
    return x, (x[:, 0].sum(axis=(1, 2)) > x[:, 1].sum(axis=(1, 2))).astype(int)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_run_that_goes_on_ends_with_the_same_bits(images, tmp_path, optimizer):
    x, y = images
    settings = {"learning_rate": 0.02, "batch_size": 8, "validation_data": (x[:20], y[:20])}
    whole = make(optimizer=optimizer)
    whole.train(x, y, 4, checkpoint_prefix=tmp_path / "whole" / "net", **settings)
    cut = {"checkpoint_prefix": tmp_path / "cut" / "net", "resume_from_checkpoint": True, **settings}
    make(optimizer=optimizer).train(x, y, 2, **cut)
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == [f"net-epoch-{n}.safetensors" for n in (1, 2)]
    on = make(optimizer=optimizer)
    history = on.train(x, y, 4, **cut)
    assert history.rows == whole.history.rows
    assert len(history) == 4
    assert on.predict_logits(x).tobytes() == whole.predict_logits(x).tobytes()
    for n in (1, 2, 3, 4):
        name = f"net-epoch-{n}.safetensors"
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert on.train(x, y, 4, **cut).rows == whole.history.rows, "nothing is left to do"


def test_a_schedule_goes_on_too(images, tmp_path):
    x, y = images

    def falling(optimizer, steps):
        return OneCycleLR(optimizer, 0.02, 4 * 7)  # made for four epochs of seven batches

    whole, on = make(), make()
    whole.train(x, y, 4, batch_size=8, schedule=falling)
    cut = {"checkpoint_prefix": tmp_path / "a", "resume_from_checkpoint": True, "batch_size": 8, "schedule": falling}
    make().train(x, y, 1, **cut)
    assert on.train(x, y, 4, **cut).rows == whole.history.rows
    assert on.history["lr"][0] > on.history["lr"][-1]


def test_nothing_is_overwritten(images, tmp_path):
    x, y = images
    make().train(x, y, 2, 0.01, tmp_path / "a")
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(FileError, match=r"a-epoch-1\.safetensors: exists already; nothing is overwritten: go on"):
        make(seed=1).train(x, y, 1, 0.01, tmp_path / "a")
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before
    make(seed=1).train(x, y, 1, 0.01, tmp_path / "a*")  # another prefix, though it looks like a pattern
    net = make()
    net.train(x, y, 1, 0.01, tmp_path / "b")
    net.train(x, y, 1, 0.01, tmp_path / "b")  # the same run goes on
    assert (tmp_path / "b-epoch-2.safetensors").read_bytes() == before[tmp_path / "a-epoch-2.safetensors"]


def test_another_run_is_not_gone_on_with(images, tmp_path):
    x, y = images
    make().train(x, y, 1, 0.01, tmp_path / "a")
    again = {"checkpoint_prefix": tmp_path / "a", "resume_from_checkpoint": True}
    for net, inputs, settings, words in (
        (make(), x[:-1], {}, "is of another run: data differ"),
        (make(), x, {"batch_size": 7}, "is of another run: batch_size differ"),
        (make(act=Tanh), x, {}, "is of another run: layers differ"),
        (make(seed=4), x, {}, "does not fit: seed is 0, this trainer's 4"),
        (make(optimizer="sgd"), x, {}, "optimizer is Adam, this trainer's SGD"),
    ):
        with pytest.raises(FileError, match=words):
            net.train(inputs, y[: len(inputs)], 2, 0.01, **again, **settings)
    path = tmp_path / "a-epoch-1.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"a-epoch-1\.safetensors: damaged"):
        make().train(x, y, 2, 0.01, **again)


def test_a_file_that_appears_meanwhile_stays(tmp_path):
    path = tmp_path / "net-epoch-1.safetensors"
    path.write_bytes(b"of somebody else")
    with pytest.raises(FileError, match="exists already; nothing is overwritten"):
        EpochCheckpoints(tmp_path / "net", {}).on_epoch_end(SimpleNamespace(epoch=1), {})
    assert path.read_bytes() == b"of somebody else"
