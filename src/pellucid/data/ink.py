"""From a picture of a digit to the digit as MNIST has it: find the ink, cut it out, scale it, centre it.

1. The ground (paper, screen) is a surface of second degree in x and y for each colour, fitted to that half of the
   pixels which lies nearest to it (least trimmed squares; Rousseeuw, 1984): neither ink nor uneven light disturbs it.
2. What remains is projected on the direction in which it varies most, so that any ink on any paper becomes one number
   for each pixel; its skewness tells on which side the ink is, for ink is the rarer.
3. Otsu's threshold (1979) among what stands out from the noise tells the shade of full ink; ink is 0 to 1 from there.
4. Patches with less than a twentieth of the largest patch's ink are specks.
5. Strokes thinner than the data set's are thickened; the longer side is scaled to 20 of 28 pixels, and the centre
   of mass placed at the middle, as Y. LeCun et al. describe for MNIST.
"""

from dataclasses import dataclass

import numpy as np

from .._core.arrays import Array

_FAINT = 0.04  # of the range from black to white: less contrast is no ink
_SPECK = 0.05  # of the largest patch's ink
_CELLS = 96  # patches are sought on a grid of at most this many cells a side


@dataclass(frozen=True)
class Ink:
    """Ink (h, w), 0 to 1,, whether it is lighter than its ground, and how many specks were left out."""

    amount: Array
    light: bool
    specks: int


def find_ink(colours: Array, polarity: str) -> Ink | None:
    """Return the ink of a picture (h, w, colours) with entries 0 to 1, or None if there is none.

    Parameters
    ----------
    colours : float array (h, w, 1) or (h, w, 3)
    polarity : str
        ``"auto"``, ``"light-on-dark"`` or ``"dark-on-light"``.

    Examples
    --------
    >>> from pellucid.data.ink import find_ink
    >>> paper = np.full((40, 40, 1), 0.8)
    >>> paper[10:30, 18:22] = 0.1
    >>> ink = find_ink(paper, "auto")
    >>> ink.light, round(float(ink.amount.sum()), 6)
    (False, 80.0)
    >>> find_ink(np.full((40, 40, 1), 0.8), "auto") is None
    True
    """
    ground = _ground(colours)
    rest = colours - ground
    pixels = rest.reshape(-1, rest.shape[2])
    axis = np.linalg.eigh(pixels.T @ pixels)[1][:, -1]
    axis /= np.abs(axis).sum() * (1 if axis.sum() >= 0 else -1)
    shade = rest @ axis
    noise = (
        float(np.quantile(np.abs(shade), 0.25)) / 0.3186
    )  # of normal values, a quarter lies within 0.3186 deviations
    light = (shade**3).mean() > 0 if polarity == "auto" else polarity == "light-on-dark"
    amount = shade if light else -shade * _gain(ground)
    standing_out = amount[amount > max(3 * noise, _FAINT / 2)]
    if not standing_out.size:
        return None
    threshold = _otsu(standing_out)
    full = float(np.quantile(standing_out[standing_out >= threshold], 0.9))
    if full < max(_FAINT, 6 * noise):
        return None
    low = min(3 * noise, threshold / 2)
    amount = np.clip((amount - low) / (full - low), 0, 1)
    kept, specks = _without_specks(amount)
    return Ink(amount * kept, bool(light), specks)


def box_of(amount: Array) -> tuple[slice, slice]:
    """Return the rows and columns that hold the ink."""
    there = amount > 0.3
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def thicken(amount: Array, least: float, wanted: float) -> Array:
    """Return the ink, with strokes of about `wanted` pixels if they are thinner than `least`; margins grow by that.

    The width of strokes is taken as 2 * area / perimeter.
    """
    there = np.pad(amount > 0.5, 1)
    perimeter = sum(int((np.diff(there, axis=axis)).sum()) for axis in (0, 1))
    width = 2 * there.sum() / max(perimeter, 1)
    for _ in range(round((wanted - width) / 2) if width < least else 0):
        around = np.pad(amount, 2)
        amount = np.max(
            [around[1:-1, 1:-1], around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]], 0
        )
    return amount


def centred(amount: Array, height: int, width: int) -> Array:
    """Return (height, width) with the ink's centre of mass in the middle, as far as the ink then fits."""
    out = np.zeros((height, width))
    corner = []
    for axis, size in enumerate((height, width)):
        along = amount.sum(axis=1 - axis)
        middle = along @ np.arange(len(along)) / along.sum()
        corner.append(int(np.clip(round(size / 2 - middle), 0, size - len(along))))
    out[corner[0] : corner[0] + amount.shape[0], corner[1] : corner[1] + amount.shape[1]] = amount
    return out


def _ground(colours: Array) -> Array:
    height, width, channels = colours.shape
    """Return the surface of second degree that half of the pixels lie on, for each colour."""
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    terms = np.stack([np.broadcast_to(t, (height, width)) for t in (1, x, y, x * x, x * y, y * y)], axis=-1)
    step = -(-max(height, width) // 100)
    some = np.index_exp[::step, ::step]
    known, sampled = terms[some].reshape(-1, 6), colours[some].reshape(-1, channels)
    edge = np.broadcast_to(np.maximum(abs(x), abs(y)) > 0.8, (height, width))[some].ravel()
    central = ((sampled - np.median(sampled, axis=0)) ** 2).sum(axis=1)
    best = np.inf
    # Two beginnings, since each step only goes down from where it stands: the edge, where ink is seldom (good where the
    # light falls off), and the pixels of middling shade (good where ink goes up to the edge).  The closer fit is taken.
    for kept in (edge, central <= np.median(central)):
        for _ in range(10):
            fitted = np.linalg.lstsq(known[kept], sampled[kept], rcond=None)[0]
            distance = ((sampled - known @ fitted) ** 2).sum(axis=1)
            kept = distance <= np.median(distance)
        if distance[kept].sum() < best:
            best, surface = distance[kept].sum(), fitted
    ground: Array = terms @ surface
    return ground


def _gain(ground: Array) -> Array:
    """Return what dark ink is to be multiplied by (h, w): where less light falls, it differs less from the paper."""
    light: Array = ground.mean(axis=2)
    gain: Array = np.clip(light.max() / np.maximum(light, 1e-6), 1, 5)
    return gain


def _otsu(values: Array) -> float:
    """Return the threshold that cuts `values` into the two classes with the least variance within."""
    counts, edges = np.histogram(values, 256, (0, values.max()))
    below = np.cumsum(counts)[:-1]
    sums = np.cumsum(counts * (edges[1:] + edges[:-1]) / 2)
    above = len(values) - below
    apart = (sums[-1] * below / len(values) - sums[:-1]) ** 2 / np.maximum(below * above, 1)
    return float(edges[1 + apart.argmax()])


def _without_specks(amount: Array) -> tuple[Array, int]:
    """Return where ink is that counts (bool, the shape of `amount`), and the number of patches that do not."""
    side = -(-max(amount.shape) // _CELLS)
    padded = np.pad(amount, [(0, -n % side) for n in amount.shape])
    cells = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side)
    names = np.arange(1, cells.shape[0] * cells.shape[2] + 1).reshape(cells.shape[0], -1) * (
        cells.max(axis=(1, 3)) > 0.2
    )
    while True:  # each cell takes the largest number among its neighbours', then the one which that cell has by now
        spread = _largest_around(names) * (names > 0)
        spread = np.append(0, spread.ravel())[spread]
        if (spread == names).all():
            break
        names = spread
    masses = np.bincount(names.ravel(), cells.sum(axis=(1, 3)).ravel())
    masses[0] = 0
    counted = masses >= _SPECK * masses.max()
    counted[0] = False
    specks = int(((masses > 0) & ~counted).sum())
    kept = _largest_around(counted[names].astype(int)) > 0  # with the faint edge around
    return kept.repeat(side, 0).repeat(side, 1)[: amount.shape[0], : amount.shape[1]], specks


def _largest_around(values: Array) -> Array:
    """Return the largest of each entry and its eight neighbours."""
    around = np.pad(values, 1)
    tall = np.maximum(np.maximum(around[:-2], around[1:-1]), around[2:])
    largest: Array = np.maximum(np.maximum(tall[:, :-2], tall[:, 1:-1]), tall[:, 2:])
    return largest
