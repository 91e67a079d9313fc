"""Bad input, through the command: one line that names it, exit code 1, nothing written, memory bounded."""

import gzip
import json
import struct
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import save

from tests.data.conftest import idx_bytes

IMAGES = idx_bytes(np.zeros((12, 28, 28), np.uint8))
LABELS = idx_bytes(np.arange(12, dtype=np.uint8) % 10)
LARGE = 50_000_000


def tree(folder):
    return {p: p.read_bytes() if p.stat().st_size < LARGE else p.stat().st_size
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip


@pytest.fixture
def refused(run, tmp_path):
    def check(*arguments, words):
        before = tree(tmp_path)
        tracemalloc.start()
        code, out, err = run(*arguments)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (code, out) == (1, "")
        assert err.startswith("error: ")
        assert words in err
        _, *more = err.splitlines()
        assert not [line for line in more if not line.startswith("  the way there: ")], "no traceback"
        assert tree(tmp_path) == before, "nothing written"
        assert peak < 2e7

    return check


@pytest.fixture
def images(tmp_path):
    """A folder of twelve images in MNIST's format."""
    folder = tmp_path / "images"
    folder.mkdir()
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(IMAGES)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(LABELS)
    return folder


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("train-images-idx3-ubyte", None, "train-images-idx3-ubyte (or train-images-idx3-ubyte.gz) is missing"),
        ("train-images-idx3-ubyte", b"", "no IDX file"),
        ("train-images-idx3-ubyte", b"\x89PNG\r\n\x1a\n", "no IDX file: it starts with 89 50 4e 47"),
        ("train-images-idx3-ubyte", IMAGES[:9], "the header of 3 axes is incomplete"),
        ("train-images-idx3-ubyte", IMAGES[:-1], "9,408 bytes of data, the file has only 9,407"),
        ("train-images-idx3-ubyte", IMAGES + b"x", "9,408 bytes of data, the file has more"),
        ("train-images-idx3-ubyte", struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3), "the file has only 0"),
        ("train-images-idx3-ubyte", gzip.compress(IMAGES)[:-9], "damaged gzip data"),
        ("train-images-idx3-ubyte", gzip.compress(IMAGES + bytes(LARGE)), "the file has more"),
        ("train-images-idx3-ubyte", idx_bytes(np.zeros((0, 28, 28), np.uint8)), "images (N, H, W) of bytes are needed"),
        ("train-images-idx3-ubyte", idx_bytes(np.zeros((12, 5, 5), np.uint8)), "training images are (1, 5, 5), test"),
        ("t10k-labels-idx1-ubyte", LABELS[:-1], "has only 11"),
        ("t10k-labels-idx1-ubyte", idx_bytes(np.zeros(11, np.uint8)), "12 images in t10k-images-idx3-ubyte but 11"),
        ("t10k-labels-idx1-ubyte", idx_bytes(np.zeros((12, 2), np.uint8)), "labels (N,) of bytes are needed"),
    ],
)  # fmt: skip
def test_images_and_labels(refused, images, name, content, words):
    (images / name).unlink() if content is None else (images / name).write_bytes(content)
    refused("train", "--data", images, "--validation", "2", words=words)


def test_a_label_beyond_the_networks_classes(refused, images):
    (images / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(12, dtype=np.uint8)))
    refused("train", "--data", images, "--validation", "0", words="the data have 12 classes, mnist-cnn tells 10 apart")


def test_images_that_the_network_cannot_take(refused, images):
    for part in ("train", "t10k"):
        (images / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((12, 6, 6), np.uint8)))
    refused(
        "train",
        "--data",
        images,
        "--validation",
        "2",
        words="layer 'conv2': conv2d: kernel 3x3 does not fit into the input 2x2",
    )


def test_an_empty_folder_and_a_file_in_its_place(refused, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    refused("train", "--data", "empty", words="train-images-idx3-ubyte (or train-images-idx3-ubyte.gz) is missing")
    refused("train", "--data", "file", words="file: no such folder")


@pytest.fixture
def trained(run, images, tmp_path):
    code, _, _ = run("train", "--data", images, "--validation", "2", "--epochs", "1", "--out", "run")
    assert code == 0
    return tmp_path / "run"


STATE = {"conv1.weight": np.zeros((32, 1, 3, 3), np.float32)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no valid safetensors file"),
        (b"\x80\x04\x95pickle", "no valid safetensors file"),
        (save(STATE), "does not fit the model: load_state_dict: missing conv1.bias"),
        (save(STATE | {"other": np.zeros(3)}), "unexpected other"),
        (save({"conv1.weight": np.zeros((1, 1))}), "conv1.weight has shape (1, 1), expected (32, 1, 3, 3)"),
    ],
)
def test_weights(refused, trained, content, words):
    (trained / "last.safetensors").write_bytes(content)
    refused("evaluate", trained, words=words)


def test_weights_that_are_not_finite(refused, trained):
    from safetensors.numpy import load

    state = load((trained / "last.safetensors").read_bytes())
    state["conv1.bias"][3] = np.nan
    (trained / "last.safetensors").write_bytes(save(state))
    refused("evaluate", trained, words="not finite: conv1.bias")


def test_checkpoints_all_damaged_or_foreign(refused, trained):
    for i, file in enumerate((trained / "checkpoints").iterdir()):
        file.write_bytes(b"" if i else save(STATE))
    refused("train", "--resume", trained, words="none of 2 checkpoints can be read")


@pytest.mark.parametrize("name", ["config.toml", "model.json", "env.json"])
def test_a_damaged_text_of_a_run(refused, trained, name):
    (trained / name).write_bytes(b"\xff{")
    refused("train", "--resume", trained, words=f"{name}: cannot be read: no UTF-8 text")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.json", "null", "model.json: is None, a table is needed"),
        ("model.json", "{}", "model.json: model: is missing"),
        ("model.json", '{"input_shape": 3}', "input_shape: is 3, which no run writes"),
        ("model.json", '{"input_shape": [1, 28, true]}', "input_shape: is [1, 28, True], which no run writes"),
        ("model.json", '{"class_names": ["a"]}', "class_names: there are 1, the network gives (10,)"),
        ("model.json", '{"class_names": 10}', "class_names: is 10, which no run writes"),
        ("model.json", '{"normalize": {"mean": 0, "std": 0}}', "normalize: is {'mean': 0, 'std': 0}, which no run"),
        ("model.json", '{"normalize": {"mean": NaN, "std": 1}}', "normalize: is {'mean': nan, 'std': 1}, which no run"),
        ("model.json", '{"framing": "round"}', "framing: is 'round', which no run writes"),
        ("model.json", "[" * 9000, "model.json: damaged: "),
        ("result.json", "{}", "result.json: damaged: test and weights_sha256 are needed"),
        ("result.json", "3", "result.json: damaged: test and weights_sha256 are needed"),
    ],
)
def test_texts_of_another_shape(refused, trained, name, content, words):
    if content.startswith('{"'):
        content = json.dumps(json.loads((trained / name).read_text()) | json.loads(content))
    (trained / name).write_text(content)
    refused("evaluate", trained, words=words)


@pytest.mark.parametrize("content", ["3", "null", "[1]"])
def test_an_environment_of_another_shape(refused, trained, content):
    (trained / "env.json").write_text(content)
    refused("train", "--resume", trained, words="env.json: damaged: a list of tables is needed")


def test_a_name_that_is_no_text(run, trained, tmp_path):
    assert run("predict", trained, "picture\udcff.png")[0] == 1
    code, _, err = run("train", "--set", "data=folder\udcff")
    assert code == 1
    assert "is no valid text" in err


def test_a_folder_that_cannot_be_and_those_above_it(refused):
    refused("train", "--subset", "100", "50", "--json", "--out", "new/..", words="exists already")


def test_contradictory_options_in_a_file(refused, tmp_path):
    (tmp_path / "c.toml").write_text('model = "mnist-cnn"\npatience = 3\nvalidation = 0\n')
    refused("train", "--config", "c.toml", words="c.toml: patience: val_loss is to be watched, but validation is 0")
