"""Writing files so that a crash leaves the old one or the new one, and nothing else; and reading text."""

import fcntl
import glob
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import FileError


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path`: temporary file, fsync, rename, fsync of the folder.

    Raises
    ------
    FileError
        If the file cannot be written; what stood at `path` before stays as it was.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:  # after Ctrl-C too; once renamed it is no longer there
        with suppress(OSError):
            temporary.unlink()


def read_text(path: str | os.PathLike[str]) -> str:
    """Return the UTF-8 text in a file.

    Raises
    ------
    FileError
        If it cannot be read, or holds no such text.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else "no UTF-8 text"
        raise FileError(f"{path}: cannot be read: {reason}") from error


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill by `write_file`; it gets its name, whole, at the end of the ``with``, or nothing stays.

    What a kill left of an earlier attempt to make `path` is removed; a living process holds its own locked.

    Raises
    ------
    FileError
        If it cannot be made or renamed, as when something with files in it stands at `path`.
    """
    for old in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(FileError, OSError), locked_folder(old):
            shutil.rmtree(old)
    staging = path.with_name(f".{path.name}.{os.getpid()}.part")
    made: list[Path] = []
    try:
        made = make_folder(staging)
        with locked_folder(staging):
            yield staging
            _publish(staging, path)
    except BaseException as error:
        shutil.rmtree(staging, ignore_errors=True)
        remove_empty(made)
        if isinstance(error, FileError):
            raise FileError(str(error).replace(str(staging), str(path))) from error
        raise


def _publish(staging: Path, path: Path) -> None:
    try:
        staging.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise FileError(f"{path}: cannot be made: {error.strerror or error}") from error


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Keep a folder to this process for the length of a ``with``; the system gives it free if the process dies.

    Raises
    ------
    FileError
        If another process has it.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise FileError(f"{folder}: cannot be opened: {error.strerror or error}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileError(f"{folder}: another process is at work in it") from None
        yield
    finally:
        os.close(handle)


def make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it that are missing; return the new ones, the lowest first.

    Raises
    ------
    FileError
        If that cannot be; none of them stays then.
    """
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        remove_empty(missing)
        raise FileError(f"{folder}: cannot be made: {error.strerror or error}") from error
    return missing


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of the folders that are there and empty."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
