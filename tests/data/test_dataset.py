"""Dataset, Normalize, to_one_hot: cut, gather, refuse."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import ConfigError, DtypeError, ShapeError
from pellucid.data import Dataset, Normalize, to_one_hot


def labelled(counts):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    return Dataset(np.arange(len(labels), dtype=np.float32)[:, None], labels)


def test_a_batch_is_gathered_and_normalised(rng):
    images = rng.integers(0, 256, (5, 3, 4, 6), np.uint8)
    data = Dataset(images, np.arange(5), normalize=Normalize(0.25, 0.5))
    for dtype in (np.float32, np.float64):
        x, y = data.batch([3, 1], dtype)
        assert_allclose(x, (images[[3, 1]] / 255 - 0.25) / 0.5, rtol=1e-6, atol=1e-7)
        assert x.dtype == dtype
        assert x.transpose(0, 2, 3, 1).flags.c_contiguous
        assert y.tolist() == [3, 1]
    assert images.dtype == data.inputs.dtype == np.uint8


INDICES = {
    "plain": [3, 1, 1],
    "negative": [-1, 0],
    "a mask": [True, False, True, False, True],
    "backwards": np.arange(5)[::-1],
    "short": np.array([4, 2], np.int8),
    "none": [],
}


@pytest.mark.parametrize("indices", INDICES.values(), ids=INDICES.keys())
@pytest.mark.parametrize("lay", [lambda a: a, lambda a: a[:, :, ::-1], np.asfortranarray])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_batch_is_the_chosen_images_in_the_table(indices, lay, dtype, rng):
    images = lay(rng.integers(0, 256, (5, 3, 4, 6), np.uint8))
    data = Dataset(images, np.arange(5), normalize=Normalize(0.3, 0.7))
    table = ((np.arange(256) / 255 - 0.3) / 0.7).astype(dtype)
    x, y = data.batch(indices, dtype)
    chosen = np.asarray(indices) if len(indices) else np.arange(0)
    assert x.tobytes() == table[images[chosen]].tobytes()
    assert y.tolist() == np.arange(5)[chosen].tolist()


@pytest.mark.parametrize("wrong", [[0, 5], [-6]])
def test_an_image_that_is_not_there(wrong):
    with pytest.raises(IndexError):
        Dataset(np.zeros((5, 1, 2, 2), np.uint8), np.arange(5)).batch(wrong)


def test_float_images_lie_channels_last():
    """As ops read them: else each kernel would make its own copy."""
    images = np.random.default_rng(0).standard_normal((5, 3, 4, 2))
    x, _ = Dataset(images, np.zeros(5, int)).batch([4, 1])
    assert x.transpose(0, 2, 3, 1).flags.c_contiguous
    assert (x == images[[4, 1]].astype(np.float32)).all()


def test_other_inputs_are_only_made_float():
    x, _ = Dataset(np.array([[1], [2]]), np.array([0, 1])).batch([1])
    assert x.tolist() == [[2.0]]
    assert x.dtype == np.float32


def test_bytes_without_images_are_normalised_too():
    x, _ = Dataset(np.array([[0, 255]], np.uint8), np.array([0])).batch([0])
    assert x.tolist() == [[0.0, 1.0]]


def test_normalize_learns_from_images(rng):
    images = rng.integers(0, 256, (5000, 1, 3, 2), np.uint8)
    normalize = Normalize.fit(images)
    assert normalize.mean == pytest.approx((images / 255).mean(), rel=1e-12)
    assert normalize.std == pytest.approx((images / 255).std(), rel=1e-12)
    assert Normalize.fit(np.full((2, 1, 2, 2), 7, np.uint8)).std == 1, "one grey: nothing to divide by"


@pytest.mark.parametrize("count", [0, 1, 10, 33, 100])
def test_a_split_keeps_the_proportions_and_loses_nothing(count):
    data = labelled([10, 30, 60])
    rest, part = data.split(count, seed=1)
    assert (len(rest), len(part)) == (100 - count, count)
    assert sorted([*rest.inputs.ravel(), *part.inputs.ravel()]) == list(range(100))
    for label, size in enumerate([10, 30, 60]):
        assert abs((part.labels == label).sum() - size * count / 100) < 1
    assert (np.diff(part.inputs.ravel()) > 0).all(), "in the order of the whole"
    assert part.class_names == data.class_names


def test_what_is_left_goes_to_the_largest_remainders():
    """33 of 100: 3.3, 9.9 and 19.8 samples of the classes."""
    _, part = labelled([10, 30, 60]).split(33)
    assert np.bincount(part.labels).tolist() == [3, 10, 20]


def test_a_split_is_settled_by_its_seed():
    data = labelled([50, 50])
    first, again, other = (data.split(20, seed=s)[1].inputs.ravel().tolist() for s in (0, 0, 1))
    assert first == again
    assert first != other


def test_nothing_may_be_taken():
    nothing = labelled([3]).take([])
    assert len(nothing) == len(nothing.batch([])[0]) == 0
    assert nothing.input_shape == (1,)


def test_a_split_of_more_than_there_is():
    with pytest.raises(ConfigError, match="101 samples asked for, there are 100"):
        labelled([100]).split(101)


@pytest.mark.parametrize(
    ("inputs", "labels", "names", "error", "words"),
    [
        (np.zeros((3, 2)), np.zeros(2, int), (), ShapeError, "3 inputs but labels of shape"),
        (np.zeros((3, 2)), np.zeros((2, 1, 1)), (), ShapeError, "3 inputs but labels of shape"),
        (np.zeros((3, 2)), np.zeros((3, 1, 1), int), (), DtypeError, "as other numbers must"),
        (np.zeros((3, 2)), np.zeros(3), ("a",), ConfigError, r"labels of shape \(3,\) are numbers to meet, they have"),
        (np.zeros((3, 2)), np.zeros((3, 2), int), (), DtypeError, r"probabilities \(N, K\) must be float"),
        (np.zeros(3), np.zeros(3, int), (), ShapeError, "samples along a first axis"),
        (np.zeros((3, 2)), np.zeros(3, bool), (), DtypeError, "labels are bool"),
        (np.zeros((3, 2)), np.array([0, -1, 1]), (), ShapeError, "label -1 is out of range"),
        (
            np.zeros((3, 2)),
            np.array([0, 2, 1]),
            ("a", "b"),
            ShapeError,
            "label 2 is out of range, there are 2 classes",
        ),
    ],
)
def test_inputs_and_labels_that_do_not_belong_together(inputs, labels, names, error, words):
    with pytest.raises(error, match=words):
        Dataset(inputs, labels, names)


@pytest.mark.parametrize("labels", [np.array([0, 3]), np.array([-1, 0])])
def test_one_hot_refuses_labels_out_of_range(labels):
    with pytest.raises(ShapeError, match="not within 0 to 2"):
        to_one_hot(labels, 3)


def test_one_hot_refuses_what_are_no_labels():
    with pytest.raises(DtypeError, match="integers"):
        to_one_hot(np.array([0.0, 1.0]), 3)


def test_probabilities_serve_as_labels():
    data = Dataset([[1.0], [2.0], [3.0], [4.0]], to_one_hot(np.array([2, 0, 2, 0]), 4))
    assert data.class_names == ("0", "1", "2", "3")
    assert data.classes.tolist() == [2, 0, 2, 0]
    x, y = data.batch([1, 2], np.float64)
    assert (x.dtype, y.dtype) == (np.float64, np.float64)
    assert y.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]]
    assert sorted(data.split(2)[1].classes) == [0, 2]


def test_big_endian_numbers_are_made_native():
    x, _ = Dataset(np.array([[1.5]], ">f4"), [0]).batch([0])
    assert x.dtype.isnative
    assert x.tolist() == [[1.5]]


def weighted():
    return Dataset(np.arange(6.0)[:, None], np.arange(6) % 2, sample_weights=np.arange(6) / 4)


def test_sample_weights_stay_with_their_samples():
    data = weighted()
    for part in (data, data.take([5, 0, 3]), *data.split(2), replace(data, class_names=("a", "b"))):
        assert part.sample_weights.tolist() == (part.inputs[:, 0] / 4).tolist()
    assert len(data.batch([1, 2])) == 2, "a batch of the dataset stays a pair"
    assert Dataset(data.inputs, data.labels).take([1]).sample_weights is None


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        (np.ones(5), ShapeError, r"6 inputs but sample_weights of shape \(5,\)"),
        (np.ones((6, 1)), ShapeError, r"of shape \(6, 1\)"),
        (np.ones(6, int), DtypeError, "sample_weights are int64, floats are needed"),
        (np.array([1, 1, -0.5, 1, 1, -2]), ConfigError, r"sample_weights\[2\] is -0.5"),
        (np.array([1, np.nan, 1, 1, 1, 1]), ConfigError, r"sample_weights\[1\] is nan"),
        (np.array([np.inf, 1, 1, 1, 1, 1]), ConfigError, r"sample_weights\[0\] is inf"),
    ],
)
def test_sample_weights_that_make_no_sense(weights, error, words):
    with pytest.raises(error, match=words):
        replace(weighted(), sample_weights=weights)


@pytest.mark.parametrize("shape", [(6,), (6, 2), (6, 2, 3), (6, 2, 3, 4)])
def test_numbers_to_meet_may_have_any_shape(shape, rng):
    numbers = rng.standard_normal(shape)
    data = Dataset(np.arange(6.0)[:, None], numbers)
    for part in (data, *data.split(2, seed=3)):
        indices = np.arange(len(part))[::-1]
        x, y = part.batch(indices)
        assert y.dtype == np.float32
        assert (y == numbers[x[:, 0].astype(int)].astype(np.float32)).all()
    assert [len(part) for part in data.split(2)] == [4, 2]
    assert data.batch([0, 1], np.float64)[1].tolist() == numbers[:2].tolist()


def test_images_to_meet_lie_channels_last():
    _, y = Dataset(np.zeros((3, 1)), np.zeros((3, 2, 4, 5))).batch([0, 2])
    assert y.transpose(0, 2, 3, 1).flags.c_contiguous


def test_numbers_to_meet_are_no_classes():
    data = Dataset(np.zeros((3, 1)), np.zeros(3))
    assert data.class_names == ()
    assert not data.has_classes
    with pytest.raises(ConfigError, match="they have no classes"):
        data.classes  # noqa: B018
