"""Certificate: what was checked of forwards and gradients, how far off they were, and the verdict."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

CHECKS = {
    "differences": "central differences, float64",
    "float32": "float32 as it runs, against float64",
    "PyTorch": "against PyTorch, float64",
}
"""What an error is measured against, by its short name."""


@dataclass(frozen=True)
class Finding:
    """One array of one case, seen by one check.

    Attributes
    ----------
    subject, case : str
        What it is about, such as conv2d, and for which sizes and options.
    check : str
        One of `CHECKS`.
    what : str
        The array: "y", or "grad_" and the name of an argument or parameter.
    error, bound : float
        Relative to the array's largest entry (differences: to the sum of what its entries contribute).
    where : str
        The worst entry in words, if the bound is passed.
    """

    subject: str
    case: str
    check: str
    what: str
    error: float
    bound: float
    where: str = ""

    @property
    def passed(self) -> bool:
        """Whether the error lies within the bound; what is no number does not."""
        return self.error <= self.bound

    def __str__(self) -> str:
        name = f"{self.subject}, {self.case}" if self.case else self.subject
        tail = f": {self.where}" if self.where else ""
        return f"{name}: {self.what}: error {self.error:.1e} ({CHECKS[self.check]}), bound {self.bound:.0e}{tail}"


@dataclass(frozen=True)
class Certificate:
    """All findings; ``print`` shows a table and what failed, `to_dict` gives plain data.

    Attributes
    ----------
    findings : tuple of Finding
    redrawn : int
        How often a point was left since it lay at a kink or a tie, where there is no derivative.
    """

    findings: tuple[Finding, ...]
    redrawn: int = 0

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What passed its bound."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def passed(self) -> bool:
        """Whether something was checked and nothing failed."""
        return bool(self.findings) and not self.failures

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield a row for each subject: cases, the worst error of each check, and the verdict."""
        for subject in dict.fromkeys(finding.subject for finding in self.findings):
            own = [finding for finding in self.findings if finding.subject == subject]
            worst = {check: max((_rank(f.error) for f in own if f.check == check), default=None) for check in CHECKS}
            cases = len({finding.case for finding in own})
            yield {"subject": subject, "cases": cases, **worst, "passed": all(f.passed for f in own)}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists and numbers."""
        findings = [asdict(finding) | {"passed": finding.passed} for finding in self.findings]
        return {"passed": self.passed, "rows": list(self.rows()), "redrawn": self.redrawn, "findings": findings}

    def __str__(self) -> str:
        head = ["", "cases", *CHECKS, ""]
        lines = [head] + [
            [row["subject"], str(row["cases"]), *(_shown(row[c]) for c in CHECKS), "ok" if row["passed"] else "FAILED"]
            for row in self.rows()
        ]
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        text = [
            "  ".join(
                cell.rjust(w) if 0 < i < 5 else cell.ljust(w)
                for i, (cell, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        rule, failed = "-" * max(map(len, text)), self.failures
        checked = len({(f.subject, f.case) for f in self.findings})
        end = (
            f"{checked} cases, {len(self.findings)} arrays, {len(failed)} failed; points left at kinks: {self.redrawn}"
        )
        return "\n".join(line.rstrip() for line in [text[0], rule, *text[1:], rule, end, *map(str, failed)])

    @classmethod
    def of(cls, parts: Iterable["Certificate"]) -> "Certificate":
        """Return several as one."""
        parts = list(parts)
        return cls(tuple(f for part in parts for f in part.findings), sum(part.redrawn for part in parts))


def _rank(error: float) -> float:
    return float("inf") if error != error else error  # nan is the worst


def _shown(error: float | None) -> str:
    return "-" if error is None else f"{error:.1e}"
