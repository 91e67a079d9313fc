"""BatchNorm1d and BatchNorm2d: running statistics, modes, state, and replays."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pellucid import ConfigError, ShapeError, Trainer, native
from pellucid.nn import BatchNorm1d, BatchNorm2d, Linear, Sequential
from pellucid.optim import Adam
from pellucid.train import load_weights, save_weights
from pellucid.train.checkpoint import read_checkpoint, restore, save_checkpoint
from tests.checks import ENGINES
from tests.nn.replays import SHAPE, batches, both, normed, trainer_of

ENGINE = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")


def state_of(model):
    return {name: array.tobytes() for name, array in model.state_dict().items()}


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(BatchNorm1d(4), (4,)), (BatchNorm1d(4), (4, 6)), (BatchNorm2d(4), (4, 3, 5))],
)
def test_evaluation_uses_the_running_statistics(layer, shape, rng):
    layer = copy.deepcopy(layer).build(shape)
    for n in (7, 5, 6):
        layer(3 * rng.standard_normal((n, *shape)).astype(np.float32) + 2)
    assert layer.num_batches_tracked.data == 3
    before = state_of(layer)
    layer.eval()
    x = rng.standard_normal((1, *shape)).astype(np.float32)
    along = (-1, *(1,) * (len(shape) - 1))
    mean, var = layer.running_mean.data.reshape(along), layer.running_var.data.reshape(along)
    assert_allclose(layer(x)[0], (x[0] - mean) / np.sqrt(var + 1e-5), rtol=1e-5, atol=1e-6)
    with layer.inference():
        layer(x)
    assert state_of(layer) == before


def test_without_running_statistics_a_batch_is_its_own_measure(rng):
    layer = BatchNorm1d(3, track_running_stats=False).build((3,))
    x = rng.standard_normal((6, 3)).astype(np.float32)
    assert_array_equal(layer.eval()(x), layer.train()(x))
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_names_and_types_of_the_state():
    model = Sequential(BatchNorm2d(3)).build((3, 2, 2))
    state = model.state_dict()
    assert list(state) == ["0.weight", "0.bias", "0.running_mean", "0.running_var", "0.num_batches_tracked"]
    assert state["0.num_batches_tracked"].dtype == np.int64
    assert state["0.num_batches_tracked"].shape == ()
    assert (state["0.running_var"] == 1).all()
    assert "0.weight" not in Sequential(BatchNorm2d(3, affine=False)).build((3, 2, 2)).state_dict()


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_a_weights_file_holds_the_running_statistics(suffix, tmp_path, rng):
    model, other = normed().build(SHAPE, seed=1), normed().build(SHAPE, seed=2)
    model(rng.standard_normal((5, *SHAPE)).astype(np.float32))
    path = tmp_path / f"weights.{suffix}"
    save_weights(model, path)
    load_weights(other, path)
    assert state_of(other) == state_of(model)
    assert other[1].num_batches_tracked.data == 1


def test_a_copy_has_statistics_of_its_own(rng):
    model = normed().build(SHAPE)
    twin = copy.deepcopy(model)
    before = state_of(model)
    twin(rng.standard_normal((5, *SHAPE)).astype(np.float32))
    assert state_of(model) == before
    assert twin[1].num_batches_tracked.data == 1


@pytest.mark.parametrize("engine", ["numpy", *ENGINES])
def test_a_run_goes_on_from_a_checkpoint_with_the_same_bits(engine, tmp_path):
    def trainer():
        model = normed().build(SHAPE, seed=4)
        return Trainer(model, Adam(model.parameters(), lr=0.01), seed=5)

    steps = batches(6, sizes=(6, 6, 4))
    with native.using(engine):
        whole, first, second = trainer(), trainer(), trainer()
        for x, y in steps:
            whole.train_step(x, y)
        for x, y in steps[:3]:
            first.train_step(x, y)
        save_checkpoint(first, tmp_path / "run.safetensors")
        restore(second, read_checkpoint(tmp_path / "run.safetensors"))
        for x, y in steps[3:]:
            second.train_step(x, y)
    assert state_of(second.model) == state_of(whole.model)


@ENGINE
def test_replays_keep_the_running_statistics(replays, monkeypatch):
    """The counts go up in each replay, and batches of another size come between."""

    def run():
        trainer = trainer_of(normed(), Adam)
        losses = [trainer.train_step(x, y)["loss"] for x, y in batches(15, sizes=(6, 6, 6, 6, 4))]
        assert trainer.model[1].num_batches_tracked.data == 15
        return [*losses, trainer.model.parameters().data, *trainer.model.state_dict().values()]

    both(monkeypatch, run)
    assert len(replays) >= 8


@ENGINE
def test_what_is_loaded_between_replays_counts(replays, monkeypatch):
    def run():
        trainer = trainer_of(normed())
        start = trainer.model.state_dict()
        for i, (x, y) in enumerate(batches(9)):
            if i == 5:
                trainer.model.load_state_dict(start)
            trainer.train_step(x, y)
        assert trainer.model[1].num_batches_tracked.data == 4
        return list(trainer.model.state_dict().values())

    both(monkeypatch, run)
    assert replays


@pytest.mark.parametrize(
    ("make", "shape", "words"),
    [
        (lambda: BatchNorm2d(3), (4, 2, 2), "BatchNorm2d: x has 4 channels but num_features is 3"),
        (lambda: BatchNorm2d(3), (3,), r"BatchNorm2d: input of \(N, C, H, W\) is needed, got \(N, 3,\)"),
        (lambda: BatchNorm1d(3), (3, 2, 2), r"BatchNorm1d: input of \(N, C\) or \(N, C, L\) is needed"),
    ],
)
def test_inputs_that_do_not_fit(make, shape, words):
    with pytest.raises(ShapeError, match=words):
        make().build(shape)
    with pytest.raises(ShapeError, match=words):
        make().forward(np.zeros((2, *shape), np.float32))


def test_one_value_per_channel_changes_nothing(rng):
    model = Sequential(Linear(3, 4), BatchNorm1d(4)).build((3,))
    before = state_of(model)
    with pytest.raises(ShapeError, match=r"x of shape \(1, 4\) has 1 value for each channel"):
        model(np.ones((1, 3), np.float32))
    assert state_of(model) == before
    assert model.eval()(np.ones((1, 3), np.float32)).shape == (1, 4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"num_features": 0}, "num_features is 0, at least 1"),
        ({"num_features": 2, "eps": -1}, "eps is -1"),
        ({"num_features": 2, "momentum": 1.5}, "momentum is 1.5"),
    ],
)
def test_impossible_settings(settings, words):
    with pytest.raises(ConfigError, match=words):
        BatchNorm1d(**settings)


def test_a_layer_shows_what_is_not_the_default():
    assert repr(BatchNorm1d(4)) == "BatchNorm1d(4)"
    layer = BatchNorm2d(4, 1e-3, None, affine=False, track_running_stats=False)
    assert repr(layer) == "BatchNorm2d(4, eps=0.001, momentum=None, affine=False, track_running_stats=False)"
