"""Call the native kernels with arguments that do not fit: each call is answered or refused, none ends the process.

python -m scripts.fuzz_kernels                     100,000 calls
python -m scripts.fuzz_kernels --calls 2000 --seed 7

Calls are recorded while the library runs, so they fit; then an argument of one is changed (an array's shape, type,
layout or numbers, a number, a pair), or a size wherever it occurs.  Processes of their own make the calls, so that the
end of one is seen; sanitizers in the engine (./run sanitize) end it at each access outside of an array.
"""

import argparse
import faulthandler
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import native
from scripts.kernel_calls import Call, Sample, copied, recorded

MEMORY = 4 << 30  # bytes that a process may have
SECONDS = 300  # that a process may take for all its calls
BATCH = 10_000  # calls of one process
INTEGERS = [0, 1, -1, 2, 3, 7, 64, 255, 2**16, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1, -(2**31), -(2**63), 2**64]
FLOATS = [0.0, -1.0, 1e-45, 1e38, -1e300, float("nan"), float("inf"), -float("inf")]
OTHERS: list[Any] = [None, "x", 1.5, -3, [], (), object(), np.float32(2), b"bytes", {}]
REFUSALS = (TypeError, ValueError, MemoryError, OverflowError)  # what nanobind and the bindings raise


def of_shape(array: Any, shape: list[int]) -> Any:
    """Return the numbers, as often as there is room, in an array of this shape that lies in memory as this one does."""
    if math.prod(shape) > 2**20:
        return array
    try:
        made = np.zeros_like(array, shape=shape)
    except ValueError:  # too large for NumPy, though it is empty
        return array
    if array.size and made.size:
        made[...] = np.resize(array, shape)
    return made


def other_array(array: Any, draw: random.Random) -> Any:
    """Return an array that is not quite the one that fits."""
    way = draw.randrange(11)
    if array.size > 2**30 or max(array.shape, default=0) > 2**30:  # changed before
        return array
    shape = list(array.shape)
    if way <= 2 and shape:  # another size of one axis, or of two
        for _ in range(way + 1):
            axis = draw.randrange(len(shape))
            size = shape[axis]
            shape[axis] = max(0, draw.choice([size - 1, size + 1, 2 * size, 0, 1, size // 2]))
        return of_shape(array, shape)
    if way == 3:
        return array.reshape(draw.choice([(-1,), (1, *shape), (*[1] * 12, *shape)]))
    if way == 4:
        return array.transpose(draw.sample(range(array.ndim), array.ndim))
    if way == 5:
        return array.astype(draw.choice([np.float64, np.int32, np.int64, np.uint8, np.uint16, np.bool_, np.float16]))
    if way == 6 and shape:  # every second one of a larger array
        return np.repeat(array, 2, axis=-1)[..., ::2]
    if way == 7 and shape:
        if draw.random() < 0.2 and array.size:  # far more than there is memory, without any
            return np.broadcast_to(array[:1], (2**40, *shape[1:]))
        return array[::-1] if draw.random() < 0.5 else np.broadcast_to(array[:1], array.shape)
    if way == 8:
        array = copied(array)
        array.flags.writeable = False
        return array
    if way == 9:
        return draw.choice(OTHERS)
    array = copied(array)  # numbers that index, count or weigh may be anything
    if array.size:
        extremes: list[Any] = FLOATS if array.dtype.kind == "f" else [0, 1]
        if array.dtype.kind in "iu":
            extremes = [np.iinfo(array.dtype).min, np.iinfo(array.dtype).max]
        if draw.random() < 0.3:
            array[...] = draw.choice(extremes)
        else:
            np.put(array, [draw.randrange(array.size) for _ in range(3)], draw.choice(extremes))
    return array


def other(value: Any, draw: random.Random) -> Any:
    """Return an argument that is not quite the one that fits."""
    if isinstance(value, np.ndarray):
        return other_array(value, draw)
    if isinstance(value, tuple | list) and value and draw.random() < 0.9:
        changed = list(value)
        at = draw.randrange(len(changed))
        if draw.random() < 0.1:
            del changed[at]
        else:
            changed[at] = other(changed[at], draw)
        return type(value)(changed)
    if isinstance(value, bool) or value is None or draw.random() < 0.1:
        return draw.choice([*OTHERS, True, False, np.zeros(3, np.float32), np.zeros((2, 3, 4, 5), np.float32)])
    if isinstance(value, int):
        return draw.choice([value - 1, value + 1, 2 * value, -value, *INTEGERS])
    if isinstance(value, float):
        return draw.choice([value * 2, -value, *FLOATS, *INTEGERS])
    return draw.choice(OTHERS)


def resized(calls: Sample, draw: random.Random) -> Sample:
    """Return the calls with one of their sizes replaced wherever it occurs: all fit together again, or nearly."""
    sizes = sorted({size for _, arguments in calls for a in arguments if isinstance(a, np.ndarray) for size in a.shape})
    old = draw.choice(sizes or [1])
    new = draw.choice([0, 0, 1, 2, old + 1, 17])
    zero = None
    if draw.random() < 0.2:  # a size beyond all memory, in arrays that a 0 makes empty
        new, zero = draw.choice([2**31, 2**48, 2**60]), draw.choice(sizes or [1])

    def other(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        shape = [new if size == old else 0 if size == zero else size for size in value.shape]
        return of_shape(value, shape)

    return [Call(name, tuple(map(other, arguments))) for name, arguments in calls]


def mutated(sample: Sample, draw: random.Random) -> Sample:
    """Return the calls with an argument changed, seldom two, or one too few or too many; or a size, wherever it is."""
    calls = [Call(name, tuple(map(copied, arguments))) for name, arguments in sample]
    if draw.random() < 0.2:
        calls = resized(calls, draw)
        if draw.random() < 0.5:
            return calls
    for _ in range(draw.choice([1, 1, 1, 2])):
        at = draw.randrange(len(calls))
        name, arguments = calls[at]
        if not arguments or draw.random() < 0.02:
            calls[at] = Call(name, (*arguments, 1) if draw.random() < 0.5 else arguments[:-1])
            continue
        place = draw.randrange(len(arguments))
        changed = other(arguments[place], draw)
        calls[at] = Call(name, (*arguments[:place], changed, *arguments[place + 1 :]))
    return calls


def made(seed: int, number: int, samples: dict[str, list[Sample]]) -> Sample:
    """Return the calls of this number."""
    draw = random.Random(f"{seed} {number}")
    return mutated(draw.choice(samples[draw.choice(sorted(samples))]), draw)


def perform(calls: Sample) -> bool:
    """Make the calls; return whether they were answered, not refused."""
    program: Any = None
    for name, arguments in calls:
        try:
            if program is None:
                answer = getattr(native.engine, name)(*arguments)
                program = answer if name == "Program" else None
            else:
                getattr(program, name)(*arguments)
        except REFUSALS:
            if program is None:
                return False  # and else on with what the program has
    return True


def child(seed: int, first: int, count: int, place: Path) -> None:
    """Make calls, having said which one is next, for if the process ends."""
    if not os.environ.get("LD_PRELOAD"):  # sanitizers map more memory than there is
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    faulthandler.enable()
    np.seterr(all="ignore")  # of numbers that no other type holds
    native.engine.set_thread_count(2)
    samples, refused = recorded(), 0
    with place.open("w") as file:
        for number in range(first, first + count):
            os.pwrite(file.fileno(), f"{number:12} {refused:12}\n".encode(), 0)
            refused += not perform(made(seed, number, samples))
        os.pwrite(file.fileno(), f"{first + count:12} {refused:12}\n".encode(), 0)


CHILD = [sys.executable, "-m", "scripts.fuzz_kernels", "--child"]


def fuzz(seed: int, count: int, child: Sequence[str] = CHILD) -> dict[str, Any]:
    """Make so many calls in processes of their own, `child`; return the figures, with what ended a process."""
    faults, refused, number = list[str](), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "number"
        while number < count and len(faults) < 20:
            last = min(number + BATCH, count)
            command = [*child, str(seed), str(number), str(last - number), str(place)]
            place.write_text("")
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
                ended, told = f"ended with {done.returncode}", done.stderr
            except subprocess.TimeoutExpired:
                ended, told = f"took more than {SECONDS} s", ""
            else:
                if not place.read_text():  # it did not come to a first call
                    raise SystemExit(f"error: {told}")
            reached, others = map(int, place.read_text().split())
            refused += others
            number = reached
            if reached < last:
                faults.append(f"call {reached}: {ended}\n{described(made(seed, reached, recorded()))}\n{told[:3000]}")
                number += 1
    return {"seed": seed, "calls": number, "refused": refused, "faults": faults}


def described(calls: Sample) -> str:
    """Return calls in lines."""
    return "\n".join(f"  {name}({', '.join(map(_brief, arguments))})" for name, arguments in calls)


def _brief(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return repr(value)
    return f"{value.dtype}{list(value.shape)}" + ("" if value.flags.c_contiguous else f" strides {value.strides}")


def main() -> None:
    """Fuzz, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*map(int, options.child[:3]), Path(options.child[3]))
        return
    figures = fuzz(options.seed, options.calls)
    for line in figures["faults"]:
        print(line)
    print(f"{figures['calls']:,} calls of kernels, {figures['refused']:,} refused, {len(figures['faults'])} faults")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.exit(1 if figures["faults"] else 0)


if __name__ == "__main__":
    main()
