"""Options and habits that several sub-commands share."""

import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .._core.errors import FileError
from .._core.threads import limit_threads

as_json: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def _limit(context: click.Context, parameter: click.Parameter, count: int | None) -> None:
    if count is not None:
        limit_threads(count)


# Acts while the command line is read, before anything imports NumPy.
threads: Callable[[Any], Any] = click.option(
    "--threads", type=click.IntRange(1), callback=_limit, expose_value=False, help="How many threads compute."
)


weights: Callable[[Any], Any] = click.option(
    "--weights", type=click.Choice(["last", "best"]), default="last", show_default=True,
    help="After the last epoch, or of the best by validation.",
)  # fmt: skip


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(value, indent=2))


@contextmanager
def skipped_files_noted() -> Iterator[None]:
    """Say on standard error which files of a folder were skipped."""
    from ..data import SkippedFiles

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SkippedFiles)
        yield
    for warning in caught:
        if issubclass(warning.category, SkippedFiles):
            click.echo(f"note: {warning.message}", err=True)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def is_run(word: str) -> bool:
    """Whether `word` names a run or a trained network of the package, and no file."""
    return _run(word) is not None or (word in _trained() and not Path(word).is_file())


def find_run(word: str) -> Path:
    """Return the folder of a run: a path, or a name under runs/.

    Raises
    ------
    FileError
        If there is none.
    """
    path = _run(word)
    if path is None:
        known = sorted(p.parent.name for p in Path("runs").glob("*/config.toml"))
        raise FileError(f"{word}: no such run{'; runs/ has ' + ', '.join(known) if known else ''}")
    return path


def find_trained(word: str) -> str | Path:
    """Return what `pellucid.models.load` takes: the folder of a run, or a trained network's name."""
    return word if _run(word) is None and word in _trained() else find_run(word)


def _run(word: str) -> Path | None:
    return next((p for p in (Path(word), Path("runs") / word) if (p / "config.toml").is_file()), None)


def _trained() -> tuple[str, ...]:
    from ..models import TRAINED

    return TRAINED
