"""Weights on disk: one file of named arrays, safetensors or .npz, and the digest that tells two networks apart."""

import hashlib
import os
from pathlib import Path

from safetensors.numpy import save

from .._core.errors import FileError, ShapeError
from .._core.files import write_file
from ..nn import Module
from .tensors import Header, npz_bytes, read_arrays


def digest(model: Module) -> str:
    """Return the SHA-256 of all parameters and buffers: what ``sha256sum weights.safetensors`` says of their file."""
    return hashlib.sha256(save(model.state_dict())).hexdigest()


def save_weights(model: Module, path: str | os.PathLike[str]) -> None:
    """Write all parameters and buffers; what stood at `path` is replaced only by a whole file.

    A name that ends in ``.npz`` gives NumPy's format, any other safetensors.
    """
    state = model.state_dict()
    write_file(path, npz_bytes(state) if Path(path).suffix == ".npz" else save(state))


def load_weights(model: Module, path: str | os.PathLike[str]) -> None:
    """Take over all parameters and buffers from a weights file; on any error the model stays as it was.

    Names, shapes and sizes are compared with the model's before any numbers are read.

    Raises
    ------
    FileError
        If the file cannot be read, is damaged, or does not fit the model.
    """

    def fits(header: Header) -> None:
        try:
            model.check_state_dict(header)
        except ShapeError as error:
            raise FileError(f"{path}: does not fit the model: {error}") from error

    state, _ = read_arrays(path, fits)
    model.load_state_dict(state)
