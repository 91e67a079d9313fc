"""IDX, the file format of MNIST: a big-endian header, then the numbers.

2 bytes zero | 1 byte element type | 1 byte number of axes | 4 bytes for each axis: its size | data, C order
"""

import gzip
import os
import struct
import zlib
from io import BufferedIOBase, BufferedReader
from math import prod
from pathlib import Path

import numpy as np

from .._core.arrays import Array
from .._core.errors import DtypeError, FileError, ShapeError
from .._core.files import write_file

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CODES = {np.dtype(name): code for code, name in _TYPES.items()}


def read_idx(path: str | os.PathLike[str]) -> Array:
    """Read an IDX file, gzip-compressed or not, into an array of its shape and type, in native byte order.

    Raises
    ------
    FileError
        If the file is missing, is no IDX file, or is shorter or longer than its header announces.
        At most the announced bytes and one more are read.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            return _parse(path, unpacked(raw))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(f"{path}: damaged gzip data: {error}") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error


def write_idx(path: str | os.PathLike[str], array: Array) -> None:
    """Write `array` as an IDX file, gzip-compressed if the name ends in ``.gz``.

    The compressed file holds neither time nor name: the same array gives the same bytes.

    Parameters
    ----------
    path : path
    array : array of one axis or more
        uint8, int8, int16, int32, float32 or float64, in any byte order and memory layout.  Nothing is converted.

    Raises
    ------
    DtypeError
        If IDX has no such element type.
    ShapeError
        If the array has no axis, or one of over 4,294,967,295 entries.
    FileError
        If the file cannot be written; what stood there before stays as it was.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/labels.gz", np.array([3, 1, 4], np.uint8))
    ...     read_idx(f"{folder}/labels.gz").tolist()
    [3, 1, 4]
    """
    dtype = array.dtype.newbyteorder(">")
    if dtype not in _CODES:
        raise DtypeError(f"write_idx: {array.dtype} is no type of IDX; it has {', '.join(t.name for t in _CODES)}")
    if not array.ndim:
        raise ShapeError("write_idx: the array has no axis, IDX needs at least one")
    if max(array.shape) >= 2**32:
        raise ShapeError(f"write_idx: shape {array.shape} has an axis of over {2**32 - 1:,} entries")
    header = struct.pack(f">HBB{array.ndim}I", 0, _CODES[dtype], array.ndim, *array.shape)
    content = header + array.astype(dtype).tobytes()
    write_file(path, gzip.compress(content, mtime=0) if os.fspath(path).endswith(".gz") else content)


def unpacked(raw: BufferedReader) -> BufferedIOBase:
    """Return `raw`, or what it holds if that is gzip-compressed: the first two bytes tell."""
    return gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == b"\x1f\x8b" else raw


def _parse(path: Path, file: BufferedIOBase) -> Array:
    zeros, code, axes = file.read(2), *(file.read(1) or b"\x00" for _ in range(2))
    if zeros != b"\x00\x00" or code[0] not in _TYPES:
        raise FileError(f"{path}: no IDX file: it starts with {(zeros + code + axes).hex(' ')}")
    header = file.read(4 * axes[0])
    if len(header) < 4 * axes[0]:
        raise FileError(f"{path}: cut short: the header of {axes[0]} axes is incomplete")
    shape = tuple(int(n) for n in np.frombuffer(header, ">u4"))
    dtype = np.dtype(_TYPES[code[0]])
    announced = prod(shape) * dtype.itemsize
    content = _read(file, announced + 1)
    if len(content) != announced:
        found = f"only {len(content):,}" if len(content) < announced else "more"
        raise FileError(f"{path}: shape {shape} announces {announced:,} bytes of data, the file has {found}")
    try:
        return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    except ValueError as error:  # more axes than NumPy takes, or without numbers too long ones
        raise FileError(f"{path}: shape {shape}: {error}") from error


def _read(file: BufferedIOBase, most: int) -> bytearray:
    """Read up to `most` bytes piece by piece: a header that lies about its size allocates nothing."""
    content = bytearray()
    while piece := file.read(min(1 << 20, most - len(content))):
        content += piece
    return content
