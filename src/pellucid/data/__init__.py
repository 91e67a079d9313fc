"""Data in memory, its files, and batches made of it."""

from .dataset import Dataset, to_one_hot
from .idx import read_idx
from .loader import Loader
from .mnist import mnist
from .transforms import Normalize

__all__ = ["Dataset", "Loader", "Normalize", "mnist", "read_idx", "to_one_hot"]
