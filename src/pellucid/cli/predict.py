"""pellucid predict: what a trained network makes of one's own pictures."""

from pathlib import Path
from typing import Any

import click

from .options import as_json, find_trained, is_run, print_json, threads, weights

_DEFAULT = "mnist-cnn"


@click.command(short_help="Tell what is on pictures.")
@click.argument("files", nargs=-1, required=True, metavar="[RUN] FILE...")
@weights
@click.option("--top", type=click.IntRange(1), default=3, show_default=True, help="How many classes to show.")
@click.option("--framing", type=click.Choice(["digit", "whole"]), help="Look for one digit, or take the whole picture.")
@click.option(
    "--polarity", type=click.Choice(["auto", "light-on-dark", "dark-on-light"]), default="auto", show_default=True
)
@threads
@as_json
def predict(files: tuple[str, ...], weights: str, top: int, framing: str | None, polarity: str, as_json: bool) -> None:
    """Tell the class of each picture FILE, of any size, mode or polarity, and how it was read.

    RUN is a run's folder or its name; without it the digits' network of the package does the work.
    """
    run, pictures = (files[0], files[1:]) if is_run(files[0]) else (_DEFAULT, files)
    if not pictures:
        raise click.UsageError(f"{run} is a run; which picture? pellucid predict {run} FILE...")
    import numpy as np

    from .. import models
    from ..data import read_image

    trained = models.load(find_trained(run), weights)
    # All are read before anything is said: a bad file among them is an error, not a half answer.
    read = [read_image(file, trained.input_shape, framing or trained.framing, polarity) for file in pictures]
    probabilities = trained.predict(np.stack([picture.pixels for picture in read]))
    rows: list[dict[str, Any]] = []
    for file, picture, p in zip(pictures, read, probabilities, strict=True):
        order = np.argsort(-p, kind="stable")[:top]
        classes = [{"class": trained.class_names[k], "probability": float(p[k])} for k in order]
        rows.append({"file": str(Path(file)), "read_as": picture.how, "classes": classes})
    if as_json:
        print_json({"run": run, "weights_sha256": trained.digest, "predictions": rows})
        return
    for row in rows:
        best, *others = row["classes"]
        more = ", ".join(f"{c['class']} {100 * c['probability']:.1f} %" for c in others)
        click.echo(f"{row['file']}: {best['class']}  ({100 * best['probability']:.1f} %{'; ' + more if more else ''})")
        click.echo(f"    {row['read_as']}")
