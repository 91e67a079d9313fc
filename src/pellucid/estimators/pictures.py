"""Pictures and labels as scikit-learn's users have them: rows or images, labels of any type."""

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ..data.samples import channels_first, one_each


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
    if array.ndim == 1:
        raise ShapeError(
            f"{name}: X is one vector of {len(array)}. Reshape your data: X.reshape(1, -1) is a batch of one sample"
        )
    if array.shape[1:] in ((C * H * W,), *([(H, W)] if C == 1 else [])):
        array = array.reshape(-1, C, H, W)
    if array.ndim != 4:
        raise ShapeError(
            f"{name}: X has shape {array.shape}; pictures of {(C, H, W)} are expected as (N, {C}, {H}, {W}), "
            f"(N, {H}, {W}, {C}) or (N, {C * H * W})"
        )
    if array.dtype != np.uint8:
        array = array.astype(np.float32)
        if not np.isfinite(array).all():
            raise ConfigError(f"{name}: X holds NaN or infinity; all pixels must be finite numbers")
    return channels_first(name, array, (C, H, W), C, tie="first")


def as_labels(name: str, y: npt.ArrayLike, count: int) -> Array:
    """Return the labels (N,), of any type that can be sorted; of one-hot rows the places of the ones."""
    if y is None:
        raise ConfigError(f"{name}: requires y to be passed, but the target y is None")
    labels = one_each(name, y, count)
    if labels.ndim != 1:
        raise ShapeError(f"{name}: y has shape {labels.shape}, one label for each sample or one-hot rows are needed")
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
