"""History and weights on disk: they come back with the same bits, or the file is named."""

import csv
import hashlib

import numpy as np
import pytest

from pellucid import FileError
from pellucid.nn import Linear, Sequential
from pellucid.train import History, digest, load_weights, save_weights, weights


def net(seed):
    return Sequential(Linear(3, 2)).build((3,), seed=seed)


def test_weights_come_back_with_the_same_bits(tmp_path):
    save_weights(net(1), tmp_path / "w.safetensors")
    other = net(2)
    load_weights(other, tmp_path / "w.safetensors")
    assert digest(other) == digest(net(1)) != digest(net(2))
    assert hashlib.sha256((tmp_path / "w.safetensors").read_bytes()).hexdigest() == digest(other)


def test_the_digest_sees_names_and_every_bit():
    model, before = net(1), digest(net(1))
    data = model.parameters().data
    data[0] = np.nextafter(data[0], np.float32(2))
    assert digest(model) != before
    assert digest(Sequential({"other": Linear(3, 2)}).build((3,), seed=1)) != before


def test_history_comes_back_with_the_same_bits(tmp_path):
    history = History()
    for epoch in (1, 2):
        history.append({"epoch": epoch, "loss": 1 / (3 * epoch)})
    history.to_csv(tmp_path / "h.csv")
    with (tmp_path / "h.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == history["loss"]
    assert (tmp_path / "h.csv").read_text().splitlines()[0] == "epoch,loss"


def test_columns_may_come_later(tmp_path):
    history = History()
    history.append({"loss": 1.0})
    history.append({"loss": 0.5, "val_loss": 0.75})
    history.to_csv(tmp_path / "h.csv")
    assert (tmp_path / "h.csv").read_text() == "loss,val_loss\n1.0,\n0.5,0.75\n"


def test_a_number_type_that_numpy_has_not(tmp_path):
    header = b'{"0.weight":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    (tmp_path / "w").write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")
    with pytest.raises(FileError, match=r"w: 0\.weight holds numbers of type BF16, which NumPy has not"):
        load_weights(net(1), tmp_path / "w")


def test_saving_goes_through_the_safe_writer(tmp_path, monkeypatch):
    """A crash in the middle must leave the old file: `write_file` is tested for that, so it has to be what is used."""
    written = []
    monkeypatch.setattr(weights, "write_file", lambda path, content: written.append(path))
    save_weights(net(1), tmp_path / "w")
    assert written == [tmp_path / "w"]
    assert not list(tmp_path.iterdir())


def test_the_best_row_of_a_history():
    history = History()
    for loss, accuracy in ((3.0, 0.1), (1.0, 0.8), (0.9, 0.8), (2.0, 0.9)):
        history.append({"loss": loss, "val_accuracy": accuracy})
    assert history.best("loss") == 2
    assert history.best("loss", min_delta=0.5) == 1, "an improvement by 0.1 is none"
    assert history.best("val_accuracy") == 3, "accuracies are to rise"
    assert history.best("val_accuracy", min_delta=0.2) == 1
