"""Training, validation and test sets from folders of pictures or of sequences."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .._core.arrays import Shape
from .._core.errors import ConfigError, FileError
from .dataset import Dataset
from .folders import frame_folder, image_folder, sub_folders

_FRAMES = 8  # of a sequence, where nobody says how many
_PARTS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test",
}  # fmt: skip


def is_tree(path: Path) -> bool:
    """Whether a folder has sub-folders with something in them: classes, or parts of a data set."""
    return any(any(folder.iterdir()) for folder in sub_folders(path))


def read_tree(
    path: Path, input_shape: Shape | None = None, unreadable: str = "raise", class_names: Sequence[str] = ()
) -> tuple[Dataset, Dataset | None, Dataset]:
    """Return (training, validation, test set) of a folder of classes, or of the folders train, val, test of classes.

    Without ``test``, ``val`` is the test set; without both a fifth of the images is, drawn alike from each class.

    Parameters
    ----------
    path : Path
    input_shape : (C, H, W) or (T, C, H, W), optional
        What a network takes; (1, 28, 28) unless told.  Sequences have 8 frames where T is not told.
    unreadable : "raise" or "skip"
        `on_error` of `image_folder` and `frame_folder`.
    class_names : sequence of str, optional
        The classes of a network in their order.  A folder of classes alone is then a test set, as a whole.

    Raises
    ------
    FileError
        As these do, and if there is no folder ``train`` beside the others.
    ConfigError
        If a network with such an input shape takes no pictures.
    """
    shape = input_shape or (1, 28, 28)
    if len(shape) not in (3, 4) or shape[-3] not in (1, 3):
        raise ConfigError(f"{path}: holds pictures, the network takes {shape}")
    folders = _parts(path)
    sequences = _holds_sequences(folders.get("train", path))

    def read(folder: Path, names: Sequence[str], **more: Any) -> Dataset:
        *frames, channels, height, width = shape
        more |= {"size": (height, width), "channels": channels, "on_error": unreadable, "class_names": names}
        if sequences:
            return frame_folder(folder, frames[0] if frames else _FRAMES, **more)
        return image_folder(folder, **more)

    if not folders:
        whole = read(path, class_names)
        if class_names:
            return whole.take([]), None, whole
        if len(whole) < 2:
            raise FileError(f"{path}: one picture alone cannot be cut into a training and a test set")
        training, test = whole.split(max(1, len(whole) // 5))
        return training, None, test
    training = read(folders["train"], class_names)
    others = {
        part: read(folder, training.class_names, normalize=training.normalize)
        for part, folder in folders.items()
        if part != "train"
    }
    if "test" in others:
        return training, others.get("val"), others["test"]
    return training, None, others["val"]


def _parts(path: Path) -> dict[str, Path]:
    """Return the folders of the parts; none if those in `path` are classes."""
    folders = sub_folders(path)
    if not all(folder.name in _PARTS and sub_folders(folder) for folder in folders):
        return {}
    parts = {_PARTS[folder.name]: folder for folder in folders}
    if len(parts) < len(folders):
        raise FileError(f"{path}: has two folders for one part: {', '.join(folder.name for folder in folders)}")
    if "train" not in parts:
        raise FileError(f"{path}: has {', '.join(folder.name for folder in folders)}, but no train")
    if len(parts) == 1:
        raise FileError(f"{path}: has train, but neither test nor val")
    return parts


def _holds_sequences(path: Path) -> bool:
    """Whether the classes in `path` hold folders."""
    return any(sub_folders(folder) for folder in sub_folders(path))
