"""Digits that move: the frames are MNIST's images, and no single frame tells the direction."""

from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import ConfigError
from pellucid.data import Dataset, Loader, Normalize, load, mnist, mnist_rows, moving, moving_digits
from pellucid.data.moving import MovingImages
from pellucid.train import fingerprint

MNIST = mnist()


@pytest.fixture(scope="module", autouse=True)
def read_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moving, "mnist", lambda: MNIST)
        yield


@pytest.fixture(scope="module")
def sets():
    return moving_digits()


def test_frames_are_the_image_moved(sets):
    for part, digits in zip(sets, MNIST, strict=True):
        for n in (0, 17, len(part) - 1):
            _, (y, x), (dy, dx) = (s[n] for s in part.inputs.sources)
            for t, frame in enumerate(part.inputs[n]):
                moved = np.roll(digits.inputs[n, 0], (y + t * dy, x + t * dx), (0, 1))
                assert_array_equal(frame[0], moved)
            digit, way = part.class_names[part.labels[n]].split()
            assert digit == str(digits.labels[n])
            assert (dy, dx) == {"left": (0, -3), "right": (0, 3), "up": (-3, 0), "down": (3, 0)}[way]


@pytest.mark.parametrize("size", [28, 33])
def test_no_single_frame_tells_the_direction(size):
    """Exactly: over all places to start from, each frame shows the same pictures equally often in each direction."""
    digit = MNIST[1].inputs[3]
    starts = np.stack(np.meshgrid(range(size), range(size)), -1).reshape(-1, 2)
    images = np.repeat(digit, len(starts), axis=0)
    seen = []
    for step in ([0, -3], [0, 3], [-3, 0], [3, 0]):
        frames = np.asarray(MovingImages(images, starts, np.tile(step, (len(starts), 1)), 4, size))
        seen += [Counter(frame.tobytes() for frame in frames[:, t]) for t in range(4)]
    assert all(counts == seen[0] for counts in seen)
    assert set(seen[0].values()) == {1}, "and no two places look alike"


def test_starts_and_directions_are_drawn_alike(sets):
    train, _ = sets
    _, starts, _ = train.inputs.sources
    for way in range(4):
        chosen = starts[train.labels % 4 == way]
        assert len(chosen) == pytest.approx(15_000, abs=5 * np.sqrt(60_000 * 3 / 16))
        for axis in range(2):
            counts = np.bincount(chosen[:, axis], minlength=28)
            expected = len(chosen) / 28
            assert ((counts - expected) ** 2 / expected).sum() < 68  # chi-squared, 27 degrees: passed by 1 in 50,000


def test_the_seed_settles_everything():
    def made(**given):
        return moving_digits(**{"frames": 3} | given)[1].take(np.arange(50))

    base = made()
    assert fingerprint(base) == fingerprint(made())
    others = [made(seed=1), made(frames=4), made(size=29), made(speed=2), base.take(np.arange(49))]
    assert len({fingerprint(part) for part in [base, *others]}) == 6


def test_a_dataset_of_made_inputs_is_cut_like_any_other(sets):
    _, test = sets
    held = Dataset(np.asarray(test.inputs[:60]), test.labels[:60], test.class_names, test.normalize)
    made = test.take(np.arange(60))
    assert (made.inputs.shape, made.input_shape, made.inputs.ndim) == (held.inputs.shape, held.input_shape, 5)
    for one, other in zip(made.split(20, seed=3), held.split(20, seed=3), strict=True):
        assert_array_equal(np.asarray(one.inputs), other.inputs)
        for got, wanted in zip(Loader(one, 7).batches(2), Loader(other, 7).batches(2), strict=True):
            for a, b in zip(got, wanted, strict=True):
                assert a.dtype == b.dtype
                assert_array_equal(a, b)
    assert len(test.take([]).inputs) == 0


@pytest.mark.parametrize("size", [28, 40])
def test_batches_have_mean_0_and_deviation_1(size):
    x, _ = moving_digits(frames=2, size=size)[0].batch(np.arange(4000))
    assert (x.mean(), x.std()) == pytest.approx((0, 1), abs=0.02)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"frames": 1}, "frames is 1, at least 2"),
        ({"size": 27}, "size is 27, at least 28"),
        ({"speed": 0}, "speed is 0, at least 1"),
        ({"speed": 2.5}, "speed is 2.5, a whole number is needed"),
        ({"speed": 14}, "speed is 14: from half of size 28 on"),
        ({"directions": 3}, "directions is 3, expected 2 or 4"),
    ],
)
def test_numbers_out_of_range(given, words):
    with pytest.raises(ConfigError, match=f"moving_digits: {words}"):
        moving_digits(**given)


def test_two_directions():
    train, _ = moving_digits(directions=2)
    assert train.class_names[:4] == ("0 left", "0 right", "1 left", "1 right")
    assert set(np.unique(train.labels)) == set(range(20))


def test_rows_are_those_of_the_images():
    for rows, images in zip(mnist_rows(), MNIST, strict=True):
        assert_array_equal(rows.batch([3, 5])[0], images.batch([3, 5])[0][:, 0])
        assert rows.normalize == images.normalize == Normalize(rows.normalize.mean, rows.normalize.std)


def test_both_go_by_name():
    assert load("moving-digits")[1].input_shape == (8, 1, 28, 28)
    assert load("mnist-rows")[1].input_shape == (28, 28)
