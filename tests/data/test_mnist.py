"""MNIST as it travels with the package, and folders of its format."""

import hashlib

import numpy as np
import pytest

from pellucid import FileError
from pellucid.data import load, mnist, write_idx
from pellucid.data.mnist import _FILES
from tests.data.conftest import idx_bytes


def test_mnist_is_the_real_one():
    """The licence note beside the files states the SHA-256 of their uncompressed content."""
    train, test = mnist()
    note = (_FILES / "LICENCE.md").read_text()
    for data, images in ((train, "train-images"), (test, "t10k-images")):
        content = idx_bytes(data.inputs[:, 0])
        assert hashlib.sha256(content).hexdigest() in note, images
        assert hashlib.sha256(idx_bytes(data.labels.astype(np.uint8))).hexdigest() in note
    assert (train.inputs.shape, test.inputs.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert train.inputs.dtype == np.uint8
    assert train.class_names == test.class_names == tuple("0123456789")


def test_batches_of_the_training_set_have_mean_0_and_deviation_1():
    train, _ = mnist()
    assert (train.normalize.mean, train.normalize.std) == pytest.approx((0.1307, 0.3081), abs=5e-5)
    x, _ = train.batch(np.arange(10_000))
    assert x.dtype == np.float32
    assert abs(x.mean()) < 0.01
    assert abs(x.std() - 1) < 0.01


def test_any_folder_of_that_format(idx_folder):
    train, test = mnist(idx_folder)
    assert (train.inputs.shape, test.inputs.shape) == ((12, 1, 4, 5), (6, 1, 4, 5))
    assert train.class_names == ("0", "1", "2")
    x, _ = train.batch(np.arange(12))
    assert (x.mean(), x.std()) == pytest.approx((0, 1), abs=1e-6)
    assert test.normalize == train.normalize, "the test images go through what the training images settled"


def test_what_is_wrong_with_a_folder_is_named(idx_folder):
    with pytest.raises(FileError, match="no such folder"):
        mnist(idx_folder / "nowhere")
    labels = idx_folder / "t10k-labels-idx1-ubyte"
    labels.write_bytes(idx_bytes(np.zeros(5, np.uint8)))
    with pytest.raises(
        FileError, match=r"6 images in t10k-images-idx3-ubyte\.gz but 5 labels in t10k-labels-idx1-ubyte"
    ):
        mnist(idx_folder)
    labels.write_bytes(idx_bytes(np.zeros((6, 1), np.uint8)))
    with pytest.raises(FileError, match=r"labels \(N,\) of bytes are needed"):
        mnist(idx_folder)
    labels.unlink()
    with pytest.raises(FileError, match=r"t10k-labels-idx1-ubyte \(or t10k-labels-idx1-ubyte.gz\) is missing"):
        mnist(idx_folder)
    images = idx_folder / "train-images-idx3-ubyte"
    images.write_bytes(idx_bytes(np.zeros((0, 4, 5), np.uint8)))
    with pytest.raises(FileError, match=r"images \(N, H, W\) of bytes are needed"):
        mnist(idx_folder)


def test_training_and_test_images_of_different_size(idx_folder):
    (idx_folder / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((6, 5, 5), np.uint8)))
    with pytest.raises(FileError, match=r"training images are \(1, 4, 5\), test images \(1, 5, 5\)"):
        mnist(idx_folder)


@pytest.mark.parametrize("read", [mnist, load])
def test_an_empty_folder_and_one_with_other_files(tmp_path, read):
    for _ in range(2):
        words = r"train-images-idx3-ubyte \(or train-images-idx3-ubyte.gz\) is missing"
        with pytest.raises(FileError, match=f"^{tmp_path}: {words}"):
            read(tmp_path)
        (tmp_path / "train-images.png").write_bytes(b"")
        (tmp_path / "train-images-idx3-ubyte").mkdir(exist_ok=True)


@pytest.mark.parametrize("part", ["train", "t10k"])
@pytest.mark.parametrize("shape", [(0, 4, 5), (4, 0, 5), (4, 5)])
def test_files_without_images(idx_folder, part, shape):
    write_idx(idx_folder / f"{part}-images-idx3-ubyte", np.zeros(shape, np.uint8))
    with pytest.raises(FileError, match=rf"{part}-images-idx3-ubyte: holds uint8 of shape .*images \(N, H, W\)"):
        mnist(idx_folder)
