"""fetch and verify: the files of a data set, from the first mirror that has them right, and whether they are."""

import hashlib
import zlib
from collections.abc import Sequence
from gzip import BadGzipFile
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import NamedTuple

from .._core.errors import FileError
from .._core.files import make_folder, remove_empty, write_file
from .catalogue import Entry, File, by_hand, complete, find, home, locate
from .idx import unpacked

_TIMEOUT = 30  # seconds for a connection, and for each piece


class FileState(NamedTuple):
    """A file of a data set, where it is or belongs, and ``"ok"``, ``"missing"`` or ``"damaged: ..."``."""

    file: str
    path: Path
    state: str


def verify(name: str) -> list[FileState]:
    """Compare the files of a data set with what they must be: size and SHA-256 of the uncompressed content.

    Looked at is the folder that `load` takes; if none has all the files, the user's own.

    Raises
    ------
    ConfigError
        If there is no data set of this name.

    Examples
    --------
    >>> for file, path, state in verify("mnist"):
    ...     print(file, state)
    train-images-idx3-ubyte ok
    train-labels-idx1-ubyte ok
    t10k-images-idx3-ubyte ok
    t10k-labels-idx1-ubyte ok
    """
    entry = find(name)
    folder = complete(entry) or home(entry)
    return [_state(folder, file) for file in entry.files]


def fetch(name: str, offline: bool = False, mirrors: Sequence[str] | None = None, progress: bool = False) -> Path:
    """Return the folder of a data set whose files are there and right; what is missing is downloaded.

    Mirrors are tried in their order.  A file appears under its name only whole and verified; what is there already
    is never written over.  At most a file's known size, and a little more, is received.  Needs the extra ``fetch``.

    Parameters
    ----------
    name : str
        A name of the catalogue.
    offline : bool
        Ask no server; if files are missing, say how to fetch them by hand.
    mirrors : sequence of str, optional
        Addresses in place of the catalogue's; a file's name is put after each.
    progress : bool
        Show a bar on standard error.

    Raises
    ------
    ConfigError
        If there is no data set of this name.
    FileError
        If a file is damaged, no mirror gave it (the message tells what went wrong with each), or it cannot be written.

    Examples
    --------
    >>> fetch("mnist").name  # travels with the package: nothing to do
    'mnist'
    """
    entry = find(name)
    folder = complete(entry) or home(entry)
    states = [(file, _state(folder, file)) for file in entry.files]
    for _, (_, path, state) in states:
        if state not in ("ok", "missing"):
            raise FileError(f"{path}: {state}; move it away, then fetch again")
    missing = [file for file, (_, _, state) in states if state == "missing"]
    if missing and offline:
        names = ", ".join(file.name for file in missing)
        raise FileError(f"{name}: offline, and not on this machine: {names}\n{by_hand(entry)}")
    for file in missing:
        content = _download(entry, file, entry.mirrors if mirrors is None else mirrors, progress)
        _keep(folder, file, content)
    return folder


def _download(entry: Entry, file: File, mirrors: Sequence[str], progress: bool) -> bytes:
    """Return the file as the first mirror has it that has it right."""
    try:
        import pooch
    except ImportError:
        raise FileError(
            f"{entry.name}: downloading needs pooch: pip install 'pellucid[fetch]'\nor {by_hand(entry)}"
        ) from None
    failures = ""
    for mirror in mirrors:
        url = f"{mirror}{file.name}.gz"
        # "identity": else a server may pack the packed file once more, or unpack it.
        get = pooch.HTTPDownloader(progressbar=progress, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"})
        received = _Bounded(file.size + file.size // 1000 + 1000)  # gzip makes no content longer than this
        try:
            get(url, received, None)
            content = bytes(received.content)
            _check(BufferedReader(BytesIO(content)), file)
            return content
        except (OSError, FileError) as error:  # those of requests are OSErrors
            failures += f"\n  {url}: {_reason(error)}"
    raise FileError(f"{entry.name}: {file.name} could not be fetched{failures}\n{by_hand(entry)}")


class _Bounded:
    """A file in memory that refuses to grow over `most` bytes."""

    def __init__(self, most: int) -> None:
        self.content, self.most = bytearray(), most

    def write(self, piece: bytes) -> None:
        if len(self.content) + len(piece) > self.most:
            raise FileError(f"sends more than the {self.most:,} bytes that this file can have")
        self.content += piece

    def flush(self) -> None:
        pass


def _keep(folder: Path, file: File, content: bytes) -> None:
    made = [] if folder.is_dir() else make_folder(folder)
    suffix = ".gz" if content[:2] == b"\x1f\x8b" else ""
    try:
        write_file(folder / f"{file.name}{suffix}", content)
    except BaseException:
        remove_empty(made)
        raise


def _state(folder: Path, file: File) -> FileState:
    path = locate(folder, file.name)
    if path is None:
        return FileState(file.name, folder / f"{file.name}.gz", "missing")
    try:
        with path.open("rb") as content:
            _check(content, file)
    except (OSError, FileError) as error:
        return FileState(file.name, path, f"damaged: {_reason(error)}")
    return FileState(file.name, path, "ok")


def _check(raw: BufferedReader, file: File) -> None:
    """Raise FileError unless the content of `raw`, gzip-compressed or not, is that of `file`."""
    digest, size = hashlib.sha256(), 0
    content = unpacked(raw)
    try:
        while size <= file.size and (piece := content.read(1 << 20)):
            digest.update(piece)
            size += len(piece)
    except (EOFError, zlib.error, BadGzipFile) as error:
        raise FileError(f"damaged gzip data: {error}") from error
    if size != file.size:
        found = "more" if size > file.size else f"only {size:,}"
        raise FileError(f"{file.size:,} bytes of content are due, there are {found}")
    if digest.hexdigest() != file.sha256:
        raise FileError(f"SHA-256 of the content is {digest.hexdigest()}, not {file.sha256}")


def _reason(error: BaseException) -> str:
    """Return in few words what went wrong: the answer's status, or the error that lies under all others."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"{response.status_code} {response.reason}"
    while not isinstance(error, FileError) and (cause := error.__cause__ or error.__context__):
        error = cause
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
