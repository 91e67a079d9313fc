"""Trained networks: those that come with the package, and those of one's own runs, ready to use."""

from importlib.resources import files
from pathlib import Path

from .._core.errors import ConfigError, FileError
from ..nn import Module
from ..train import Evaluator, RunFolder, digest, load_weights
from .ready import network

_FOLDER = Path(str(files(__package__))) / "trained"
TRAINED = tuple(sorted(p.name for p in _FOLDER.iterdir() if p.is_dir()))


class TrainedModel(Evaluator):
    """A network with its weights, and what is needed to feed it; see `load`.

    Attributes
    ----------
    run : RunFolder
        Where it comes from: recipe, history, result.
    input_shape : tuple of int
        Of one sample.
    class_names : tuple of str
    framing : "digit" or "whole"
        How pictures are read for it, see `pellucid.data.read_image`.
    digest : str
        SHA-256 of the weights.
    """

    def __init__(self, run: RunFolder, model: Module) -> None:
        super().__init__(model, run.recipe.make_loss(), normalize=run.info.normalize)
        self.run, self.digest = run, digest(model)
        self.input_shape, self.class_names, self.framing = (
            run.info.input_shape, run.info.class_names, run.info.framing
        )  # fmt: skip


def load(source: str | Path, weights: str = "last") -> TrainedModel:
    """Return a trained network.

    Parameters
    ----------
    source : str or path
        A name of `TRAINED`, or the folder of a run.
    weights : "last" or "best"
        Those after the last epoch, or those of the best epoch by validation.

    Raises
    ------
    FileError
        If there is no such run, or a file of it is damaged.

    Examples
    --------
    >>> from pellucid import data, models
    >>> model, (_, test) = models.load("mnist-cnn"), data.mnist()
    >>> p = model.predict(test.take([0]))
    >>> model.class_names[p[0].argmax()], bool(p[0].max() > 0.9)
    ('7', True)
    """
    if weights not in ("last", "best"):
        raise ConfigError(f"weights: is {weights!r}, expected 'last' or 'best'")
    run = RunFolder(_FOLDER / source if source in TRAINED else source)
    model = network(run.recipe).build(run.info.input_shape, seed=run.recipe.seed)
    if model.output_shape(run.info.input_shape) != (len(run.info.class_names),):
        raise FileError(f"{run.path / 'model.json'}: class_names: there are {len(run.info.class_names)}, the network "
                        f"gives {model.output_shape(run.info.input_shape)}")  # fmt: skip
    path = run.weights(weights)
    load_weights(model, path)
    result = run.result()
    if weights == "last" and result is not None and result["weights_sha256"] != digest(model):
        raise FileError(f"{path}: its SHA-256 is not that of result.json")
    return TrainedModel(run, model)
