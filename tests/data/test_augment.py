"""Augment: each sample changes by (seed, epoch, its index) and by nothing else, and as far as was asked for."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pellucid import ConfigError, DtypeError, ShapeError
from pellucid._core.random import keys_of
from pellucid.data import Affine, Augment, Dataset, Elastic, Erase, Flip, Loader, MixUp, Noise, Normalize, augmentation
from pellucid.data.distort import uniform_of

ALL = Augment(Affine(0.1, 10, 0.1, 5), Flip(), Elastic(20, 3), Erase(), Noise(0.1), MixUp(0.4))
KEYS = keys_of(9, np.arange(2000))


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return Dataset(
        rng.integers(0, 256, (23, 2, 9, 8), np.uint8), rng.integers(0, 3, 23), ("a", "b", "c"), Normalize(0.5, 0.3),
        sample_weights=rng.random(23),
    )  # fmt: skip


def joined(batches):
    return [np.concatenate(arrays) for arrays in zip(*batches, strict=True)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("prefetch", [False, True])
def test_neither_batch_size_nor_resumption_nor_threads_change_a_sample(images, dtype, prefetch):
    found = []
    for size, start in ((5, 0), (4, 0), (23, 0), (5, 2)):
        loader = Loader(images, size, seed=7, prefetch=prefetch, augment=ALL)
        batches = joined(loader.batches(3, dtype, start))
        assert [a.dtype for a in batches] == [dtype] * 3
        found.append([a[-13:].tobytes() for a in batches])
    assert all(one == found[0] for one in found)


def test_seed_and_epoch_change_every_sample(images):
    pictures = [joined(Loader(images, 6, False, s, augment=ALL).batches(e))[0] for s, e in ((0, 0), (0, 1), (1, 0))]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (pictures[one] != pictures[other]).any(axis=(1, 2, 3)).all()


def test_what_was_given_stays(images):
    x, _ = images.batch(np.arange(23))
    before = x.copy()
    x.flags.writeable = False
    for steps in (ALL.steps, [Erase(1.0)], [Noise()], [Flip(1.0)], []):
        ALL.__class__(*steps)(x)
    assert_array_equal(x, before)


def test_a_plain_loader_gives_the_samples_as_they_are(images):
    augmented, plain = Loader(images, 6, seed=1, augment=ALL), Loader(images, 6, seed=1)
    assert plain.plain() is plain
    for one, other in zip(augmented.plain().batches(2), plain.batches(2), strict=True):
        for a, b in zip(one, other, strict=True):
            assert_array_equal(a, b)


def test_affine_is_shear_scale_rotation_and_shift_about_the_middle():
    step, H, W = Affine(0.2, 30, 0.5, 20), 9, 14
    for u, matrix in zip(2 * uniform_of(KEYS, 5) - 1, step.matrices(KEYS, H, W), strict=True):
        angle, lean, scale = np.radians(30 * u[0]), np.tan(np.radians(20 * u[1])), 1 + 0.5 * u[2]
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        to_middle, shift = np.eye(3), np.eye(3)
        to_middle[:2, 2] = -(H - 1) / 2, -(W - 1) / 2
        shift[:2, 2] = 0.2 * H * u[3], 0.2 * W * u[4]
        shear = np.array([[1, 0, 0], [lean, 1, 0], [0, 0, 1]])
        forward = shift @ np.linalg.inv(to_middle) @ turn @ np.diag([scale, scale, 1]) @ shear @ to_middle
        assert_allclose(matrix @ forward, np.eye(3), atol=1e-12)


def test_flips(images):
    x, _ = images.batch(np.arange(23))
    assert_array_equal(Augment(Flip(1.0))(x), x[..., ::-1])
    assert_array_equal(Augment(Flip(1.0, "vertical"))(x), x[:, :, ::-1])
    assert_array_equal(Augment(Flip(0.0))(x), x)
    matrices = Flip(0.3).matrices(KEYS, 9, 8)
    assert (matrices[:, 1, 1] == -1).mean() == pytest.approx(0.3, abs=0.05)


def test_grid_steps_go_one_after_the_other():
    """A flip and then a shift move to the other side than a shift and then a flip."""
    x = np.zeros((4, 1, 8, 8))
    x[:, 0, 3, 1] = 1
    shift, flip = Affine(shift=0.2), Flip(1.0)
    moved = Augment(shift)(x)
    assert_allclose(Augment(shift, flip)(x), moved[..., ::-1], atol=1e-12)
    assert np.abs(Augment(flip, shift)(x) - moved[..., ::-1]).max() > 0.1


def test_elastic_fields_are_as_strong_as_stated():
    fields = Elastic(36, 4).fields(KEYS[:40], 60, 60, np.dtype("float64"))
    assert fields[:, :, 15:-15, 15:-15].std() == pytest.approx(36 / (4 * np.sqrt(12 * np.pi)), rel=0.1)


def test_erased_rectangles():
    x = np.ones((2000, 1, 20, 30))
    y = Augment(Erase(0.4, area=(0.1, 0.3), aspect=0.5, fill=-3.0))(x)
    assert set(np.unique(y)) == {-3.0, 1.0}
    gone = (y == -3)[:, 0]
    hit = gone[gone.any(axis=(1, 2))]
    assert len(hit) / 2000 == pytest.approx(0.4, abs=0.05)
    heights, widths = hit.any(axis=2).sum(axis=1), hit.any(axis=1).sum(axis=1)
    assert (heights * widths == hit.sum(axis=(1, 2))).all(), "rectangles"
    parts = heights * widths / 600
    assert (parts.min(), parts.max()) == pytest.approx((0.1, 0.3), abs=0.03)
    assert 0.4 < (heights / widths).min() < 0.6 < 1.7 < (heights / widths).max() < 2.3
    places = hit.mean(axis=0)
    assert places.min() > 0, "they reach every corner"


def test_noise_alone_takes_any_shape():
    y = Augment(Noise(0.5))(np.zeros((2000, 7), np.float32))
    assert y.std() == pytest.approx(0.5, rel=0.03)


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 4.0])
def test_shares_are_beta_distributed(alpha):
    shares = MixUp(alpha).shares(uniform_of(keys_of(2, np.arange(20_000)), 3))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.mean() == pytest.approx(0.5, abs=0.015)
    assert shares.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.04)
    assert (shares**4).mean() == pytest.approx(np.prod([(alpha + k) / (2 * alpha + k) for k in range(4)]), rel=0.04), (
        "the fourth moment of Beta(alpha, alpha)"
    )


def test_mix_up_blends_inputs_labels_and_weights_alike():
    """Each input is its label and its weight: what is blended alike stays so."""
    n = np.arange(50)
    data = Dataset(np.stack([n % 2, n % 2 == 0], 1).astype(float), n % 2, sample_weights=(n % 2).astype(float))
    x, labels, weights = Augment(MixUp(1.0)).batch(data, n, np.float64, 0, 0)
    assert labels.dtype == np.float64
    assert_allclose(x, labels[:, ::-1], atol=1e-12)
    assert_allclose(weights, labels[:, 1], atol=1e-12)
    assert_allclose(labels.sum(axis=1), 1)
    assert ((labels > 0.05) & (labels < 0.95)).any(axis=1).sum() > 10
    soft = Dataset(data.inputs, np.eye(2)[data.labels])
    assert_allclose(Augment(MixUp(1.0)).batch(soft, n, np.float64, 0, 0)[1], labels)


@pytest.mark.parametrize("shape", [(50,), (50, 2, 3)])
def test_mix_up_blends_numbers_to_meet(shape, rng):
    targets = rng.standard_normal(shape)
    data = Dataset(targets.reshape(50, -1), targets)
    x, labels = Augment(MixUp(1.0)).batch(data, np.arange(50), np.float64, 0, 0)
    assert_array_equal(labels, x.reshape(shape))
    assert abs(labels - targets).max() > 0.1


def test_frames_of_a_sequence_change_alike():
    frame = np.random.default_rng(0).standard_normal((6, 1, 1, 9, 9)).astype(np.float32)
    y = Augment(*ALL.steps[:4])(np.repeat(frame, 5, axis=1))
    assert_array_equal(y, np.repeat(y[:, :1], 5, axis=1))
    assert (y != frame).any()


def test_settings_become_steps():
    assert augmentation() is None
    whole = augmentation(
        shift=0.1, rotate=10, scale=0.1, shear=5, flip=0.5, elastic=[30, 4], erase=0.5, noise=0.1, mix_up=0.2
    )
    expected = (Affine(0.1, 10, 0.1, 5), Flip(0.5), Elastic(30, 4), Erase(0.5), Noise(0.1), MixUp(0.2))
    assert whole.steps == expected


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Affine(rotate=200), r"Affine: rotate is 200, a number from 0 to 180"),
        (lambda: Affine(scale=-0.1), r"Affine: scale is -0.1, a number from 0 to 0.9"),
        (lambda: Elastic(sigma=float("nan")), "Elastic: sigma is nan"),
        (lambda: Flip(True), "Flip: probability is True"),
        (lambda: Flip(0.5, "diagonal"), "Flip: axis is 'diagonal', expected 'horizontal' or 'vertical'"),
        (lambda: Erase(area=(0.5, 0.1)), r"Erase: area is \(0.5, 0.1\)"),
        (lambda: Erase(area=0.3), "Erase: area is 0.3, two numbers from 0 to 1"),
        (lambda: MixUp(0), "MixUp: alpha is 0, a number from 0.01 to 100"),
        (lambda: augmentation(elastic=[1]), r"elastic: is \[1\], two numbers are needed: alpha, sigma"),
        (lambda: Augment(Noise(), Noise(0.2)), "Augment: Noise comes twice"),
        (lambda: Augment(print), "Augment: <built-in function print> is none of"),
    ],
)
def test_settings_out_of_range(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_arrays_that_are_no_images():
    with pytest.raises(DtypeError, match="images are uint8, float32 or float64 is needed"):
        ALL(np.zeros((1, 1, 3, 3), np.uint8))
    with pytest.raises(ShapeError, match=r"x has shape \(4, 3\); images have 3 axes"):
        ALL(np.zeros((4, 3)))
    with pytest.raises(ShapeError, match=r"4 images but indices of shape \(3,\)"):
        ALL(np.zeros((4, 3, 3)), indices=[0, 1, 2])
