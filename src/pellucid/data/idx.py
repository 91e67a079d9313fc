"""IDX, the file format of MNIST: a big-endian header, then the numbers.

2 bytes zero | 1 byte element type | 1 byte number of axes | 4 bytes for each axis: its size | data, C order
"""

import gzip
import os
import zlib
from io import BufferedIOBase
from math import prod
from pathlib import Path

import numpy as np

from .._core.arrays import Array
from .._core.errors import FileError

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


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
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            return _parse(path, gzip.GzipFile(fileobj=raw) if packed else raw)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(f"{path}: damaged gzip data: {error}") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error


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
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _read(file: BufferedIOBase, most: int) -> bytearray:
    """Read up to `most` bytes piece by piece: a header that lies about its size allocates nothing."""
    content = bytearray()
    while piece := file.read(min(1 << 20, most - len(content))):
        content += piece
    return content
