"""ImageClassifier: a network as a scikit-learn estimator; `CNN` and its like say what network."""

import os
from collections.abc import Mapping
from math import prod
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ..data import Dataset
from ..inspect import Summary, summary
from ..nn import Module
from ..ops import softmax_forward
from ..train import Evaluator, History, Recipe, assemble
from ..train.settings import plain
from .choices import Named, as_table, own_rate
from .estimator import Estimator
from .pictures import as_images, as_labels
from .scale import Scale
from .stored import read_classifier, write_classifier


class ImageClassifier(Estimator):
    """Base of the classifiers: `fit`, `predict` and the rest, for a network that the subclass makes.

    A subclass has the hyper-parameters `epochs`, `batch_size`, `learning_rate`, `optimizer` and `schedule`, the
    attributes `input_shape` and `num_classes`, which may be hyper-parameters too, `make_network` and `seed_of_run`.
    Optimiser and schedule are names or tables, as a `Recipe` has them; "plain_sgd" is "sgd" without momentum.

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
    learning_rate: float | None
    optimizer: Named
    schedule: Named
    classes_: Array
    model_: Module
    history_: History
    scale_: Scale
    n_features_in_: int
    n_iter_: int

    def make_network(self) -> Module:
        """Return the network, unbuilt."""
        raise NotImplementedError

    @staticmethod
    def make_scale(images: Array) -> Scale:
        """Return what becomes of the pixels; unless a subclass says otherwise mean 0 and standard deviation 1."""
        return Scale.standard(images)

    def seed_of_run(self) -> int:
        """Return what start values, order and dropout depend on."""
        raise NotImplementedError

    def rate(self, optimizer: Mapping[str, Any], schedule: Mapping[str, Any]) -> float:
        """Return the learning rate where none is given: the optimiser's own."""
        return own_rate(optimizer)

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        optimizer: Named | None = None,
        *,
        validation_data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    ) -> Self:
        """Train a new network; return self.

        Parameters
        ----------
        X : array-like
            (N, C, H, W), (N, H, W, C), (N, C*H*W) or, of one channel, (N, H, W): bytes, or numbers of any scale.
            Bytes count as their 255ths, so that they and floats from 0 to 1 are the same pictures.
        y : array-like (N,)
            Labels of any type that can be sorted; or one-hot rows (N, K), whose labels are 0 to K - 1.
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
        scale = self.make_scale(images)
        held_out = None
        if validation_data is not None:
            pictures = self._images(validation_data[0])
            names = as_labels(name, validation_data[1], len(pictures))
            held_out = scale.dataset(name, pictures, _places(name, classes, names))
        model = self.make_network().build(self.input_shape, seed=recipe.seed)
        trainer, loader = assemble(recipe, model, scale.dataset(name, images, labels))
        trainer.lint = False  # images and labels were made fit above
        history = trainer.fit(loader, recipe.epochs, validation=held_out)
        self.take_over(classes, model, scale, history)
        return self

    def take_over(self, classes: Array, model: Module, scale: Scale, history: History) -> None:
        """Take over what was learned."""
        self.classes_, self.model_, self.scale_, self.history_ = classes, model, scale, history
        self.n_features_in_, self.n_iter_ = prod(self.input_shape), len(history)

    def predict(self, X: npt.ArrayLike) -> Array:
        """Return the label of each picture (N,)."""
        best = self._logits(X).argmax(axis=1)
        labels: Array = self.classes_[best]
        return labels

    def predict_proba(self, X: npt.ArrayLike) -> Array:
        """Return the probability of each class (N, K), in the order of `classes_`.

        X has the scale that `fit` was given.
        """
        return softmax_forward(self._logits(X))[0]

    def score(self, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Return the accuracy on pictures X with labels y."""
        predicted = self.predict(X)
        return float(np.mean(predicted == as_labels(type(self).__name__, y, len(predicted))))

    def get_feature_maps(self, image: npt.ArrayLike) -> dict[str, Array]:
        """Return what each layer makes of one picture, by the layer's name; of a convolution (O, OH, OW)."""
        inputs = self._inputs(np.asarray(image)[None])
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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted classifier, with its network and labels, into one .safetensors file."""
        self._check_fitted()
        write_classifier(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the classifier that `save` wrote.

        Raises
        ------
        FileError
            If the file cannot be read, is damaged, or holds another kind of classifier.
        """
        return read_classifier(cls, path)

    def _recipe(
        self, epochs: int | None, batch_size: int | None, learning_rate: float | None, optimizer: Named | None
    ) -> Recipe:
        name = type(self).__name__
        update = as_table(name, self.optimizer if optimizer is None else optimizer)
        schedule = as_table(name, self.schedule)
        given = self.learning_rate if learning_rate is None else learning_rate
        lr = self.rate(update, schedule) if given is None else given
        table = {
            "model": name,
            "epochs": self.epochs if epochs is None else epochs,
            "batch_size": self.batch_size if batch_size is None else batch_size,
            "optimizer": {"lr": lr} | update,
            "schedule": schedule,
            "seed": self.seed_of_run(),
        }
        return Recipe.from_dict({key: plain(value) for key, value in table.items()})

    def _images(self, X: npt.ArrayLike) -> Array:
        return as_images(type(self).__name__, X, self.input_shape)

    def _inputs(self, X: npt.ArrayLike) -> Dataset:
        self._check_fitted()
        images = self._images(X)
        return self.scale_.dataset(type(self).__name__, images, np.zeros(len(images), np.int64))

    def _logits(self, X: npt.ArrayLike) -> Array:
        """Return the raw scores of the classes that `fit` met; the network may have more outputs."""
        inputs = self._inputs(X)
        logits = Evaluator(self.model_).predict_logits(inputs)
        return np.ascontiguousarray(logits[:, : len(self.classes_)])

    def _check_fitted(self) -> None:
        if not hasattr(self, "classes_"):
            raise ConfigError(f"{type(self).__name__}: is not fitted yet; call fit(X, y) first")


def _places(name: str, classes: Array, labels: Array) -> Array:
    """Return the place of each label among the classes."""
    places = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    unknown = np.unique(labels[classes[places] != labels])
    if len(unknown):
        raise ConfigError(f"{name}: validation_data has labels that y has not: {', '.join(map(str, unknown[:5]))}")
    return places
