"""pellucid doctor: what was found on this machine, and what follows from it."""

from importlib.util import find_spec
from typing import Any

import click

from .options import as_json, print_json

_EXTRAS = {
    "PIL": ("images", "predict reads pictures"),
    "matplotlib": ("plot", "plots"),
    "pooch": ("fetch", "data fetch downloads data sets"),
    "torch": ("bench", "comparisons with PyTorch"),
}


@click.command(short_help="Tell what was found on this machine.")
@as_json
def doctor(as_json: bool) -> None:
    """Tell what was found on this machine and what was chosen, in words."""
    from ..data.catalogue import CATALOGUE, complete
    from ..train import environment

    found = environment()
    extras = {name: find_spec(name) is not None for name in _EXTRAS}
    sets = {
        name: None if folder is None else str(folder)
        for name, folder in ((n, complete(e)) for n, e in CATALOGUE.items())
    }
    if as_json:
        print_json({**found, "extras": extras, "data": sets})
        return
    for line in _words(found, extras, sets):
        click.echo(line)


def _words(found: dict[str, Any], extras: dict[str, bool], sets: dict[str, str | None]) -> list[str]:
    from .._core.threads import why
    from .main import program

    vectors = ", ".join(found["simd"]) or "no vector extensions"
    numpy = f"NumPy {found['numpy']} with {found['blas'] or 'an unknown BLAS'} and {vectors}"
    if found["engine"] == "native":
        engine = f"native, our own kernels for {found['instruction_set']}; float64 goes to NumPy"
    else:
        engine = f"numpy, not native: {found['why']}"
    rows = [
        ("pellucid", f"{found['pellucid']} on Python {found['python']}, {found['system']}"),
        ("processor", f"{found['processor']}, {found['cores']} cores for this process"),
        ("engine", engine),
        ("numpy", numpy),
        ("threads", f"{found['threads']}: {why()}; --threads changes that"),
        ("bits", found["contract"].split(": ", 1)[1]),
    ]
    for name, there in extras.items():
        extra, purpose = _EXTRAS[name]
        rows.append((name, f"{'found' if there else 'missing'}: {purpose}"
                     + ("" if there else f"; pip install 'pellucid[{extra}]'")))  # fmt: skip
    rows += [(name, folder or f"not on this machine; {program()} data fetch {name}") for name, folder in sets.items()]
    return [f"{name:14} {text}" for name, text in rows]
