"""Data in memory, its files, and batches made of it."""

from .augment import Augment, MixUp, augmentation
from .dataset import Dataset, to_one_hot
from .distort import Affine, Elastic, Flip
from .fetch import FileState, fetch, verify
from .folders import SkippedFiles, frame_folder, image_folder
from .idx import read_idx, write_idx
from .images import Picture, read_image
from .load import load
from .loader import Batch, Loader
from .mnist import mnist
from .moving import mnist_rows, moving_digits
from .spoil import Erase, Noise
from .transforms import Normalize

__all__ = [
    "Affine",
    "Augment",
    "Batch",
    "Dataset",
    "Elastic",
    "Erase",
    "FileState",
    "Flip",
    "Loader",
    "MixUp",
    "Noise",
    "Normalize",
    "Picture",
    "SkippedFiles",
    "augmentation",
    "fetch",
    "frame_folder",
    "image_folder",
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
