"""load: a data set by its name, or from a folder."""

import os
from pathlib import Path

from .._core.errors import FileError
from .catalogue import CATALOGUE, MADE, by_hand, complete
from .dataset import Dataset
from .mnist import read_folder
from .moving import mnist_rows, moving_digits

_MAKERS = {"mnist-rows": mnist_rows, "moving-digits": moving_digits}


def load(source: str | os.PathLike[str] | None = None) -> tuple[Dataset, Dataset]:
    """Return (training set, test set) of a data set known by name, or of a folder in MNIST's format.

    A name is looked for in the package, in the folder ``$PELLUCID_DATA`` (or else the user's cache), and where
    Debian's packages put data sets.  Nothing is downloaded; `fetch` does that.

    Parameters
    ----------
    source : str or path, optional
        ``"mnist"`` (which is also the default), ``"fashion-mnist"``, ``"moving-digits"`` and ``"mnist-rows"``, which
        are made of MNIST's images, or a folder as `mnist` describes it.
        A folder that has the name of a data set is written ``"./mnist"``.

    Raises
    ------
    FileError
        If there is no such folder or data set, its files are not on this machine (the message tells how to get
        them), or they are damaged.

    Examples
    --------
    >>> train, test = load("mnist")
    >>> train.inputs.shape, len(test), train.class_names[7]
    ((60000, 1, 28, 28), 10000, '7')
    """
    word = "mnist" if source is None else os.fspath(source)
    if word not in (*CATALOGUE, *MADE) or (isinstance(source, Path) and source.is_dir()):
        if not Path(word).is_dir():
            raise FileError(f"{word}: no such folder, nor a data set; known are {', '.join([*CATALOGUE, *MADE])}")
        return read_folder(Path(word))
    if word in MADE:
        return _MAKERS[word]()
    entry = CATALOGUE[word]
    folder = complete(entry)
    if folder is None:
        raise FileError(f"{word}: not on this machine; fetch it with `pellucid data fetch {word}`\nor {by_hand(entry)}")
    return read_folder(folder, entry.class_names)
