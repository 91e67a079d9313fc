"""pellucid verify-run: replay a recorded run and compare it bit for bit."""

import click

from .options import as_json, find_run, print_json, skipped_files_noted, threads


@click.command(name="verify-run", short_help="Replay a run and compare it bit for bit.")
@click.argument("run")
@click.option("--from", "start", type=click.IntRange(0), metavar="STEP", help="Begin at the checkpoint of this step.")
@click.option("--steps", type=click.IntRange(1), help="How many steps; all that were recorded unless told.")
@threads
@as_json
def verify_run(run: str, start: int | None, steps: int | None, as_json: bool) -> int:
    """Train RUN once more, from its seed or from one of its checkpoints, and compare with what it recorded.

    The loss of every step, the arrays of every checkpoint on the way, the history and the final weights must have the
    same bits.  If not, the first step and array that differ are named; the exit code is 1.  The run is not changed.
    """
    from .. import models
    from .._core.arrays import Shape
    from ..nn import Module
    from ..train import Recipe, RunFolder
    from ..train import verify_run as verify

    def build(recipe: Recipe, input_shape: Shape) -> Module:
        return models.network(recipe).build(input_shape, seed=recipe.seed)

    with skipped_files_noted():
        result = verify(RunFolder(find_run(run)), build, start=start, steps=steps)
    if as_json:
        print_json({"run": run, **result.to_dict()})
    else:
        click.echo(result)
    return 0 if result.equal else 1
