"""Layers: what Network knows of its layers before anything is trained: sizes, weights, and how samples enter."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, FileError
from ..data.samples import channels_first, image_shape
from ..inspect import Summary, summary
from ..nn import Conv2d, Module, Sequential, Softmax
from ..train import load_weights, save_weights

_NO_SHAPE = "Network: the shape of a sample is not known yet; give Network(input_shape=(height, width, channels))"


class Layers:
    """Layers one after the other, and the Sequential that is made of them at the first use; base of `Network`."""

    def __init__(self, layers: Iterable[Module], input_shape: Shape | None, seed: int) -> None:
        self.layers: list[Module] = []
        self.input_shape, self.seed = None if input_shape is None else tuple(input_shape), seed
        self._model: Sequential | None = None
        for layer in layers:
            self.add(layer)

    def add(self, layer: Module) -> None:
        """Put a layer behind the others.

        Raises
        ------
        ConfigError
            If it is no layer, or the network has been used already.
        """
        if not isinstance(layer, Module):
            raise ConfigError(f"add: {layer!r} is a {type(layer).__name__}, a layer of pellucid.nn is needed")
        if self._model is not None:
            raise ConfigError("add: the network is built already; make a new one")
        self.layers.append(layer)

    def build(self, input_shape: Shape | None = None) -> Sequential:
        """Settle all sizes and draw the start values, if that was not done; return the Sequential.

        `input_shape` is that of one sample, images as (height, width, channels).
        """
        if self._model is None:
            shape = self.input_shape if input_shape is None else tuple(input_shape)
            if shape is None:
                raise ConfigError(_NO_SHAPE)
            self._build(image_shape("Network", shape, self._channels()))
        return self.model

    @property
    def model(self) -> Sequential:
        """The layers that run."""
        return self.build() if self._model is None else self._model

    def summary(self) -> Summary:
        """Return the network layer by layer: output shapes of one sample, channels first, parameters; to be printed.

        A `Softmax` at the end stands there too, though it is not run.
        """
        shape = self._known_shape()
        if shape is None:
            raise ConfigError(_NO_SHAPE)
        return summary(Sequential(*self.layers), shape)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the weights, safetensors or ``.npz``; a file that is there is an error, nothing is overwritten."""
        if Path(path).exists():
            raise FileError(f"{path}: exists already; nothing is overwritten")
        save_weights(self.model, path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Take over the weights that `save` wrote; on any error the network stays as it was."""
        load_weights(self.model, path)

    def __repr__(self) -> str:
        return "\n".join(["Network(", *(f"  {layer!r}" for layer in self.layers), ")"])

    def _channels(self) -> int | None:
        """Return how many channels the first layer with weights takes, None if it takes no images."""
        for layer in self.layers:
            if isinstance(layer, Conv2d):
                return layer.weight.shape[1] * layer.groups
            if any(layer.named_parameters()):
                return None
        return None

    def _build(self, shape: Shape) -> None:
        if not self.layers:
            raise ConfigError("Network: it has no layers; add some")
        running = self.layers[:-1] if type(self.layers[-1]) is Softmax else self.layers
        self._model, self._shape = Sequential(*running).build(shape, self.seed), shape

    def _known_shape(self) -> Shape | None:
        if self._model is not None:
            return self._shape
        return None if self.input_shape is None else image_shape("Network", self.input_shape, self._channels())

    def _inputs(self, what: str, x: npt.ArrayLike) -> Array:
        """Return samples as the layers take them; the first ones build the network."""
        samples = channels_first(what, x, self._known_shape(), self._channels())
        if self._model is None:
            self._build(samples.shape[1:])
        return samples
