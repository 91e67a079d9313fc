"""The kinds of files that pellucid reads: whole ones to begin with, and who reads them; for fuzz.py."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pellucid.data import read_idx, write_idx
from pellucid.data.decode import decode
from pellucid.nn import Linear, ReLU, Sequential
from pellucid.optim import Adam
from pellucid.train import (
    Bundles,
    Recipe,
    RunFolder,
    StepsLog,
    Trainer,
    load_weights,
    read_bundle,
    read_checkpoint,
    save_checkpoint,
    save_weights,
)

RECIPE = """model = "cnn"
epochs = 3
subset = [100, 50]
[optimizer]
name = "adam"
lr = 0.003
[augment]
shift = 0.1
"""


class Kind(NamedTuple):
    """A kind of file: how it is called, whole files to begin with, and who reads it."""

    name: str
    seeds: Callable[[Path], list[bytes]]
    read: Callable[[Path], object]


def network() -> Sequential:
    """Return the network whose files are mutated."""
    return Sequential(Linear(3, 4), ReLU(), Linear(4, 2)).build((3,), seed=0)


def trainer() -> Trainer:
    """Return one that has taken a step."""
    made = Trainer(model := network(), Adam(model.parameters()), lint=False)
    made.fit((np.ones((4, 3), np.float32), np.array([0, 1, 0, 1])), 1)
    return made


def written(*writers: Callable[[Path], object], name: str = "seed") -> Callable[[Path], list[bytes]]:
    """Return what makes seeds by letting the writers write files."""

    def make(folder: Path) -> list[bytes]:
        found = []
        for writer in writers:
            path = folder / name
            result = writer(path)
            found.append((result if isinstance(result, Path) else path).read_bytes())
        return found

    return make


def packed_idx(path: Path, dtype: str) -> Path:
    """Write a compressed IDX file."""
    path = path.with_suffix(".gz")
    write_idx(path, np.zeros((3, 2), dtype))
    return path


def image(mode: str, kind: str) -> Callable[[Path], object]:
    """Return what writes a small picture."""

    def write(path: Path) -> None:
        from PIL import Image

        pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
        Image.fromarray(pixels).convert(mode).save(path, format=kind)

    return write


def run_folder(name: str) -> Callable[[Path], object]:
    """Return what reads a run in which one file is the mutated one."""

    def read(path: Path) -> object:
        folder = path.parent / "run"
        folder.mkdir(exist_ok=True)
        info = {
            "model": "mnist-cnn", "input_shape": [1, 28, 28], "class_names": list("0123456789"),
            "normalize": {"mean": 0.1, "std": 0.3}, "framing": "digit", "data_sha256": {},
        }  # fmt: skip
        files = {"config.toml": RECIPE, "model.json": json.dumps(info), "env.json": "[]", "result.json": "{}"}
        for other, text in files.items():
            (folder / other).write_text(text)
        (folder / name).write_bytes(path.read_bytes())
        run = RunFolder(folder)
        return run.environments(), run.result()

    return read


def model_json(folder: Path) -> list[bytes]:
    """Return the model.json of a trained network that comes along."""
    from pellucid.models import trained

    found = Path(trained.__file__).parent / "trained" / "mnist-cnn"
    return [(found / name).read_bytes() for name in ("model.json",)]


def environments(folder: Path) -> list[bytes]:
    """Return an env.json and a result.json."""
    return [b'[{"engine": "native", "threads": 2}]', b'{"test": {"accuracy": 0.5}, "weights_sha256": "ab"}']


KINDS = [
    Kind(
        "idx.gz",
        written(*[lambda p, d=d: packed_idx(p, d) for d in "Bif"]),
        read_idx,
    ),
    Kind("idx", written(*[lambda p, d=d: write_idx(p, np.ones((3, 2, 2), d)) for d in ("u1", "i2", "f8")]), read_idx),
    Kind(
        "weights",
        written(lambda p: save_weights(network(), p)),
        lambda p: load_weights(network(), p),
    ),
    Kind(
        "npz",
        written(lambda p: save_weights(network(), p.with_suffix(".npz")) or p.with_suffix(".npz")),
        lambda p: load_weights(network(), p),
    ),
    Kind(
        "checkpoint",
        written(lambda p: save_checkpoint(trainer(), p, {"a": 1})),
        lambda p: read_checkpoint(p, network()),
    ),
    Kind(
        "bundle",
        written(lambda p: Bundles(p.parent)(trainer(), [(np.ones((2, 3), np.float32), np.array([0, 1]))], "told")),
        lambda p: read_bundle(p, network()),
    ),
    Kind("recipe", lambda folder: [RECIPE.encode()], lambda p: Recipe.from_toml(p.read_text(errors="replace"), str(p))),
    Kind("config.toml", lambda folder: [RECIPE.encode()], run_folder("config.toml")),
    Kind("model.json", model_json, run_folder("model.json")),
    Kind("env.json", environments, run_folder("env.json")),
    Kind("result.json", environments, run_folder("result.json")),
    Kind("steps.csv", lambda folder: [b"step,loss\n1,2.5\n2,1.25\n"], lambda p: StepsLog(p).read()),
    *(
        Kind(f"{kind.lower()}", written(*(image(mode, kind) for mode in modes)), lambda p: decode(p, 28))
        for kind, modes in {
            "PNG": ("L", "RGBA", "P"), "JPEG": ("L", "RGB"), "GIF": ("P",), "BMP": ("RGB",), "TIFF": ("L", "RGB"),
            "WEBP": ("RGB",), "PPM": ("RGB",),
        }.items()
    ),
]  # fmt: skip
