"""ImageClassifier: a network as a scikit-learn estimator; `CNN` and its like say what network."""

import json
import os
from math import prod
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save as safetensors_bytes

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, FileError
from .._core.files import write_file
from ..data import Dataset, Normalize
from ..inspect import Summary, summary
from ..nn import Module
from ..ops import softmax_forward
from ..train import Evaluator, History, Recipe, assemble
from ..train.settings import plain
from ..train.tensors import read_arrays
from .estimator import Estimator, as_images, as_labels

_ENTRY = "pellucid.classifier"


class ImageClassifier(Estimator):
    """Base of the classifiers: `fit`, `predict` and the rest, for a network that the subclass makes.

    A subclass has at least the hyper-parameters `input_shape`, `num_classes`, `epochs`, `batch_size`, `learning_rate`,
    `optimizer`, `schedule` and `random_state`, and the method `make_network`.

    Attributes
    ----------
    classes_ : array (K,)
        The labels that `fit` met, sorted.
    history_ : History
        Loss and accuracy of each epoch, with `validation_data` those of validation too.
    model_ : Module
        The trained network.
    n_features_in_ : int
        C * H * W.
    n_iter_ : int
        How many epochs were done.
    """

    input_shape: Shape
    num_classes: int
    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str
    schedule: str
    random_state: int
    classes_: Array
    model_: Module
    history_: History
    scale_: "Scale"
    n_features_in_: int
    n_iter_: int

    def make_network(self) -> Module:
        """Return the network, unbuilt."""
        raise NotImplementedError

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        optimizer: str | None = None,
        *,
        validation_data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    ) -> Self:
        """Train a new network; return self.

        Parameters
        ----------
        X : array-like
            (N, C, H, W), (N, H, W, C), (N, C*H*W) or, of one channel, (N, H, W): bytes, or numbers of any scale.
        y : array-like (N,)
            Labels of any type that can be sorted.
        epochs, batch_size, learning_rate, optimizer
            Instead of the constructor's, for this time.
        validation_data : (X, y), optional
            Measured after each epoch.

        Raises
        ------
        ShapeError
            If X or y has another shape.
        ConfigError
            If there are more classes than the network has outputs, a pixel is not finite, or a hyper-parameter is out
            of range.
        """
        name = type(self).__name__
        recipe = self._recipe(epochs, batch_size, learning_rate, optimizer)
        images = self._images(X)
        classes, labels = np.unique(as_labels(name, y, len(images)), return_inverse=True)
        if len(classes) > self.num_classes:
            raise ConfigError(f"{name}: y has {len(classes)} classes, but num_classes is {self.num_classes}")
        if len(classes) < 2:
            raise ConfigError(f"{name}: y holds one class, {classes.tolist()[0]!r}; two or more are needed")
        scale = Scale.of(images)
        held_out = None
        if validation_data is not None:
            pictures = self._images(validation_data[0])
            names = as_labels(name, validation_data[1], len(pictures))
            held_out = scale.dataset(pictures, _places(name, classes, names))
        model = self.make_network().build(self.input_shape, seed=recipe.seed)
        trainer, loader = assemble(recipe, model, scale.dataset(images, labels))
        history = trainer.fit(loader, recipe.epochs, validation=held_out)
        self.classes_, self.model_, self.scale_, self.history_ = classes, model, scale, history
        self.n_features_in_, self.n_iter_ = prod(self.input_shape), recipe.epochs
        return self

    def predict(self, X: npt.ArrayLike) -> Array:
        """Return the label of each picture (N,)."""
        best = self.predict_proba(X).argmax(axis=1)
        labels: Array = self.classes_[best]
        return labels

    def predict_proba(self, X: npt.ArrayLike) -> Array:
        """Return the probability of each class (N, K), in the order of `classes_`.

        X has the shape and the scale (bytes, 0 to 1, ...) that `fit` was given.
        """
        inputs = self._inputs(X)
        logits = Evaluator(self.model_).predict_logits(inputs)[:, : len(self.classes_)]  # of the classes there were
        return softmax_forward(np.ascontiguousarray(logits))[0]

    def score(self, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Return the accuracy on pictures X with labels y."""
        predicted = self.predict(X)
        return float(np.mean(predicted == as_labels(type(self).__name__, y, len(predicted))))

    def get_feature_maps(self, image: npt.ArrayLike) -> dict[str, Array]:
        """Return what each layer makes of one picture, by the layer's name; of a convolution (O, OH, OW)."""
        inputs = self._inputs(np.asarray(image).reshape(1, *np.shape(image)))
        maps: dict[str, Array] = {}
        handles = [
            layer.register_forward_hook(lambda _, x, y, name=name: maps.update({name: y[0]}))
            for name, layer in self.model_.children()
        ]
        try:
            with self.model_.inference():
                self.model_.forward(inputs.batch([0])[0])
        finally:
            for handle in handles:
                handle.remove()
        return maps

    def summary(self) -> Summary:
        """Return the network layer by layer: shapes, parameters, multiply-adds; to be printed."""
        return summary(self.make_network(), self.input_shape)

    # --- on disk ---------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted classifier, with its network and labels, into one .safetensors file."""
        self._check_fitted()
        about = {
            "class": type(self).__name__,
            "params": self.get_params(),
            "classes": self.classes_.tolist(),
            "dtype": self.classes_.dtype.str,
            "scale": list(self.scale_),
            "history": self.history_.rows,
        }
        try:
            text = json.dumps(about, sort_keys=True)
        except TypeError as error:
            raise ConfigError(
                f"{type(self).__name__}: cannot be saved; labels and parameters must be plain: {error}"
            ) from None
        write_file(path, safetensors_bytes(self.model_.state_dict(), {_ENTRY: text}))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the classifier that `save` wrote.

        Raises
        ------
        FileError
            If the file cannot be read, is damaged, or holds another kind of classifier.
        """
        state, metadata = read_arrays(path, lambda header: None)
        try:
            about = json.loads(metadata[_ENTRY])
            if about["class"] != cls.__name__:
                raise FileError(f"{path}: holds a {about['class']}, not a {cls.__name__}")
            loaded = cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in about["params"].items()})
            loaded.model_ = loaded.make_network().build(loaded.input_shape)
            loaded.model_.load_state_dict(state)
            loaded.classes_, loaded.scale_ = np.array(about["classes"], about["dtype"]), Scale(*about["scale"])
            loaded.history_ = History()
            loaded.history_.rows = about["history"]
            loaded.n_features_in_, loaded.n_iter_ = prod(loaded.input_shape), len(loaded.history_)
        except FileError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise FileError(f"{path}: holds no {cls.__name__}: {error}") from error
        return loaded

    def _recipe(
        self, epochs: int | None, batch_size: int | None, learning_rate: float | None, optimizer: str | None
    ) -> Recipe:
        lr = self.learning_rate if learning_rate is None else learning_rate
        table = {
            "model": type(self).__name__,
            "epochs": self.epochs if epochs is None else epochs,
            "batch_size": self.batch_size if batch_size is None else batch_size,
            "optimizer": {"name": optimizer or self.optimizer, "lr": lr},
            "schedule": {"name": self.schedule},
            "seed": self.random_state,
        }
        return Recipe.from_dict({name: plain(value) for name, value in table.items()})

    def _images(self, X: npt.ArrayLike) -> Array:
        return as_images(type(self).__name__, X, self.input_shape)

    def _inputs(self, X: npt.ArrayLike) -> Dataset:
        self._check_fitted()
        images = self._images(X)
        return self.scale_.dataset(images, np.zeros(len(images), np.int64))

    def _check_fitted(self) -> None:
        if not hasattr(self, "classes_"):
            raise ConfigError(f"{type(self).__name__}: is not fitted yet; call fit(X, y) first")


class Scale(NamedTuple):
    """Mean and standard deviation of the training pixels, in the units of X."""

    mean: float
    std: float

    @classmethod
    def of(cls, images: Array) -> Self:
        """Return those of some pictures."""
        if images.dtype == np.uint8:
            found = Normalize.fit(images)
            return cls(found.mean * 255, found.std * 255)
        mean = float(images.mean(dtype=np.float64))
        return cls(mean, float(images.std(dtype=np.float64, mean=mean)) or 1.0)

    def dataset(self, images: Array, labels: Array) -> Dataset:
        """Return pictures and labels with the pixels' mean at 0 and their deviation at 1."""
        if images.dtype == np.uint8:
            return Dataset(images, labels, normalize=Normalize(self.mean / 255, self.std / 255))
        return Dataset((images - np.float32(self.mean)) / np.float32(self.std), labels)


def _places(name: str, classes: Array, labels: Array) -> Array:
    """Return the place of each label among the classes."""
    places = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    unknown = np.unique(labels[classes[places] != labels])
    if len(unknown):
        raise ConfigError(f"{name}: validation_data has labels that y has not: {', '.join(map(str, unknown[:5]))}")
    return places
