"""exp, log, tanh, erf and log1p of the native engine against float64, in units of the last place."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import native
from pellucid.ops._erf import erf, erfc
from tests.checks import ENGINES

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine")


def computed(name, x, engine):
    y = np.empty_like(x)
    with native.using(engine):
        getattr(native.engine, name)(x, y)
    return y


def ulps(y, exact):
    """How far y is from the exact values, in steps between float32 numbers of that size."""
    return np.abs(y - exact) / np.spacing(np.abs(exact.astype(np.float32)))


def every(step, start=0, stop=0x7F800000):
    """Every `step`-th float32 number from 0 to infinity."""
    return np.arange(start, stop, step, dtype=np.uint32).view(np.float32)


RANGES = {
    "exp": (np.linspace(-104, 88.722, 1_000_003), np.exp, 1.0),
    "exp near 0": (np.linspace(-0.5, 0.5, 300_007), np.exp, 1.0),
    "log": (every(1999, start=1), np.log, 1.0),
    "log near 1": (np.linspace(0.4, 2.5, 1_000_003), np.log, 1.0),
    "tanh_forward": (np.linspace(-10, 10, 1_000_003), np.tanh, 1.5),
    "tanh_forward, all sizes": (every(1999), np.tanh, 1.5),
    "erf": (np.linspace(-5, 5, 1_000_003), erf, 1.5),
    "erf, all sizes": (every(1999), erf, 1.5),
    "log1p": (np.linspace(0, 1, 1_000_003), np.log1p, 2.5),
    "log1p, all sizes": (every(1999, stop=0x5F000000), np.log1p, 2.5),
    "silu_forward": (np.linspace(-80, 100, 1_000_003), lambda x: x / (1 + np.exp(-x)), 3.0),
    "sigmoid_forward": (np.linspace(-87, 100, 1_000_003), lambda x: 1 / (1 + np.exp(-x)), 2.5),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", RANGES)
def test_it_is_right_to_the_last_place(name, engine):
    numbers, exact, bound = RANGES[name]
    x = numbers.astype(np.float32)
    y = computed(name.split()[0].rstrip(","), x, engine)
    assert ulps(y, exact(x.astype(np.float64))).max() < bound


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", [0, -0.0, 89, 1e9, np.inf, -104, -1e9, -np.inf, np.nan], [1, 1] + 3 * [np.inf] + 3 * [0] + [np.nan]),
        ("log", [1, 0, -0.0, np.inf, -1, -np.inf, np.nan], [0, -np.inf, -np.inf, np.inf] + 3 * [np.nan]),
        ("tanh_forward", [0, -0.0, 1e9, -1e9, np.inf, -np.inf, np.nan], [0, -0.0, 1, -1, 1, -1, np.nan]),
        ("erf", [0, -0.0, 1e30, -1e30, np.inf, -np.inf, np.nan], [0, -0.0, 1, -1, 1, -1, np.nan]),
        ("log1p", [0, 1e-30, np.nan], [0, 1e-30, np.nan]),
        ("sigmoid_forward", [0, -0.0, 1e9, -1e9, np.inf, -np.inf, np.nan], [0.5, 0.5, 1, 0, 1, 0, np.nan]),
    ],
)
def test_the_ends(engine, name, x, expected):
    y = computed(name, np.array(x, np.float32), engine)
    assert_array_equal(y, np.array(expected, np.float32))
    numbers = ~np.isnan(y)
    assert_array_equal(np.signbit(y[numbers]), np.signbit(np.array(expected)[numbers]))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("least", "bound"), [(-0.3, 4), (-13, 8)])
def test_gelu_and_elu_keep_their_digits_below_zero(engine, least, bound):
    """There erf comes near -1 and exp near 1: what is left of a difference would have few digits."""
    x = np.linspace(least, -1e-3, 300_007).astype(np.float32)
    wide = x.astype(np.float64)
    for name, exact, options in (("gelu", wide * erfc(-wide / np.sqrt(2)) / 2, False), ("elu", np.expm1(wide), 1.0)):
        y = np.empty_like(x)
        with native.using(engine):
            getattr(native.engine, f"{name}_forward")(x, y, options)
        assert ulps(y, exact).max() < bound
