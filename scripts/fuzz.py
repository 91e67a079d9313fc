"""Mutate files of every kind that pellucid reads, and see that each is an object or one clear error.

python -m scripts.fuzz                        10,000 mutations of every kind
python -m scripts.fuzz --seconds 60           as many as fit
python -m scripts.fuzz weights --seed 7

A mutation may be answered by an object or by a PellucidError that names the file, nothing else: no other exception, no
warning, no hang of more than some seconds, no memory beyond the limit, no file but the one that was given.  What fails
is kept in tests/corpus, where a test replays it for ever.
"""

import argparse
import json
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

from pellucid import PellucidError
from scripts.fuzz_kinds import KINDS, Kind

CORPUS = Path(__file__).parents[1] / "tests" / "corpus"
SECONDS = 10  # that one file may take
MEMORY = 3 << 30  # bytes that the process may have
NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**40, 2**63 - 1, 2**64 - 1]
WORDS = [
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"null",
    b"true",
    b'"',
    b"[" * 500,
    b"{" * 50,
    b"\\u0000",
    b"../../x",
    b"\n",
    b"\0",
]


def mutated(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """Return the file with one to six changes."""
    data = bytearray(content)
    for _ in range(draw.choice([1, 1, 1, 2, 3, 6])):
        at, length = draw.randrange(len(data) + 1), draw.choice([1, 2, 4, 8, 16, 64])
        way = draw.randrange(9)
        if way == 0 and data:
            data[min(at, len(data) - 1)] ^= 1 << draw.randrange(8)
        elif way == 1 and data:
            data[min(at, len(data) - 1)] = draw.randrange(256)
        elif way == 2:
            del data[at : at + length]
        elif way == 3:
            data[at:at] = draw.randbytes(length)
        elif way == 4:
            del data[at:]
        elif way == 5:
            size = draw.choice([1, 2, 4, 8])
            data[at : at + size] = (draw.choice(NUMBERS) % 256**size).to_bytes(size, draw.choice(["little", "big"]))
        elif way == 6:
            other = draw.choice(others)
            data[at:] = other[draw.randrange(len(other) + 1) :]
        elif way == 7:
            data[at : at + draw.randrange(3)] = draw.choice(WORDS)
        else:
            data[at:at] = data[at : at + length]
    return bytes(data)


def fault(kind: Kind, path: Path) -> str:
    """Read a file; return what is wrong with the answer, nothing if it is an object or a clear error."""

    def late(*_: object) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    before = {p.name for p in path.parent.iterdir()} | {"run"}
    signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            kind.read(path)
    except PellucidError as error:
        named = path.name in str(error) or str(path.parent / "run") in str(error)
        return "" if named and str(error).strip() else f"an error that names no file: {error}"
    except BaseException as error:  # a fault whatever it is
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    more = {p.name for p in path.parent.iterdir()} - before
    return f"it wrote {', '.join(sorted(more))}" if more else ""


def fuzz(kind: Kind, draw: random.Random, count: int, seconds: float, keep: Path | None) -> tuple[int, list[str]]:
    """Read mutations of one kind of file; return how many, and the faults."""
    faults: list[str] = []
    until, tried = time.monotonic() + seconds, 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        seeds = kind.seeds(folder)
        for old in folder.iterdir():
            old.unlink()
        path = folder / f"file.{kind.name.rpartition('.')[2]}"
        while tried < count and time.monotonic() < until and len(faults) < 10:
            content = mutated(draw.choice(seeds), seeds, draw) if tried >= len(seeds) else seeds[tried]
            path.write_bytes(content)
            tried += 1
            if found := fault(kind, path):
                faults.append(f"{kind.name}: {found}")
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    number = len(list(keep.glob(f"{kind.name}-*")))
                    (keep / f"{kind.name}-{number:03}").write_bytes(content)
    return tried, faults


def main() -> None:
    """Fuzz, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(kind.name for kind in KINDS)}")
    parser.add_argument("--mutations", type=int, default=10_000, help="of each kind")
    parser.add_argument("--seconds", type=float, help="for all kinds together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    kinds = [kind for kind in KINDS if not options.kinds or kind.name in options.kinds]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    figures, failed = {}, 0
    for kind in kinds:
        draw = random.Random(f"{options.seed} {kind.name}")
        share = float("inf") if options.seconds is None else options.seconds / len(kinds)
        tried, faults = fuzz(kind, draw, options.mutations, share, CORPUS)
        figures[kind.name], failed = {"files": tried, "faults": len(faults)}, failed + len(faults)
        print(f"{kind.name:12} {tried:7,} files, {len(faults)} faults", flush=True)
        for line in faults:
            print(f"  {line}", flush=True)
    print(f"{sum(f['files'] for f in figures.values()):,} files, {failed} faults")
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "kinds": figures}, indent=1) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
