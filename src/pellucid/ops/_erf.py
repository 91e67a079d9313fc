"""erf and erfc for arrays, which NumPy lacks: W. J. Cody's rational approximations, right to 1e-15.

W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of Computation 23 (1969).
"""

import math

import numpy as np

from .._core.arrays import Array

# Of a numerator and a denominator, highest power first.
_NEAR = (
    (0.185777706184603153, 3.16112374387056560, 113.864154151050156, 377.485237685302021, 3209.37758913846947),
    (1.0, 23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062),
)
_MIDDLE = (
    (2.15311535474403846e-8, 0.564188496988670089, 8.88314979438837594, 66.1191906371416295, 298.635138197400131)
    + (881.952221241769090, 1712.04761263407058, 2051.07837782607147, 1230.33935479799725),
    (1.0, 15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019)
    + (3290.79923573345963, 4362.61909014324716, 3439.36767414372164, 1230.33935480374942),
)
_FAR = (
    (0.0163153871373020978, 0.305326634961232344, 0.360344899949804439, 0.125781726111229246)
    + (0.0160837851487422766, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242, 1.87295284992346725, 0.527905102951428412)
    + (0.0605183413124413191, 0.00233520497626869185),
)
_NEAR_END, _MIDDLE_END = 0.46875, 4.0


def erf(x: Array) -> Array:
    """Return 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x, of x's dtype.

    >>> erf(np.array([0.5, -3.0])).round(12).tolist() == [round(math.erf(v), 12) for v in (0.5, -3.0)]
    True
    """
    return np.piecewise(x, [x > _NEAR_END, x < -_NEAR_END], [lambda t: 1 - _tail(t), lambda t: _tail(-t) - 1, _near])


def erfc(x: Array) -> Array:
    """Return 1 - erf(x), without cancellation where it is small.

    >>> bool(abs(erfc(np.array(6.0)) / math.erfc(6.0) - 1) < 1e-14)     # it is 2e-17
    True
    """
    return np.piecewise(x, [x > _NEAR_END, x < -_NEAR_END], [_tail, lambda t: 2 - _tail(-t), lambda t: 1 - _near(t)])


def _near(x: Array) -> Array:
    """erf(x) around 0."""
    return x * _ratio(_NEAR, x * x)


def _tail(x: Array) -> Array:
    """erfc(x) from _NEAR_END on."""
    x = np.minimum(x, 30)  # erfc(30) is less than the smallest number
    # In two factors: the first square is exact, so that its rounding is not made large by exp.
    coarse = np.floor(x * 16) / 16
    power = np.exp(-coarse * coarse) * np.exp(-(x - coarse) * (x + coarse))
    tail: Array = power * np.piecewise(x, [x > _MIDDLE_END], [_far, lambda t: _ratio(_MIDDLE, t)])
    return tail


def _far(x: Array) -> Array:
    inverse = 1 / (x * x)
    return (1 / math.sqrt(math.pi) - inverse * _ratio(_FAR, inverse)) / x


def _ratio(polynomials: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    numerator, denominator = (np.polyval(p, x) for p in polynomials)
    ratio: Array = numerator / denominator
    return ratio
