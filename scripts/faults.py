"""The `pellucid` command with a fault at one moment of its writing: what crash_test.py runs.

python -m scripts.faults --at 17 --fault kill -- train ...     SIGKILL at the seventeenth event
python -m scripts.faults --log events.txt -- train ...         no fault, a list of all events

Events are what leads a file to the disk, in their order: ``open``, ``half`` (half of the content is written), ``write``
(all of it), ``fsync``, ``rename``, ``fsync folder``, ``unlink``, ``append`` (a line of a log).  A fault strikes before
its event, as if the system had failed it: ``kill`` ends the process, ``full`` is a full disk, ``readonly`` a file
system that can no longer be written; both last to the end.
"""

import argparse
import builtins
import errno
import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

ERRORS = {"full": errno.ENOSPC, "readonly": errno.EROFS}
HARMLESS = ("unlink",)  # a full disk does not keep anybody from removing files


class Faults:
    """Counts events; strikes at one."""

    def __init__(self, at: int | None, fault: str, log: str | None, inside: str) -> None:
        self.at, self.fault, self.inside, self.count = at, fault, inside, 0
        self.log = None if log is None else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def event(self, what: str, path: Any) -> None:
        """Come to an event."""
        if self.inside not in os.fspath(path):
            return
        self.count += 1
        if self.log is not None:
            os.write(self.log, f"{what}\t{os.fspath(path)}\n".encode())
        if self.at is None or self.count < self.at:
            return
        if self.fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.fault != "readonly" and what in HARMLESS:
            return
        raise OSError(ERRORS[self.fault], os.strerror(ERRORS[self.fault]), os.fspath(path))


class Watched(io.FileIO):
    """A file that is written in two halves."""

    faults: Faults

    def write(self, content: Any) -> int:  # type: ignore[override]
        """Write all of it."""
        data = memoryview(content).cast("B")
        middle = len(data) // 2
        self.faults.event("half", self.name)
        super().write(data[:middle])
        self.faults.event("write", self.name)
        return middle + super().write(data[middle:])


def install(faults: Faults) -> None:
    """Let everything that writes files come by here."""
    watched = type("Watched", (Watched,), {"faults": faults})
    real_open, fsync, write, opened = io.open, os.fsync, os.write, os.open
    names: dict[int, str] = {}

    def open_file(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if "w" in mode and "b" in mode and isinstance(file, str | os.PathLike):
            faults.event("open", file)
            return watched(os.fspath(file), "wb")
        if "a" in mode and isinstance(file, str | os.PathLike):
            faults.event("append", file)
        return real_open(file, mode, *rest, **more)

    def open_handle(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        handle = opened(path, flags, *rest, **more)
        names[handle] = os.fspath(path)
        return handle

    def sync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        faults.event("fsync folder" if path.is_dir() else "fsync", path)
        fsync(handle)

    def append(handle: int, content: bytes) -> int:
        if handle != faults.log and str(names.get(handle, "")).endswith(".csv"):
            faults.event("append", names[handle])
        return write(handle, content)

    def before(what: str, function: Any) -> Any:
        def run(path: Any, *rest: Any, **more: Any) -> Any:
            faults.event(what, path)
            return function(path, *rest, **more)

        return run

    io.open = builtins.open = open_file  # type: ignore[assignment]
    os.open, os.fsync, os.write = open_handle, sync, append  # type: ignore[assignment]
    os.rename, os.replace = before("rename", os.rename), before("rename", os.replace)
    os.unlink = before("unlink", os.unlink)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", type=int)
    parser.add_argument("--fault", choices=["kill", *ERRORS], default="kill")
    parser.add_argument("--log")
    parser.add_argument("--inside", default="", help="only files whose path has this in it")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    import pellucid.cli.train  # noqa: F401  # what is imported later is read, and does not count
    from pellucid.cli import main as command

    install(Faults(options.at, options.fault, options.log, options.inside))
    return command([argument for argument in options.arguments if argument != "--"])


if __name__ == "__main__":
    sys.exit(main())
