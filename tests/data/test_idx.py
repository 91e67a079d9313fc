"""IDX files: right ones are read to the bit, wrong ones are named."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from pellucid import DtypeError, FileError, ShapeError
from pellucid.data import read_idx, write_idx
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
    "65 axes": (b"\0\0\x08\x41" + struct.pack(">65I", *[1] * 65) + b"x", "maximum supported dimension"),
    "nothing, but wide": (struct.pack(">HBB3I", 0, 14, 3, 0, 2**32 - 1, 2**32 - 1), "too big|too large|size"),
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


NAMES = ("u1", "i1", "i2", "i4", "f4", "f8")


@pytest.mark.parametrize("dtype", [*NAMES, ">i2", ">f8"])
@pytest.mark.parametrize("shape", [(5,), (2, 3), (0, 4), (2, 1, 3, 2), (1,) * 64])
@pytest.mark.parametrize("name", ["f", "f.gz"])
def test_what_is_written_is_read_back_to_the_bit(tmp_path, rng, dtype, shape, name):
    array = np.frombuffer(rng.bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize), dtype).reshape(shape)
    write_idx(tmp_path / name, array.T)
    read = read_idx(tmp_path / name)
    assert (read.dtype, read.shape) == (np.dtype(dtype).newbyteorder("="), shape[::-1])
    assert read.tobytes() == array.T.astype(read.dtype).tobytes(), "any bits, those of nan too"


def test_the_bytes_are_those_of_the_format_and_the_same_each_time(tmp_path):
    array = np.array([[1, -2, 3]], np.int16)
    write_idx(tmp_path / "f", array)
    assert (tmp_path / "f").read_bytes() == bytes.fromhex("00000b02 00000001 00000003 0001fffe0003")
    for name in ("a.gz", "another.gz"):
        write_idx(tmp_path / name, array)
        packed = (tmp_path / name).read_bytes()
        assert gzip.decompress(packed) == (tmp_path / "f").read_bytes()
        assert packed[3:8] == bytes(5), "no name, no time"
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "another.gz").read_bytes()


@pytest.mark.parametrize(
    ("array", "error", "words"),
    [
        (np.zeros(3, np.int64), DtypeError, "int64 is no type of IDX; it has uint8, int8, int16"),
        (np.zeros(3, bool), DtypeError, "bool is no type of IDX"),
        (np.zeros(3, np.uint16), DtypeError, "uint16 is no type"),
        (np.zeros(3, np.float16), DtypeError, "float16 is no type"),
        (np.array(3, np.uint8), ShapeError, "no axis"),
        (np.zeros((0, 2**32), np.uint8), ShapeError, "an axis of over 4,294,967,295 entries"),
    ],
)
def test_what_idx_cannot_hold_is_refused_and_nothing_written(tmp_path, array, error, words):
    with pytest.raises(error, match=words):
        write_idx(tmp_path / "f", array)
    assert not list(tmp_path.iterdir())
