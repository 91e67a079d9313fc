"""One call of ``pellucid train``: what it trains, where it keeps it, and what it says on the way."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._core.errors import ConfigError, FileError, PellucidError
from .interrupt import orderly
from .options import print_json, skipped_files_noted

if TYPE_CHECKING:
    from ..data import Loader
    from ..nn import Module
    from ..train import ModelInfo, Parts, Recipe, RunFolder, Trainer


class Session:
    """A run from its preparation, by `new` or `again`, to its last word."""

    def __init__(self, recipe: "Recipe", as_json: bool) -> None:
        from .. import models
        from ..train import ProgressBar, load_parts

        self.recipe, self.as_json = recipe, as_json
        with skipped_files_noted():
            self.parts: Parts = load_parts(recipe, models.find(recipe.model).input_shape)
        shape = self.parts.training.input_shape
        self.model: Module = models.network(recipe).build(shape, seed=recipe.seed)
        self.classes = self._classes(shape)
        self.progress = ProgressBar(sys.stderr if as_json else sys.stdout)
        self.trainer: Trainer
        self.loader: Loader
        self.folder: RunFolder

    @classmethod
    def new(cls, recipe: "Recipe", out: Path | None, as_json: bool, every: int | None) -> "Session":
        """Prepare a new run and make its folder."""
        from ..train import RunFolder, assemble, environment

        if out is not None and (out.exists() or out.is_symlink() or out.name == ".."):
            raise FileError(f"--out {out}: exists already; choose a new name, nothing is overwritten")
        self = cls(recipe, as_json)
        self.trainer, self.loader = assemble(recipe, self.model, self.parts.training)
        self._introduce()
        self.folder = RunFolder.create(out or _free(recipe.model), recipe, self._info(), environment(), self.trainer)
        self._watch(every)
        return self

    @classmethod
    def again(cls, folder: "RunFolder", epochs: int | None, as_json: bool, every: int | None) -> "Session":
        """Prepare to go on with a run, which is locked."""
        from dataclasses import replace

        from ..train import assemble, environment

        path = folder.path
        recipe = folder.recipe
        if changes := folder.changes():
            raise ConfigError(
                f"{path / 'config.toml'}: was changed since the run began ({'; '.join(changes)}); "
                "only epochs may change, begin a new run with --config for the rest"
            )
        if epochs is not None and epochs != recipe.epochs:
            if recipe.length_is_fixed:
                raise ConfigError(
                    f"--epochs {epochs}: the {recipe.schedule['name']} schedule of {path} was made for {recipe.epochs}"
                )
            recipe = replace(recipe, epochs=epochs)
        self = cls(recipe, as_json)
        now, then = self._info().to_dict(), folder.info.to_dict()
        if now != then:
            changed = [key for key in now if now[key] != then[key]]
            raise FileError(f"{path}: the data are not those the run began with ({', '.join(changed)} differ)")
        self.trainer, self.loader = assemble(recipe, self.model, self.parts.training)
        self.folder, folder.recipe = folder, recipe  # the checkpoints to come are those of the longer run
        self._watch(every)
        folder.resume(self.trainer, self._say)
        if (self.trainer.epoch, self.trainer.batch) > (recipe.epochs, 0):
            raise ConfigError(
                f"--epochs {recipe.epochs}: {path} has gone beyond, to epoch {self.trainer.epoch}, "
                f"batch {self.trainer.batch} of the next"
            )
        differences = folder.went_on(environment(), self.trainer)
        folder.update_recipe(recipe)
        self._say(f"{path}: goes on after epoch {self.trainer.epoch}, step {self.trainer.step}")
        if differences:
            self._say(f"note: another engine, machine or version, the bits may differ: {'; '.join(differences)}")
        return self

    def train(self) -> None:
        """Train to the end, test, and say so."""
        from ..train import lint

        trainer, validation = self.trainer, self.parts.validation
        epochs, trainer.lint = self.recipe.epochs - trainer.epoch, False
        try:
            with orderly(trainer.stop):
                for finding in lint(trainer, self.loader) if not trainer.step else []:
                    self._say(f"note: {finding}")
                if trainer.stopped is None:
                    trainer.fit(self.loader, epochs, validation=validation if len(validation) else None)
        except PellucidError as error:
            with suppress(PellucidError):  # of a full disk, say: the error itself is what is to be told
                self.folder.log(f"failed: {error}")
            self.folder.remove_if_nothing_was_learned()
            raise
        if trainer.stopped in ("SIGINT", "SIGTERM"):
            self._stopped()
        result = self._result(trainer.evaluate(self.parts.test))
        self.folder.finish(trainer, {key: result[key] for key in ("test", "weights_sha256", "images")})
        if self.as_json:
            print_json(result)
        else:
            self._conclude(result)

    def _classes(self, input_shape: tuple[int, ...]) -> list[str]:
        """Return a name for each output of the network."""
        (outputs,), names = self.model.output_shape(input_shape), self.parts.training.class_names
        if len(names) > outputs:
            raise ConfigError(
                f"{self.recipe.data}: the data have {len(names)} classes, {self.recipe.model} tells {outputs} apart"
            )
        weight = self.recipe.loss.get("weight")
        if weight is not None and len(weight) != outputs:
            raise ConfigError(
                f"loss.weight: has {len(weight)} numbers, {self.recipe.model} tells {outputs} classes apart"
            )
        return [*names, *map(str, range(len(names), outputs))]

    def _watch(self, every: int | None) -> None:
        self.trainer.callbacks = (*self.trainer.callbacks, self.progress, self.folder, self.folder.checkpointer(every))
        self.trainer.black_box.write = self.folder.bundles()

    def _info(self) -> "ModelInfo":
        from ..train import ModelInfo, fingerprint

        training = self.parts.training
        return ModelInfo(
            self.recipe.model,
            training.input_shape,
            tuple(self.classes),
            training.normalize,
            "digit" if self.recipe.data == "mnist" else "whole",
            {name: fingerprint(part) for name, part in self.parts._asdict().items()},
        )

    # --- what it says ------------------------------------------------------------------------------------

    def _say(self, line: str) -> None:
        click.echo(line, err=True)

    def _introduce(self) -> None:
        from .. import native
        from ..inspect import summary

        if self.as_json:
            return
        recipe, parts = self.recipe, self.parts
        source = "MNIST" if recipe.data == "mnist" else recipe.data
        click.echo(f"{recipe.model} on {source}: {len(parts.training):,} training, {len(parts.validation):,} "
                   f"validation, {len(parts.test):,} test images\n")  # fmt: skip
        click.echo(summary(self.model, parts.training.input_shape))
        tables = [f"{_settings(table)}" for table in (recipe.optimizer, recipe.schedule)]
        together = f", {recipe.accumulate} in a step" if recipe.accumulate > 1 else ""
        click.echo(f"\n{', '.join(tables)}, batches of {recipe.batch_size}{together}, seed {recipe.seed}")
        if recipe.ema is not None:
            click.echo(f"weights averaged over the steps (ema {recipe.ema}): the average is validated, tested, kept")
        click.echo(f"engine {native.describe()}\n")

    def _result(self, tested: dict[str, float]) -> dict[str, Any]:
        from ..train import digest

        return {
            "recipe": self.recipe.to_dict(),
            "images": {name.replace("training", "train"): len(part) for name, part in self.parts._asdict().items()},
            "parameters": self.model.parameters().data.size,
            "history": self.trainer.history.rows,
            "test": tested,
            "weights_sha256": digest(self.model),
            "run": str(self.folder.path),
            "seconds": {"fit": sum(self.progress.seconds), "epochs": self.progress.seconds},
        }

    def _conclude(self, result: dict[str, Any]) -> None:
        from .. import models
        from .main import program

        if self.trainer.stopped:
            click.echo(f"stopped early: {self.trainer.stopped}; the weights are those of the best epoch")
        tested, run = result["test"], result["run"]
        click.echo(f"\ntest accuracy {100 * tested['accuracy']:.2f} %  (loss {tested['loss']:.4f})")
        click.echo(f"weights SHA-256 {result['weights_sha256']}")
        click.echo(f"kept in {run}")
        click.echo("\nTry next:")
        if len(self.parts.training.input_shape) == 3:  # pictures, and not sequences
            click.echo(f"  {program()} predict {run} IMAGE...     what it makes of your own pictures")
        model, data = self.recipe.model, self.recipe.data
        other = "" if data == models.recipe(model).data else f" --data {data}"
        click.echo(f"  {program()} train {model}{other} --seed {self.recipe.seed + 1}     another seed")

    def _stopped(self) -> None:
        from .main import program

        self.folder.log(f"stopped by {self.trainer.stopped} after step {self.trainer.step}")
        click.echo(f"stopped after step {self.trainer.step}; go on with: {program()} train --resume {self.folder.path}",
                   err=True)  # fmt: skip
        raise click.exceptions.Exit(130 if self.trainer.stopped == "SIGINT" else 143)


def _settings(table: Any) -> str:
    more = [f"{key} {value}" for key, value in table.items() if key != "name"]
    return " ".join([table["name"], f"({', '.join(more)})"] if more else [table["name"]])


def _free(model: str) -> Path:
    """Return the first of runs/MODEL-1, runs/MODEL-2, ... that is free."""
    number = 1
    while (path := Path("runs") / f"{model}-{number}").exists():
        number += 1
    return path
