"""Images on a bent grid, smooth random fields, and noise: what `Augment` is made of, each with its native twin."""

import math
from functools import lru_cache
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.random import bits_of
from ..ops._dispatch import twin
from ..ops._memory import in_memory_order, permanent


def planes(x: Array) -> Array:
    """Return images (N, H, W), (N, C, H, W) or (N, T, C, H, W) as planes (N, K, H, W) that share their memory."""
    return x if x.ndim == 4 else x.reshape(len(x), -1, *x.shape[-2:])


def resample(x: Array, matrices: Array, fields: Array | None) -> Array:
    """Return the images that show at each pixel what `x` has at another place: y(p) = x(M (p + field(p), 1)).

    Between pixels it is bilinear; beyond the edge the nearest pixel counts.

    Parameters
    ----------
    x : float array (N, H, W), (N, C, H, W) or (N, T, C, H, W)
    matrices : array (N, 2, 3)
        M, for (row, column, 1).
    fields : array (N, 2, H, W) of the type of `x`, optional
        Rows and columns, in pixels.
    """
    x = in_memory_order(x)
    y = permanent(x.shape, x.dtype, images=True)
    _resample(planes(x), matrices.astype(x.dtype), fields, planes(y))
    return y


def smooth_fields(keys: Array, height: int, width: int, sigma: float, dtype: np.dtype[Any]) -> Array:
    """Return fields (N, 2, H, W): noise, uniform from -1 to 1 and 0 beyond the edge, under a Gaussian of `sigma`."""
    fields = permanent((len(keys), 2, height, width), dtype)
    _smooth_field(_taps(sigma, dtype), keys, fields)
    return fields


def add_noise(x: Array, keys: Array, deviation: float) -> None:
    """Add to each number of `x`, as it lies in memory, a normal one; only to arrays that ops read without copying."""
    rows = x.transpose(0, 2, 3, 1) if x.ndim == 4 else x
    _add_noise(rows.reshape(len(x), -1), keys, deviation)


@lru_cache
def _taps(sigma: float, dtype: np.dtype[Any]) -> Array:
    radius = math.ceil(3 * sigma)
    weights = [math.exp(-((k / sigma) ** 2) / 2) for k in range(-radius, radius + 1)]
    taps = np.array(weights, np.float64) / math.fsum(weights)
    taps = taps.astype(dtype)
    taps.flags.writeable = False
    return taps


def _symmetric(bits: Array) -> Array:
    """Return numbers from -1 to 1, without the ends: odd multiples of 2**-23."""
    return (2.0 * (bits >> np.uint32(9)) + 1) * 2.0**-23 - 1


@twin
def _smooth_field(taps: Array, keys: Array, fields: Array) -> None:
    H, W = fields.shape[2:]
    noise = _symmetric(bits_of(keys, 2 * H * W)).reshape(fields.shape)
    fields[...] = _band(taps, H) @ noise @ _band(taps, W)


def _band(taps: Array, size: int) -> Array:
    """Return the matrix (size, size) with taps along each row, the middle one on the diagonal."""
    radius = len(taps) // 2
    apart = np.arange(size) - np.arange(size)[:, None]
    return np.where(abs(apart) <= radius, taps[np.clip(apart, -radius, radius) + radius], 0)


@twin
def _resample(x: Array, matrices: Array, fields: Array | None, y: Array) -> None:
    H, W = x.shape[2:]
    rows, columns = np.arange(H, dtype=x.dtype)[:, None], np.arange(W, dtype=x.dtype)
    if fields is not None:
        rows, columns = rows + fields[:, 0], columns + fields[:, 1]
    r, c = (m[:, 0] * rows + m[:, 1] * columns + m[:, 2] for m in matrices.transpose(1, 0, 2)[..., None, None])
    r, c = np.clip(r, 0, H - 1), np.clip(c, 0, W - 1)
    top, left = r.astype(np.intp), c.astype(np.intp)
    down, right = np.minimum(top + 1, H - 1), np.minimum(left + 1, W - 1)
    low, far = (r - top)[..., None], (c - left)[..., None]
    images, n = x.transpose(0, 2, 3, 1), np.arange(len(x))[:, None, None]
    above, below = images[n, top, left], images[n, down, left]
    above += far * (images[n, top, right] - above)
    below += far * (images[n, down, right] - below)
    y[...] = (above + low * (below - above)).transpose(0, 3, 1, 2)


@twin
def _add_noise(x: Array, keys: Array, deviation: float) -> None:
    u = _symmetric(bits_of(keys, x.shape[1]))
    x += (deviation * math.sqrt(2) * _inverse_erf(u)).astype(x.dtype)


def _inverse_erf(x: Array) -> Array:
    """Return the inverse error function, relative error 1e-6: M. Giles, Approximating the erfinv function, 2010."""
    w = -np.log((1 - x) * (1 + x))
    polyval = np.polynomial.polynomial.polyval
    near, far = polyval(w - 2.5, _NEAR), polyval(np.sqrt(np.maximum(w, 5)) - 3, _FAR)
    result: Array = np.where(w < 5, near, far) * x
    return result


_NEAR = (1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-06, -3.5233877e-06,
         3.43273939e-07, 2.81022636e-08)  # fmt: skip
_FAR = (2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322,
        0.000100950558, -0.000200214257)  # fmt: skip
