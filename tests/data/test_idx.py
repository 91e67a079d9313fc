"""IDX files: right ones are read to the bit, wrong ones are named."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from pellucid import FileError
from pellucid.data import read_idx
from tests.data.conftest import idx_bytes


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("code", "dtype"),
    [(0x08, "u1"), (0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")],
)
def test_every_element_type(tmp_path, code, dtype, pack):
    array = np.arange(-6, 6).astype(dtype).reshape(3, 4)
    (tmp_path / "f").write_bytes(pack(idx_bytes(array, code)))
    read = read_idx(tmp_path / "f")
    assert read.dtype == np.dtype(dtype).newbyteorder("=")
    assert read.dtype.isnative
    assert read.tolist() == array.tolist()


GOOD = idx_bytes(np.arange(12, dtype=np.uint8).reshape(3, 4))
BAD = {
    "empty": (b"", "no IDX file"),
    "text": (b"hello world", "no IDX file: it starts with 68 65 6c 6c"),
    "element type": (b"\0\0\x0a\1", "no IDX file"),
    "header cut short": (GOOD[:9], "the header of 2 axes is incomplete"),
    "data cut short": (GOOD[:-1], r"shape \(3, 4\) announces 12 bytes of data, the file has only 11"),
    "garbage behind": (GOOD + b"x", "announces 12 bytes of data, the file has more"),
    "gzip cut short": (gzip.compress(GOOD)[:-9], "damaged gzip data"),
    "gzip damaged": (
        gzip.compress(GOOD)[:12] + b"\xff\xff\xff" + gzip.compress(GOOD)[15:],
        "damaged gzip data",
    ),
    "absurd size": (struct.pack(">HBB4I", 0, 8, 4, *[2**32 - 1] * 4), "the file has only 0"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_named_and_bounded(tmp_path, what):
    content, words = BAD[what]
    (tmp_path / "f").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(FileError, match=words) as raised:
        read_idx(tmp_path / "f")
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    assert str(raised.value).startswith(f"{tmp_path / 'f'}: ")


def test_a_gzip_bomb_is_read_no_further_than_announced(tmp_path):
    (tmp_path / "f").write_bytes(gzip.compress(GOOD + bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(FileError, match="the file has more"):
        read_idx(tmp_path / "f")
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FileError, match="nothing: cannot be read: No such file"):
        read_idx(tmp_path / "nothing")
    with pytest.raises(FileError, match="cannot be read: Is a directory"):
        read_idx(tmp_path)
