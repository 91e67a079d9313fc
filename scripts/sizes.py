"""Report how large each room of the code is; fail on a file of over 250 lines for which no reason is given."""

import sys
from collections import defaultdict
from pathlib import Path

LIMIT = 250
REASONS = {  # path: why it may be longer
    "src/pellucid/ops/__init__.py": "names alone, one on a line",
}


def main() -> int:
    """Print the table; return the exit code."""
    root = Path(__file__).parents[1]
    files = {
        p.relative_to(root): len(p.read_text().splitlines())
        for top in ("src", "native", "tests", "benchmarks", "scripts")
        for p in sorted((root / top).rglob("*"))
        if p.suffix in (".py", ".cpp", ".hpp")
    }
    rooms: dict[str, list[tuple[int, Path]]] = defaultdict(list)
    for path, lines in files.items():
        rooms["/".join(path.parent.parts[:3])].append((lines, path))
    print(f"{'room':24} {'files':>5} {'lines':>6}  longest")
    for room, members in sorted(rooms.items()):
        longest = max(members)
        print(f"{room:24} {len(members):5} {sum(n for n, _ in members):6}  {longest[1].name} ({longest[0]})")
    too_long = [(lines, path) for path, lines in files.items() if lines > LIMIT and str(path) not in REASONS]
    for lines, path in too_long:
        print(
            f"error: {path}: {lines} lines, over {LIMIT}; cut it, or give the reason in scripts/sizes.py",
            file=sys.stderr,
        )
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
