"""What scikit-learn asks of a classifier, without scikit-learn: for pictures, and with a network inside."""

import inspect
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError


class Estimator:
    """Hyper-parameters are the constructor's arguments, kept as they were given under their names.

    So `get_params`, `set_params` and scikit-learn's ``clone``, pipelines and searches work.  A subclass takes keyword
    arguments only, and looks at them when it is fitted.
    """

    _estimator_type = "classifier"

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all hyper-parameters by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Set hyper-parameters by name; return self.

        Raises
        ------
        ConfigError
            If there is none of that name; nothing is set then.
        """
        for name in params:
            if name not in self._names():
                raise ConfigError(f"{type(self).__name__}: no parameter {name!r}; there are {', '.join(self._names())}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        # Asked by scikit-learn alone, which then is there.
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=True, three_d_array=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        given = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not (type(value) is type(defaults[name].default) and value == defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"


def as_images(name: str, X: npt.ArrayLike, shape: Shape) -> Array:
    """Return pictures as (N, C, H, W): uint8 as they are, all other numbers as float32.

    Parameters
    ----------
    name : str
        Who asks, for errors.
    X : array-like
        (N, C, H, W), (N, H, W, C), (N, C*H*W) in the order C, H, W, or (N, H, W) where C is 1.
    shape : (C, H, W)

    Raises
    ------
    ShapeError
        If X has none of these shapes.
    ConfigError
        If there are no samples, or an entry is no finite number.
    """
    if hasattr(X, "toarray"):
        raise ConfigError(f"{name}: X is sparse, which is not supported; pass X.toarray()")
    array = np.asarray(X)
    if array.dtype.kind not in "fiub":
        array = _numbers(name, array)
    C, H, W = shape
    if array.size == 0:
        empty = "sample" if not array.shape[0] else "feature"
        raise ConfigError(f"{name}: 0 {empty}(s) (shape={array.shape}) while a minimum of 1 is required.")
    if array.shape[1:] == (H, W, C) and (H, W, C) != (C, H, W):
        array = array.transpose(0, 3, 1, 2)
    elif array.shape[1:] in ((C * H * W,), *([(H, W)] if C == 1 else [])):
        array = array.reshape(-1, C, H, W)
    elif array.shape[1:] != (C, H, W):
        if array.ndim == 1:
            raise ShapeError(
                f"{name}: X is one vector of {len(array)}. Reshape your data: X.reshape(1, -1) is a batch of one sample"
            )
        raise ShapeError(
            f"{name}: X has shape {array.shape}; pictures of {shape} are expected as (N, {C}, {H}, {W}), "
            f"(N, {H}, {W}, {C}) or (N, {C * H * W})"
        )
    if array.dtype == np.uint8:
        return array
    array = array.astype(np.float32, order="C")
    if not np.isfinite(array).all():
        raise ConfigError(f"{name}: X holds NaN or infinity; all pixels must be finite numbers")
    return array


def as_labels(name: str, y: npt.ArrayLike, count: int) -> Array:
    """Return the labels (N,), of any type that can be sorted; one-hot rows stay for the caller to refuse."""
    if y is None:
        raise ConfigError(f"{name}: requires y to be passed, but the target y is None")
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or len(labels) != count:
        raise ShapeError(f"{name}: {count} pictures need {count} labels, y has shape {labels.shape}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ConfigError(f"{name}: y holds NaN or infinity")
    if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
        raise ConfigError(f"{name}: Unknown label type: y is continuous; classes are needed")
    return labels


def _numbers(name: str, array: Array) -> Array:
    if array.dtype.kind == "c":
        raise ConfigError(f"{name}: Complex data not supported; pixels are real numbers")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}: X holds {array.dtype}, which are no numbers: {error}") from None
