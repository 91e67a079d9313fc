"""Data in memory, its files, and batches made of it."""

from .dataset import Dataset, to_one_hot
from .fetch import FileState, fetch, verify
from .idx import read_idx, write_idx
from .images import Picture, read_image
from .load import load
from .loader import Batch, Loader
from .mnist import mnist
from .moving import mnist_rows, moving_digits
from .transforms import Normalize

__all__ = [
    "Batch",
    "Dataset",
    "FileState",
    "Loader",
    "Normalize",
    "Picture",
    "fetch",
    "load",
    "mnist",
    "mnist_rows",
    "moving_digits",
    "read_idx",
    "read_image",
    "to_one_hot",
    "verify",
    "write_idx",
]
