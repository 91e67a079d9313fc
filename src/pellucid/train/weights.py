"""Weights on disk, and their fingerprint.

A weights file is a ``.safetensors`` file with PyTorch's names and layouts; its SHA-256 is the network's `digest`,
so ``sha256sum weights.safetensors`` checks it.
"""

import hashlib
import os
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .._core.errors import FileError, ShapeError
from .._core.files import write_file
from ..nn import Module


def digest(model: Module) -> str:
    """Return the SHA-256 of all parameters and buffers, as the hexadecimal digest of their weights file."""
    return hashlib.sha256(save(model.state_dict())).hexdigest()


def save_weights(model: Module, path: str | os.PathLike[str]) -> None:
    """Write all parameters and buffers; what stood at `path` is replaced only by a whole file."""
    write_file(path, save(model.state_dict()))


def load_weights(model: Module, path: str | os.PathLike[str]) -> None:
    """Take over all parameters and buffers from a weights file; on any error the model stays as it was.

    Raises
    ------
    FileError
        If the file cannot be read, is no safetensors file, or does not fit the model.
    """
    try:
        content = Path(path).read_bytes()
        state = load(content)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise FileError(f"{path}: no valid safetensors file: {error}") from error
    except KeyError as error:
        raise FileError(f"{path}: holds numbers of type {error}, which NumPy has not") from error
    broken = [name for name, array in state.items() if not np.isfinite(array).all()]
    if broken:
        raise FileError(f"{path}: not finite: {', '.join(broken)}")
    try:
        model.load_state_dict(state)
    except ShapeError as error:
        raise FileError(f"{path}: does not fit the model: {error}") from error
