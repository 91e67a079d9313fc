"""Data in memory, its files, and batches made of it."""

from .dataset import Dataset, to_one_hot
from .idx import read_idx, write_idx
from .loader import Batch, Loader
from .mnist import mnist
from .transforms import Normalize

__all__ = ["Batch", "Dataset", "Loader", "Normalize", "mnist", "read_idx", "to_one_hot", "write_idx"]
