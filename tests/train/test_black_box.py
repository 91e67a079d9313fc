"""The black box: a step that is not finite is not taken, its maker is named, and a bundle replays it anywhere."""

import numpy as np
import pytest

from pellucid import FileError, NonFiniteError, native, nn
from pellucid.nn import BatchNorm2d, Conv2d, Dropout, Flatten, Graph, Linear, MaxPool2d, ReLU, Residual, Sequential
from pellucid.optim import SGD, Adam
from pellucid.train import Bundles, Trainer, read_bundle, replay, save_checkpoint
from pellucid.train.scan import Range

ENGINES = ["numpy", *(native.engine.instruction_sets() if native.engine else ())]


def network(seed=0):
    return Sequential(
        {
            "conv": Conv2d(1, 8, 3, padding=1),
            "norm": BatchNorm2d(8),
            "relu": ReLU(),
            "pool": MaxPool2d(2),
            "flatten": Flatten(),
            "drop": Dropout(0.25),
            "fc1": Linear(128, 16),
            "relu1": ReLU(),
            "fc2": Linear(16, 3),
        }
    ).build((1, 8, 8), seed=seed)


def batch(rng, N=6):
    return rng.standard_normal((N, 1, 8, 8)).astype(np.float32), rng.integers(0, 3, N)


def states(trainer):
    """Everything that a step changes."""
    arrays = {**trainer.model.state_dict(), **{f"slot {n}": a for n, a in trainer.optimizer.slots.items()}}
    return {name: np.array(array).tobytes() for name, array in arrays.items()}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("layer", "value", "words"),
    [
        (
            "fc1",
            2e37,
            r"Linear 'fc1'.* \(linear.*\), forward, made outputs .*not finite from inputs .*; weight .*e\+37",
        ),
        ("fc2", 3e38, r"Linear 'fc2' \(linear_forward\), forward, made outputs"),
        ("conv", 3e38, r"Conv2d 'conv'.*, forward, made outputs"),
    ],
)
def test_the_layer_that_made_it_is_named(engine, layer, value, words, rng):
    with native.using(engine):
        trainer = Trainer(model := network(), Adam(model.parameters()))
        model_layer = getattr(model, layer)
        x, labels = batch(rng)
        for _ in range(3):  # so that the step is replayed, where that is done
            trainer.train_step(x, labels)
        model_layer.weight.data = np.full(model_layer.weight.shape, value, np.float32)
        model_layer.weight.data[0] *= -1
        before = states(trainer)
        with pytest.raises(NonFiniteError, match=r"training: .* in step 4, which was not taken") as told:
            trainer.train_step(1e10 * x, labels)
        assert native.engine is None or told.match(words) or told.match("as it ran")
        assert told.match(words)
        assert states(trainer) == before
        assert (trainer.step, told.value.step, told.value.bundle) == (3, 4, None)


def test_running_statistics_are_put_back(rng):
    trainer = Trainer(model := network(), SGD(model.parameters(), lr=0.1))
    x, labels = batch(rng)
    trainer.train_step(x, labels)
    before = states(trainer)
    x[2, 0, 3, 4] = np.nan
    with pytest.raises(NonFiniteError, match=r"the inputs of the batch, first in sample 2 at \[0, 3, 4\]: they have"):
        trainer.train_step(x, labels)
    assert states(trainer) == before
    x[2, 0, 3, 4] = 0
    trainer.train_step(x, labels)
    assert states(trainer) != before


class Overflows(nn.Module):
    """Fine forwards, infinite backwards."""

    def forward(self, x):
        return x

    def backward(self, grad_y):
        return grad_y * np.float32(np.inf)


def test_a_gradient_alone_is_seen_too(rng):
    model = Sequential({"fc": Linear(4, 4), "bad": Overflows(), "out": Linear(4, 3)}).build((4,))
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1))
    before = states(trainer)
    with pytest.raises(NonFiniteError, match=r"a gradient is not finite(.|\n)*Overflows 'bad', backward, made grad_x"):
        trainer.train_step(rng.standard_normal((5, 4)).astype(np.float32), rng.integers(0, 3, 5))
    assert states(trainer) == before


def test_inside_branches(rng):
    body = Residual(Sequential({"a": Linear(4, 4), "relu": ReLU(), "b": Linear(4, 4)}))
    graph = Graph({"first": (Linear(4, 4), "input"), "body": (body, "first"), "out": (Linear(4, 3), "body")})
    trainer = Trainer(graph.build((4,)), SGD(graph.parameters(), lr=0.1))
    body.body.b.weight.data = np.full((4, 4), 3e38, np.float32)
    with pytest.raises(NonFiniteError, match=r"Linear 'body\.body\.b'"):
        trainer.train_step(
            np.full((5, 4), 10, np.float32) * rng.standard_normal((5, 4)).astype(np.float32), np.zeros(5, int)
        )


def test_a_sum_over_batches_is_no_layers_fault():
    model = Sequential({"fc": Linear(1, 2, weight_init="zeros")}).build((1,))
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(reduction="sum"), accumulate=3)
    batch = np.full((1, 1), 3e38, np.float32), np.zeros(1, int)  # each alone gives 1.5e38
    with pytest.raises(NonFiniteError) as raised:
        trainer.take_step([batch] * 3)
    assert "the sum over the batches, backward, made the gradient of fc.weight nothing finite" in str(raised.value)
    assert "from finite parts, batch 3 of 3" in str(raised.value)


def test_the_loss_itself(rng):
    model = Linear(2, 2).build((2,))
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), nn.MSELoss())
    targets = np.full((3, 2), 1e30, np.float32)
    with pytest.raises(NonFiniteError, match=r"the loss is inf(.|\n)*MSELoss \(mse_forward\), forward, made losses"):
        trainer.train_step(np.ones((3, 2), np.float32), targets)


def test_weights_that_are_spoilt_already(rng):
    trainer = Trainer(model := network(), SGD(model.parameters(), lr=0.1))
    model.fc2.bias.data[1] = np.inf
    with pytest.raises(NonFiniteError, match=r"the parameter fc2\.bias: it has .*1 of 3 not finite"):
        trainer.train_step(*batch(rng))


@pytest.mark.parametrize("ema", [None, 0.9])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_bundle_replays_the_step_with_another_network(tmp_path, ema, accumulate, rng):
    model = network()
    trainer = Trainer(model, Adam(model.parameters()), ema=ema, accumulate=accumulate, seed=5)
    trainer.black_box.write = Bundles(tmp_path, {"note": "mine"})
    good = [batch(rng) for _ in range(2 * accumulate)]
    trainer.fit(good, 1)
    x, labels = batch(rng)
    bad = [*good[: accumulate - 1], (x * np.float32(1e38), labels)]
    with pytest.raises(NonFiniteError) as told:
        trainer.fit(bad, 1)
    assert accumulate == 1 or told.match(f"batch {accumulate} of {accumulate}")
    path = tmp_path / "non-finite-00000003.safetensors"
    assert told.value.bundle == path
    assert f"pellucid replay {path}" in str(told.value)
    assert read_bundle(path).about["note"] == "mine"
    again = replay(path, network(seed=9))
    assert str(again) == str(told.value).split("\n  kept in")[0]
    with native.using("numpy"):
        assert "in step 3" in str(replay(path, network(seed=9)))


def test_a_step_that_is_fine_elsewhere(tmp_path, rng):
    trainer = Trainer(model := network(), SGD(model.parameters(), lr=0.1))
    write = Bundles(tmp_path)
    path = write(trainer, [batch(rng)], "told")
    other = network(seed=4)
    assert replay(path, other) is None
    assert {n: a.tobytes() for n, a in other.state_dict().items()} == {
        n: a.tobytes() for n, a in model.state_dict().items()
    }, "the weights before the step"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError("too much")])
def test_whatever_happens_while_it_is_explained(monkeypatch, error, rng):
    def fail(*_, **__):
        raise error

    trainer = Trainer(model := network(), SGD(model.parameters(), lr=0.1))
    x, labels = batch(rng)
    trainer.train_step(x, labels)
    before = states(trainer)
    monkeypatch.setattr("pellucid.train.black_box.scan", fail)
    with pytest.raises((NonFiniteError, KeyboardInterrupt)) as told:
        trainer.train_step(x * np.float32(np.inf), labels)
    assert isinstance(error, KeyboardInterrupt) or told.match("could not be looked for: MemoryError: too much")
    assert states(trainer) == before
    assert trainer.black_box._batches == []


def test_nothing_is_kept_of_a_step_that_was_taken(rng):
    trainer = Trainer(model := network(), SGD(model.parameters(), lr=0.1))
    trainer.train_step(*batch(rng))
    assert trainer.black_box._batches == []


def test_what_is_no_bundle(tmp_path, rng):
    trainer = Trainer(model := network(), SGD(model.parameters(), lr=0.1))
    save_checkpoint(trainer, tmp_path / "c.safetensors")
    with pytest.raises(FileError, match="is a checkpoint, not a bundle"):
        replay(tmp_path / "c.safetensors", network())
    path = Bundles(tmp_path)(trainer, [batch(rng)], "told")
    with pytest.raises(FileError, match="does not fit the model"):
        replay(path, Linear(2, 2).build((2,)))
    path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
    with pytest.raises(FileError, match="damaged"):
        replay(path, network())


def test_a_bundle_that_cannot_be_written_hides_nothing(tmp_path, rng):
    trainer = Trainer(model := network(), SGD(model.parameters(), lr=0.1))
    trainer.black_box.write = Bundles(tmp_path / "none")
    model.fc2.bias.data[1] = np.inf
    with pytest.raises(NonFiniteError, match=r"the parameter fc2\.bias(.|\n)*it could not be kept: "):
        trainer.train_step(*batch(rng))


def test_ranges():
    assert str(Range.of("x", np.array([1.0, np.nan, -2.0, np.inf]))) == "x -2 to 1, 2 of 4 not finite"
    assert str(Range.of("x", np.array([np.nan]))) == "x nothing finite, 1 of 1 not finite"
    assert str(Range.of("x", np.array([0.5, 2]))) == "x 0.5 to 2"


def test_a_bundle_of_another_network(tmp_path, rng):
    trainer = Trainer(model := network(), SGD(model.parameters()))
    trainer.black_box.write = Bundles(tmp_path)
    model.fc1.weight.data[...] = np.nan
    with pytest.raises(NonFiniteError) as raised:
        trainer.train_step(*batch(rng))
    other = Sequential(Linear(4, 3)).build((4,), seed=0)
    before = other.parameters().data.tobytes()
    with pytest.raises(FileError, match="does not fit the model: "):
        replay(raised.value.bundle, other)
    assert other.parameters().data.tobytes() == before


def test_a_bundle_without_what_a_step_needs(tmp_path, rng, monkeypatch):
    trainer = Trainer(model := network(), SGD(model.parameters()))
    trainer.black_box.write = Bundles(tmp_path)
    model.fc1.weight.data[...] = np.nan
    with pytest.raises(NonFiniteError) as raised:
        trainer.train_step(*batch(rng))
    content = read_bundle(raised.value.bundle)
    content.state.pop("optimizer")
    monkeypatch.setattr("pellucid.train.bundle.read_bundle", lambda path, model=None: content)
    with pytest.raises(FileError, match="does not fit the model: 'optimizer'"):
        replay(raised.value.bundle, model)
