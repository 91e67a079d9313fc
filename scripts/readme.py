"""Tables of measurements stand between two marks, <!-- NAME --> and <!-- /NAME -->, and are made anew by programs."""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
README, TRUST = ROOT / "README.md", ROOT / "docs" / "trust.md"


def publish(name: str, figures: dict[str, Any], table: str, page: Path) -> None:
    """Write what was measured into results/NAME.json, and its table between the marks of this name."""
    (ROOT / "results" / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    rewrite(name, table, page)


def rewrite(name: str, content: str, page: Path = README) -> None:
    """Put `content` between the marks of this name."""
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
    new, count = marks.subn(lambda m: m[1] + content + m[2], page.read_text())
    if count != 1:
        sys.exit(f"error: {page.name}: the marks <!-- {name} --> and <!-- /{name} --> are missing")
    page.write_text(new)
