"""Tables of measurements stand between two marks, <!-- NAME --> and <!-- /NAME -->, and are made anew by programs."""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def rewrite(name: str, content: str, page: Path = README) -> None:
    """Put `content` between the marks of this name."""
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
    new, count = marks.subn(lambda m: m[1] + content + m[2], page.read_text())
    if count != 1:
        sys.exit(f"error: {page.name}: the marks <!-- {name} --> and <!-- /{name} --> are missing")
    page.write_text(new)
