"""A fitted classifier in one .safetensors file: its weights, and all else as one JSON text."""

import json
import os
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from safetensors.numpy import save

from .._core.errors import ConfigError, FileError
from .._core.files import write_file
from ..train import History
from ..train.tensors import read_arrays
from .scale import Scale

if TYPE_CHECKING:
    from .classifier import ImageClassifier

_ENTRY = "pellucid.classifier"
Kind = TypeVar("Kind", bound="ImageClassifier")


def write_classifier(classifier: "ImageClassifier", path: str | os.PathLike[str]) -> None:
    """Write network, labels, parameters and history."""
    about: dict[str, Any] = {
        "class": type(classifier).__name__,
        "params": classifier.get_params(),
        "classes": classifier.classes_.tolist(),
        "dtype": classifier.classes_.dtype.str,
        "scale": list(classifier.scale_),
        "history": classifier.history_.rows,
    }
    try:
        text = json.dumps(about, sort_keys=True)
    except TypeError as error:
        name = type(classifier).__name__
        raise ConfigError(f"{name}: cannot be saved; labels and parameters must be plain: {error}") from None
    write_file(path, save(classifier.model_.state_dict(), {_ENTRY: text}))


def read_classifier(kind: type[Kind], path: str | os.PathLike[str]) -> Kind:
    """Return the classifier of this kind that `write_classifier` wrote."""
    state, metadata = read_arrays(path, lambda header: None)
    try:
        about = json.loads(metadata[_ENTRY])
        if about["class"] != kind.__name__:
            raise FileError(f"{path}: holds a {about['class']}, not a {kind.__name__}")
        loaded = kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in about["params"].items()})
        model = loaded.make_network().build(loaded.input_shape)
        model.load_state_dict(state)
        history = History()
        history.rows = about["history"]
        classes = np.array(about["classes"], about["dtype"])
        loaded.take_over(classes, model, Scale(*about["scale"]), history)
    except FileError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path}: holds no {kind.__name__}: {error}") from error
    return loaded
