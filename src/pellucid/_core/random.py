"""Keyed randomness: every random number is a function of (key, i), so nothing is drawn in sequence.

A key is 64 bits made from a seed and a few words that say what it is for.  Entry i is a hash of
(key, i) in 32-bit integer arithmetic, the same on every machine:

    x = i * 0x9E3779B9 + low(key)                 mod 2**32, as all that follows
    x = (x ^ x >> 17) * 0xED5AD4BB ^ high(key)
    x = (x ^ x >> 11) * 0xAC4C1B51
    x = (x ^ x >> 15) * 0x31848BAB
    entry = x ^ x >> 14

Shifts and multipliers are those of ``triple32`` (C. Wellons, hash-prospector, public domain), chosen
by search for least bias.  The halves of the key enter on either side of a multiplication: lower halves
alone would give shifted pieces of one sequence.
"""

import hashlib
import json
import math
from operator import index

import numpy as np

from .arrays import Array
from .errors import ConfigError

_MIX = ((17, 0xED5AD4BB), (11, 0xAC4C1B51), (15, 0x31848BAB))
_LAST_SHIFT = 14
_STRIDE = 0x9E3779B9
_ENTRIES = 1 << 32


def key(seed: int, *purpose: int | str) -> int:
    """Return a 64-bit key for one purpose of one seed.

    >>> key(0, "order", 3) == key(0, "order", 3), key(0, "order", 3) == key(0, "order", 4)
    (True, False)
    """
    try:
        words = json.dumps([index(seed), *(p if isinstance(p, str) else index(p) for p in purpose)]).encode()
    except TypeError:
        raise ConfigError(f"random: seed {seed!r} for {purpose!r}: whole numbers are needed") from None
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "little")


def bits(key: int, count: int) -> Array:
    """Return entries 0 .. count-1 of `key`: uniform 32-bit integers, uint32, shape (count,).

    Raises
    ------
    ConfigError
        If more than 2**32 entries of one key are asked for.
    """
    check_count(count)
    return _hashed(np.arange(count, dtype=np.uint32), np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32))


def keys_of(key: int, indices: Array) -> Array:
    """Return a key for each sample, uint64 (N,): two entries of `key` that its index, below 2**31, tells.

    >>> keys_of(7, np.array([5, 2]))[1] == keys_of(7, np.array([2]))[0]
    np.True_
    """
    low, high = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    halves = (_hashed(2 * indices.astype(np.uint32) + np.uint32(n), low, high).astype(np.uint64) for n in range(2))
    return next(halves) | next(halves) << np.uint64(32)


def bits_of(keys: Array, count: int) -> Array:
    """Return for each key (N,) its entries 0 .. count-1, uint32 (N, count)."""
    check_count(count)
    low, high = keys.astype(np.uint32), (keys >> np.uint64(32)).astype(np.uint32)
    entries = np.broadcast_to(np.arange(count, dtype=np.uint32), (len(keys), count))
    return _hashed(entries, low[:, None], high[:, None])


def _hashed(entries: Array, low: Array | np.uint32, high: Array | np.uint32) -> Array:
    """Return the hash of (key, entry), of which `low` and `high` are the halves."""
    x = entries * np.uint32(_STRIDE)
    x += low
    shifted = np.empty_like(x)
    for turn, (shift, multiplier) in enumerate(_MIX):
        x ^= np.right_shift(x, shift, out=shifted)
        x *= np.uint32(multiplier)
        if turn == 0:
            x ^= high
    x ^= np.right_shift(x, _LAST_SHIFT, out=shifted)
    return x


def check_count(count: int) -> None:
    """Refuse more entries of one key than there are."""
    if count > _ENTRIES:
        raise ConfigError(f"random: {count} entries asked of one key, which has {_ENTRIES}")


def uniform(key: int, count: int) -> Array:
    """Return `count` numbers in the open interval (0, 1): float64, symmetric about 1/2, steps of 2**-32."""
    return (bits(key, count) + 0.5) * 2.0**-32


def normal(key: int, count: int) -> Array:
    """Return `count` standard normal numbers, float64: the normal quantile of `uniform`.

    Rational approximations of M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988),
    477-484; relative error about 1e-16.  Logarithms come from the C library (`math.log`), which has
    one answer where NumPy's vectorised one depends on the instruction set.
    """
    q = uniform(key, count) - 0.5
    r = 0.180625 - q * q
    result: Array = q * _ratio(_CENTRE, np.maximum(r, 0.0))
    tail = np.flatnonzero(np.abs(q) > 0.425)
    depth = np.array([math.sqrt(-math.log(0.5 - abs(v))) for v in q[tail]])
    far = np.where(depth <= 5.0, _ratio(_NEAR, depth - 1.6), _ratio(_FAR, depth - 5.0))
    result[tail] = np.copysign(far, q[tail])
    return result


def permutation(key: int, count: int) -> Array:
    """Return 0 .. count-1 in an order fixed by `key`: entries sorted by their random bits, int64.

    >>> sorted(permutation(7, 5).tolist())
    [0, 1, 2, 3, 4]
    """
    return np.argsort(bits(key, count), kind="stable")


class Keys:
    """Where a network gets its keys from: the whole random state of a run is (seed, step)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.step = 0

    def key(self, path: str, call: int) -> int:
        """Return the key for the `call`-th use of layer `path` in the current step."""
        return key(self.seed, "step", self.step, path, call)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    above, below = (np.polynomial.polynomial.polyval(x, np.array(c)) for c in coefficients)
    quotient: Array = above / below
    return quotient


# AS 241: numerator and denominator by rising powers, for the centre and the two parts of the tail.
_CENTRE = (
    (3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
_NEAR = (
    (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
     1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_FAR = (
    (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip
