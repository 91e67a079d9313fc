"""find_ink, thicken, centred: the steps by themselves."""

import numpy as np
import pytest

from pellucid.data.ink import box_of, centred, find_ink, thicken

Y, X = np.mgrid[-1:1:120j, -1:1:160j]


def bars():
    """Two bars, one at the left and one at the right."""
    ink = np.zeros((120, 160))
    ink[40:80, 30:36] = ink[40:80, 120:126] = 1
    return ink


@pytest.mark.parametrize("tilt", [0.1, 0.4])
@pytest.mark.parametrize("corners", [0, 0.3])
def test_ink_is_the_same_in_light_and_in_shadow(rng, tilt, corners):
    """What falls on the paper is a surface of second degree; ink takes away a share of it."""
    light = 0.9 - tilt * (1 + X) - corners * (X * X + Y * Y) / 2
    seen = (light * (1 - 0.7 * bars()))[..., None]
    ink = find_ink(seen, "auto")
    assert not ink.light
    assert np.abs(ink.amount - bars()).max() < 0.1
    noisy = find_ink(seen + rng.normal(0, 0.01, seen.shape), "auto")
    around = noisy.amount[38:82, 28:38][bars()[38:82, 28:38] == 0]
    assert (around == 0).mean() > 0.9, "noise is no ink"
    assert box_of(noisy.amount) == (slice(40, 80), slice(30, 126))


def test_light_that_falls_far_off_is_followed_from_the_edge(rng):
    """The pixels of middling shade, half of them, lie on another surface here, which leaves the corners dark."""
    light = 0.95 - 0.3 * (1 + X) - 0.15 * (X * X + Y * Y)
    seen = (light * (1 - 0.7 * bars()))[..., None]
    ink = find_ink(seen + rng.normal(0, 0.02, seen.shape), "auto")
    assert box_of(ink.amount) == (slice(40, 80), slice(30, 126))


def test_light_need_not_fall_off_as_the_surface_does():
    light = np.exp(-0.7 * (1 + X) - 0.3 * Y * Y)
    ink = find_ink((light * (1 - 0.7 * bars()))[..., None], "auto")
    assert box_of(ink.amount) == (slice(40, 80), slice(30, 126))


def test_specks_are_what_has_little_ink():
    image = bars()
    image[10:12, 10:12] = image[100:103, 60:63] = 1
    image[60, 36:120] = 1  # a thin line, but one patch with the bars
    ink = find_ink(image[..., None], "auto")
    assert ink.light
    assert ink.specks == 2
    assert box_of(ink.amount) == (slice(40, 80), slice(30, 126))
    assert ink.amount[60, 78] == 1


def test_a_long_winding_stroke_is_one_patch():
    image = np.zeros((90, 90))
    image[::6] = 1
    image[:, 0] = image[-6:] = 0
    for row in range(0, 84, 6):
        image[row : row + 7, 1 if row % 12 else 89] = 1
    found = find_ink(image[..., None], "light-on-dark")
    assert found.specks == 0
    assert (found.amount == image).all()


@pytest.mark.parametrize(
    ("width", "least", "wanted", "result"), [(2, 3, 6, 6), (4, 3, 6, 4), (2, 3, 2.5, 2), (1, 9, 9, 9)]
)
def test_thin_strokes_become_as_wide_as_wanted(width, least, wanted, result):
    stroke = np.zeros((100, width))
    stroke[:] = 0.9
    thick = thicken(stroke, least, wanted)
    assert abs(thick.shape[1] - result) <= 1
    assert thick.max() == 0.9
    if result == width:
        assert thick is stroke


def test_the_centre_of_mass_is_placed_in_the_middle_as_far_as_it_fits():
    ink = np.zeros((20, 10))
    ink[12:, 2] = 1
    out = centred(ink, 28, 28)
    assert np.argwhere(out).mean(axis=0) == pytest.approx([15.5, 14]), "the box of the digit ends at the image's top"
    assert out.sum() == 8
    ink[:] = 1
    assert np.argwhere(centred(ink, 28, 28)).mean(axis=0) == pytest.approx([14, 14], abs=0.5)
