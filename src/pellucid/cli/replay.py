"""pellucid replay: a step that could not be taken, once more."""

from pathlib import Path

import click

from .._core.errors import FileError
from .options import as_json, print_json, threads


@click.command(short_help="Take a step again that was not finite.")
@click.argument("bundle", type=click.Path(path_type=Path))
@threads
@as_json
def replay(bundle: Path, as_json: bool) -> None:
    """Take the step of BUNDLE again, the file that a run with a nan or an infinity left, and tell what made it.

    The file holds the weights before the step, the batch, the seed and the recipe; it can be replayed on any machine.
    """
    from .. import models, native
    from .._core.errors import PellucidError
    from ..train import ModelInfo, Recipe, read_bundle
    from ..train import replay as take_again

    content = read_bundle(bundle)
    try:
        recipe = Recipe.from_dict(content.about["recipe"])
        info = ModelInfo.from_dict(content.about["model"])
        model = models.network(recipe).build(info.input_shape, seed=recipe.seed)
        loss = recipe.make_loss()
    except (KeyError, TypeError, AttributeError, PellucidError) as error:
        raise FileError(
            f"{bundle}: was written by a program of one's own, or is damaged ({error}); "
            "pellucid.train.replay(bundle, model, loss) takes it with its network"
        ) from error
    found = take_again(bundle, model, loss)
    if as_json:
        print_json({"bundle": str(bundle), "step": content.state["step"] + 1, "reproduced": found is not None,
                    "engine": native.describe(), "found": None if found is None else str(found),
                    "then": content.about.get("message")})  # fmt: skip
        return
    click.echo(f"{recipe.model}, step {content.state['step'] + 1}, engine {native.describe()}")
    shapes = {name.removeprefix("batch."): array.shape for name, array in content.arrays.items() if "batch." in name}
    click.echo("batch: " + ", ".join(f"{name} {shape}" for name, shape in shapes.items()))
    then = content.about.get("message")
    click.echo(str(found) if found is not None else f"here all is finite; it was told then: {then}")
