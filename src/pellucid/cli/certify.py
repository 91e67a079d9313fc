"""pellucid certify: every gradient against differences, float32 against float64, and all of it against PyTorch."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .._core.errors import ConfigError
from .options import as_json, find_trained, is_run, print_json, threads

if TYPE_CHECKING:
    from ..inspect import Certificate


@click.command(short_help="Check every gradient and float32's errors.")
@click.argument("names", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Also write it as JSON.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the numbers that are drawn.")
@threads
@as_json
def certify(names: tuple[str, ...], out: Path | None, seed: int, as_json: bool) -> int:
    """Check the gradients of NAMES: ops such as conv2d, layers such as Conv2d, networks such as cnn, runs.

    Without a name, all ops, layers and ready networks.  Each gradient is compared with central differences in float64;
    outputs and gradients in float32, as they really run, with float64; and all with PyTorch, where it is installed.
    Errors are relative to the largest entry of each array.  The exit code is 1 if one passes its bound.
    """
    from tqdm import tqdm

    from .._core.files import write_file
    from ..inspect import Certificate

    if out is not None and out.exists():
        raise ConfigError(f"--out {out}: exists already; choose another name")
    checks = _checks(names, seed).values()
    parts = [check() for check in tqdm(checks, desc="certify", leave=False, disable=None)]
    certificate = Certificate.of(parts)
    content = _content(certificate)
    if out is not None:
        import json

        write_file(out, (json.dumps(content, indent=1) + "\n").encode())
    if as_json:
        print_json(content)
    else:
        click.echo(certificate)
    return 0 if certificate.passed else 1


def _checks(names: tuple[str, ...], seed: int) -> "dict[str, Callable[[], Certificate]]":
    """Return what checks each name; none stands for all that is known."""
    from .. import models
    from ..inspect.certificate import certify_named
    from ..inspect.certificate import names as known

    checks: dict[str, Callable[[], Certificate]] = {}
    for name in names or (*known(), *models.MODELS):
        if name in known():
            checks[name] = partial(certify_named, name, seed)
        elif name in models.MODELS or is_run(name):
            checks[name] = partial(_network, name, seed)
        else:
            raise ConfigError(
                f"{name}: no op, layer, network or run of this name; ops and layers are {', '.join(known())}; "
                f"networks {', '.join(models.MODELS)}"
            )
    return checks


def _network(name: str, seed: int) -> "Certificate":
    from .. import models
    from ..inspect import certify as certify_module

    if name in models.MODELS:
        entry = models.find(name)
        return certify_module(entry.make(), entry.input_shape, name=name, loss=True, seed=seed)
    trained = models.load(find_trained(name))
    return certify_module(trained.model, trained.input_shape, name=name, loss=True, seed=seed)


def _content(certificate: "Certificate") -> dict[str, object]:
    from ..train import environment

    return certificate.to_dict() | {"machine": environment("torch")}
