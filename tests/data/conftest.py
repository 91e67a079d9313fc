import gzip
import struct

import numpy as np
import pytest


def idx_bytes(array, code=0x08):
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def idx_folder(tmp_path):
    """A small data set in MNIST's format: 12 and 6 images of 4x5, three classes."""
    rng = np.random.default_rng(1)
    for part, count in (("train", 12), ("t10k", 6)):
        images, labels = rng.integers(0, 256, (count, 4, 5), np.uint8), np.arange(count, dtype=np.uint8) % 3
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return tmp_path
