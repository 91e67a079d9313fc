"""Images and labels as people have them, made into what a network takes: channels first, whole labels."""

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, DtypeError, ShapeError


def image_shape(what: str, input_shape: Shape, channels: int | None) -> Shape:
    """Return (C, H, W) for (height, width, channels), as Keras writes it; other lengths stay as they are.

    `channels` is what the first layer takes, None where nobody knows.

    Examples
    --------
    >>> from pellucid.data.samples import image_shape
    >>> image_shape("Network", (28, 24, 3), 3)
    (3, 28, 24)
    """
    shape = tuple(input_shape)
    if len(shape) != 3:
        return shape
    H, W, C = shape
    if channels not in (None, C):
        hint = f"; write {(*shape[1:], channels)}" if shape[0] == channels else ""
        raise ConfigError(
            f"{what}: input_shape {shape} is height {H}, width {W}, channels {C}, "
            f"but the first layer takes {channels} channels{hint}"
        )
    return C, H, W


def channels_first(
    what: str, x: npt.ArrayLike, shape: Shape | None, channels: int | None, *, tie: str = "last"
) -> Array:
    """Return samples with the channels in front; images may come as (N, H, W, C) or (N, C, H, W).

    Parameters
    ----------
    what : str
        Who asks, for messages.
    x : array
        Samples, along the first axis.
    shape : tuple of int or None
        Of one sample, channels first, if it is known.
    channels : int or None
        What the first layer takes; None: it takes no images.
    tie : "last" or "first"
        Where the channels stand if both would fit the shape: where the one who asks writes them.

    Raises
    ------
    ShapeError
        If the axes do not fit; the message says what would.
    DtypeError
        If images are neither uint8 nor floats.

    Examples
    --------
    >>> from pellucid.data.samples import channels_first
    >>> channels_first("Network", np.zeros((5, 28, 28, 1)), (1, 28, 28), 1).shape
    (5, 1, 28, 28)
    """
    x = np.asarray(x)
    images = channels is not None or (shape is not None and len(shape) == 3)
    if not images:
        if shape is not None and x.shape[1:] != shape:
            raise ShapeError(f"{what}: samples have shape {x.shape[1:]}, expected {shape}")
        return x
    if x.dtype.kind != "f" and x.dtype != np.uint8:
        raise DtypeError(f"{what}: images are {x.dtype}; uint8 (0 to 255) or floats are needed")
    C, H, W = (channels, None, None) if shape is None else shape
    wanted = f"(N, {H or 'H'}, {W or 'W'}, {C})"
    if x.ndim != 4:
        raise ShapeError(f"{what}: x has shape {x.shape}, images {wanted} are needed{_advice(x, C)}")
    last, first = (_fits(x.shape[1:], axes) for axes in ((H, W, C), (C, H, W)))
    if last and first and shape is None:
        raise ConfigError(
            f"{what}: x has shape {x.shape}, the {C} channels may stand first or last; "
            "say which by input_shape=(height, width, channels)"
        )
    if first and not (last and tie == "last"):
        return x
    if last:
        return x.transpose(0, 3, 1, 2)
    raise ShapeError(f"{what}: x has shape {x.shape}, images {wanted} or (N, {C}, {H or 'H'}, {W or 'W'}) are needed; "
                     f"the axis order looks wrong{_advice(x, C)}")  # fmt: skip


def class_labels(what: str, y: npt.ArrayLike, count: int) -> Array:
    """Return labels (N,) for `count` samples: given as whole numbers (N,) or (N, 1), or as rows with a single one.

    Rows of other probabilities (N, K) stay as they are.

    Examples
    --------
    >>> from pellucid.data.samples import class_labels
    >>> class_labels("Network", [[0, 1, 0], [0, 0, 1]], 2).tolist()
    [1, 2]
    """
    y = one_each(what, y, count)
    if y.ndim == 2 and y.dtype.kind != "f":
        raise ConfigError(f"{what}: labels of shape {y.shape} are {y.dtype} but not one-hot: one 1 in each row")
    if y.ndim == 1 and y.dtype.kind not in "iu":
        raise DtypeError(f"{what}: labels are {y.dtype}, whole numbers or one-hot rows are needed")
    return y


def one_each(what: str, y: npt.ArrayLike, count: int) -> Array:
    """Return labels (N,) of any type for `count` samples: given so, as (N, 1), or as rows with a single one.

    Other rows (N, K) stay as they are.
    """
    labels: Array = np.asarray(y)
    if labels.shape[:1] != (count,) or labels.ndim > 2:
        raise ShapeError(
            f"{what}: {count} samples but labels of shape {labels.shape}, (N,) or one-hot (N, K) are needed"
        )
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and (((labels == 0) | (labels == 1)).all(axis=1) & ((labels == 1).sum(axis=1) == 1)).all():
        labels = labels.argmax(axis=1)
    return labels


def _fits(shape: Shape, wanted: tuple[int | None, ...]) -> bool:
    return all(w is None or n == w for n, w in zip(shape, wanted, strict=True))


def _advice(x: Array, channels: int | None) -> str:
    """Return what to do with an array whose axes do not fit, if that can be told."""
    if x.ndim == 3 and channels == 1:
        return "; the channel axis is missing: pass x[..., None]"
    if x.ndim == 2:
        return "; the pixels lie in rows: pass x.reshape(-1, height, width, channels)"
    if x.ndim == 4 and x.shape[2] == channels:
        return "; the channels lie along axis 2"
    if x.ndim == 4 and x.shape[0] == channels and x.shape[3] != channels:
        return "; the samples must lie along axis 0"
    if x.ndim == 4:
        return ""
    return "; for one image pass x[None]" if x.ndim == 3 else ""
