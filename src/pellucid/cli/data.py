"""pellucid data: the data sets that go by a name, on this machine and from outside."""

import sys
from typing import Any

import click

from .._core.errors import FileError
from .options import as_json, print_json


@click.group(short_help="List, fetch and verify data sets.")
def data() -> None:
    """Data sets that go by a name: see which there are, fetch them, check their files."""


@data.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the data sets, and where on this machine they are."""
    from ..data.catalogue import CATALOGUE, MADE, complete

    rows: list[dict[str, Any]] = [
        {
            "name": entry.name,
            "about": entry.about,
            "class_names": entry.class_names,
            "source": entry.source,
            "licence": entry.licence,
            "folder": None if (folder := complete(entry)) is None else str(folder),
        }
        for entry in CATALOGUE.values()
    ]
    rows += [{"name": name, "about": about, "made_of": "mnist"} for name, about in MADE.items()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']:14} {row['about']}")
        if "made_of" in row:
            click.echo(f"{'':14} made of {row['made_of']} when it is loaded")
            continue
        click.echo(f"{'':14} {row['source']}; {row['licence']}")
        click.echo(f"{'':14} {row['folder'] or f'not on this machine: {_program()} data fetch ' + str(row['name'])}")


@data.command()
@click.argument("name")
@click.option("--offline", is_flag=True, help="Ask no server; tell how to fetch by hand.")
def fetch(name: str, offline: bool) -> None:
    """Download what is missing of data set NAME, and check it."""
    from ..data import fetch as fetch_files

    click.echo(f"{name}: verified, in {fetch_files(name, offline, progress=sys.stderr.isatty())}")


@data.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
def verify(names: tuple[str, ...]) -> None:
    """Check the files of the data sets NAME, of all on this machine if none is named.

    Exit code 1 if a file is damaged, or one of a named data set is missing.
    """
    from ..data import verify as verify_files
    from ..data.catalogue import CATALOGUE

    wrong = 0
    for name in names or CATALOGUE:
        files = verify_files(name)
        if not names and all(state == "missing" for _, _, state in files):
            click.echo(f"{name}: not on this machine")
            continue
        click.echo(f"{name}: {files[0].path.parent}")
        for _, path, state in files:
            click.echo(f"  {path.name:26} {state}")
            wrong += state != "ok"
    if wrong:
        raise FileError(f"verify: {wrong} {'file is' if wrong == 1 else 'files are'} missing or damaged")


def _program() -> str:
    from .main import program

    return program()
