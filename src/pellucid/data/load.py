"""load: a data set by its name, or from a folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from .._core.arrays import Shape
from .._core.errors import FileError
from .catalogue import CATALOGUE, MADE, by_hand, complete
from .dataset import Dataset
from .mnist import read_folder
from .moving import mnist_rows, moving_digits
from .trees import is_tree, read_tree

_MAKERS = {"mnist-rows": mnist_rows, "moving-digits": moving_digits}


def load(
    source: str | os.PathLike[str] | None = None, input_shape: Shape | None = None, unreadable: str = "raise"
) -> tuple[Dataset, Dataset]:
    """Return (training set, test set) of a data set known by name, or of a folder.

    A name is looked for in the package, in the folder ``$PELLUCID_DATA`` (or else the user's cache), and where
    Debian's packages put data sets.  Nothing is downloaded; `fetch` does that.

    Parameters
    ----------
    source : str or path, optional
        ``"mnist"`` (which is also the default), ``"fashion-mnist"``, ``"moving-digits"`` and ``"mnist-rows"``, which
        are made of MNIST's images, or a folder: in MNIST's format, as `mnist` describes it, or of pictures, a
        sub-folder for each class, as `image_folder` and `frame_folder` read them.  There may be folders ``train``,
        ``val`` and ``test`` of classes; without ``test``, ``val`` is the test set, without both a fifth is.
        Beside a ``test``, ``val`` is no part of what this returns: `train.load_parts` validates on it.
        A folder that has the name of a data set is written ``"./mnist"``.
    input_shape : (C, H, W) or (T, C, H, W), optional
        What pictures are scaled to; (1, 28, 28) unless told, and 8 frames of sequences.
    unreadable : str
        What to do with pictures that cannot be read: ``"raise"`` an error, or ``"skip"`` them with a warning.

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
    training, _, test = load_sets(source, input_shape, unreadable)
    return training, test


def load_sets(
    source: str | os.PathLike[str] | None = None,
    input_shape: Shape | None = None,
    unreadable: str = "raise",
    class_names: Sequence[str] = (),
) -> tuple[Dataset, Dataset | None, Dataset]:
    """Return (training, validation, test set), as `load` does; None for validation where the data bring none.

    With `class_names`, folders of pictures are read as these classes, and one without parts is a test set.
    """
    word = "mnist" if source is None else os.fspath(source)
    if word not in (*CATALOGUE, *MADE) or (isinstance(source, Path) and source.is_dir()):
        if not Path(word).is_dir():
            raise FileError(f"{word}: no such folder, nor a data set; known are {', '.join([*CATALOGUE, *MADE])}")
        if is_tree(Path(word)) and not any(Path(word).glob("*-idx?-ubyte*")):
            return read_tree(Path(word), input_shape, unreadable, class_names)
        training, test = read_folder(Path(word))
        return training, None, test
    if word in MADE:
        training, test = _MAKERS[word]()
        return training, None, test
    entry = CATALOGUE[word]
    folder = complete(entry)
    if folder is None:
        raise FileError(f"{word}: not on this machine; fetch it with `pellucid data fetch {word}`\nor {by_hand(entry)}")
    training, test = read_folder(folder, entry.class_names)
    return training, None, test
