"""The data sets that go by a name: what is in them, how their files are known, and where they may lie.

A file is known by the SHA-256 of its uncompressed content: mirrors and distributions compress the same bytes anew.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from .._core.errors import ConfigError

_PACKAGE = Path(__file__).parent / "files"
_DEBIAN = Path("/usr/share/datasets")  # packages dataset-NAME


@dataclass(frozen=True)
class File:
    """A file of a data set: its name without ``.gz``, and size in bytes and SHA-256 of its uncompressed content."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """A data set: its origin and licence, its classes 0, 1, ..., its files, and the addresses before their names."""

    name: str
    about: str
    source: str
    licence: str
    class_names: tuple[str, ...]
    files: tuple[File, ...]
    mirrors: tuple[str, ...]


CATALOGUE = {
    entry.name: entry
    for entry in (
        Entry(
            "mnist",
            "handwritten digits, 60,000 + 10,000 grey images of 28x28",
            "Y. LeCun, C. Cortes, C. J. C. Burges: http://yann.lecun.com/exdb/mnist/",
            "CC BY-SA 3.0",
            tuple("0123456789"),
            (
                File(
                    "train-images-idx3-ubyte",
                    47_040_016,
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                ),
                File(
                    "train-labels-idx1-ubyte",
                    60_008,
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                ),
                File(
                    "t10k-images-idx3-ubyte",
                    7_840_016,
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                ),
                File(
                    "t10k-labels-idx1-ubyte",
                    10_008,
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ),
            ),
            ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
        ),
        Entry(
            "fashion-mnist",
            "articles of clothing, 60,000 + 10,000 grey images of 28x28",
            "H. Xiao, K. Rasul, R. Vollgraf, Zalando: https://github.com/zalandoresearch/fashion-mnist",
            "MIT",
            (
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            (
                File(
                    "train-images-idx3-ubyte",
                    47_040_016,
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                ),
                File(
                    "train-labels-idx1-ubyte",
                    60_008,
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                ),
                File(
                    "t10k-images-idx3-ubyte",
                    7_840_016,
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                ),
                File(
                    "t10k-labels-idx1-ubyte",
                    10_008,
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                ),
            ),
            (
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            ),
        ),
    )
}


MADE = {
    "mnist-rows": "MNIST read row by row: sequences of 28 steps of 28 numbers",
    "moving-digits": "MNIST's digits that move over 8 frames of 28x28, 40 classes: digit and direction",
}
"""Data sets without files of their own: `pellucid.data.load` makes them of MNIST's images."""


def find(name: str) -> Entry:
    """Return the data set of this name.

    Raises
    ------
    ConfigError
        If there is none, or it has no files of its own; the message lists what there is.
    """
    if name in MADE:
        raise ConfigError(f"data set {name!r}: is made of mnist and has no files of its own")
    if name not in CATALOGUE:
        raise ConfigError(f"data set {name!r}: unknown; known are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def home(entry: Entry) -> Path:
    """Return the folder of the user's own copy: within ``$PELLUCID_DATA``, or else the system's place for caches."""
    if chosen := os.environ.get("PELLUCID_DATA"):
        return Path(chosen) / entry.name
    from platformdirs import user_cache_path

    return user_cache_path("pellucid") / entry.name


def locate(folder: Path, name: str) -> Path | None:
    """Return the path of this file in `folder`, plain or ``.gz``, or None if there is neither."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def complete(entry: Entry) -> Path | None:
    """Return the first folder that has all files of a data set: the package's, the user's, the distribution's."""
    for folder in (_PACKAGE / entry.name, home(entry), _DEBIAN / entry.name):
        if all(locate(folder, file.name) for file in entry.files):
            return folder
    return None


def by_hand(entry: Entry) -> str:
    """Return how to fetch the files without this library, for the end of an error's message."""
    width = max(len(file.name) for file in entry.files) + 4
    files = "".join(f"\n  {file.name + '.gz':{width}} {file.sha256}" for file in entry.files)
    mirrors = "".join(f"\n  {mirror}" for mirror in entry.mirrors)
    return (
        f"by hand: put these files (beside each, the SHA-256 of its unpacked content){files}\n"
        f"from one of{mirrors}\ninto {home(entry)}"
    )
