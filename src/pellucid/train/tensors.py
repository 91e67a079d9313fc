"""Named arrays in a file: safetensors, and NumPy's .npz without pickle.

Both are read in two steps: `Header` tells names, types and shapes, checked against the size of the file, and nothing
is allocated for the numbers until the caller has agreed to them.  No name in a file ever becomes a path.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from .._core.arrays import Array, Shape
from .._core.errors import FileError, PellucidError

_TYPES = {
    "F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1",
    "U64": "u8", "U32": "u4", "U16": "u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
_NPY_HEADER_LIMIT = 10_000  # bytes; NumPy's own limit
_HEADER_LIMIT = 100_000_000  # bytes; the safetensors library draws the line there


@dataclass(frozen=True)
class Entry:
    """What a file says of one array before it is read."""

    shape: Shape
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """How many bytes its numbers take."""
        return prod(self.shape) * self.dtype.itemsize


Header: TypeAlias = Mapping[str, Entry]
Check: TypeAlias = Callable[[Header], None]  # raises if these arrays are not wanted


def read_arrays(
    path: str | os.PathLike[str], check: Check, *, finite: bool = True
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return (arrays, metadata) of a .safetensors or .npz file; its content decides which it is.

    Parameters
    ----------
    path : path
    check : function
        Called with the header before any numbers are read; what it raises goes to the caller.
    finite : bool
        Whether numbers must be finite.

    Raises
    ------
    FileError
        If the file cannot be read, is neither, is damaged, holds a name twice, a pickled object, or numbers that
        are not finite.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            zipped = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")  # the second one holds nothing
            file.seek(0)
            arrays, metadata = _read_npz(path, file, check) if zipped else _read_safetensors(path, file, size, check)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error
    broken = [name for name, array in arrays.items() if finite and not np.isfinite(array).all()]
    if broken:
        raise FileError(f"{path}: not finite: {', '.join(broken)}")
    return arrays, metadata


# --- safetensors: 8 bytes length | JSON header | numbers ------------------------------------------------


def _read_safetensors(path: Path, file: BinaryIO, size: int, check: Check) -> tuple[dict[str, Array], dict[str, str]]:
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, _HEADER_LIMIT):
        raise FileError(f"{path}: no valid safetensors file: {size} bytes hold no header of {length}")
    header, metadata, end = _parse_header(path, file.read(length))
    if 8 + length + end != size:
        raise FileError(f"{path}: damaged: the header announces {8 + length + end:,} bytes, the file has {size:,}")
    check(header)
    file.seek(0)
    try:
        return load(file.read(size + 1)), metadata
    except SafetensorError as error:
        raise FileError(f"{path}: no valid safetensors file: {error}") from error


def _parse_header(path: Path, text: bytes) -> tuple[Header, dict[str, str], int]:
    """Return the entries, the metadata, and how many bytes the numbers take."""
    entries, end = {}, 0
    try:
        table = json.loads(text, object_pairs_hook=_unique)
        metadata = table.pop("__metadata__", {})
        for name, about in table.items():
            if about["dtype"] not in _TYPES:
                raise FileError(f"{path}: {name} holds numbers of type {about['dtype']}, which NumPy has not")
            entry = Entry(tuple(map(int, about["shape"])), np.dtype(_TYPES[about["dtype"]]))
            start, stop = about["data_offsets"]
            if min((0, *entry.shape)) < 0 or stop - start != entry.size:
                raise FileError(f"{path}: damaged: {name} of shape {entry.shape} has {stop - start} bytes")
            entries[name], end = entry, max(end, stop)
    except _Twice as error:
        raise FileError(f"{path}: damaged: {error} stands there twice") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: no valid safetensors file: its header is {_shorten(text)}") from error
    return entries, metadata, end


class _Twice(Exception):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            raise _Twice(name)
        names.add(name)
    return dict(pairs)


def _shorten(text: bytes) -> str:
    return f"{text[:40]!r}..." if len(text) > 40 else repr(text)


# --- .npz: a zip of .npy files -------------------------------------------------------------------------


def _read_npz(path: Path, file: BinaryIO, check: Check) -> tuple[dict[str, Array], dict[str, str]]:
    try:
        with zipfile.ZipFile(file) as archive:
            header: dict[str, Entry] = {}
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                if name in header:
                    raise FileError(f"{path}: damaged: {name} stands there twice")
                with archive.open(info) as member:
                    header[name] = _npy_entry(path, name, member)
                    if member.tell() + header[name].size != info.file_size:
                        raise FileError(
                            f"{path}: damaged: {name} of shape {header[name].shape} has {info.file_size} bytes"
                        )
            check(header)
            arrays = {}
            for info in archive.infolist():
                with archive.open(info) as member:
                    arrays[info.filename.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
            return arrays, {}
    except (PellucidError, OSError):
        raise
    except Exception as error:  # on damaged bytes the parsers of zip, deflate and .npy raise almost anything
        raise FileError(f"{path}: no valid .npz file: {error}") from error


def _npy_entry(path: Path, name: str, member: Any) -> Entry:
    version = np.lib.format.read_magic(member)
    size = 2 if version == (1, 0) else 4
    start = member.tell()
    if int.from_bytes(member.read(size), "little") > _NPY_HEADER_LIMIT:  # NumPy would read it all before it refuses
        raise FileError(f"{path}: damaged: {name} has a header beyond {_NPY_HEADER_LIMIT:,} bytes")
    member.seek(start)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    if dtype.hasobject:
        raise FileError(f"{path}: {name} is a pickled object, which is never read")
    if dtype.kind not in "fiub":
        raise FileError(f"{path}: {name} holds {dtype}, numbers are needed")
    return Entry(shape, dtype)


def npz_bytes(arrays: Mapping[str, Array]) -> bytes:
    """Return the content of an .npz file; the same arrays give the same bytes."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
