"""The blueprint's functions: one sample and a batch agree, gradients are right, and the loop learns."""

import numpy as np
import pytest

from pellucid import functional as F
from pellucid._core.errors import ConfigError, ShapeError
from pellucid.models import mnist_cnn
from pellucid.nn import CrossEntropyLoss
from tests.checks import close

NAMES = """
load_mnist to_one_hot batch_iterator conv2d_forward conv2d_backward relu_forward relu_backward maxpool2d_forward
maxpool2d_backward flatten_forward flatten_backward dropout_forward dropout_backward dense_forward dense_backward
softmax cross_entropy_loss cross_entropy_gradient adam_init adam_step init_weights init_bias full_forward
full_backward train evaluate
"""


@pytest.fixture(scope="module")
def images():
    (x, y), _ = F.load_mnist()
    return x[:100], y[:100]


@pytest.fixture
def parameters():
    return start(np.float64)


def start(dtype=np.float32):
    shapes = {"conv1": (32, 1, 3, 3), "conv2": (64, 32, 3, 3), "linear": (10, 1600)}
    found = {}
    for name, shape in shapes.items():
        found[f"{name}.weight"] = F.init_weights(shape, "he", name=name, dtype=dtype)
        found[f"{name}.bias"] = F.init_bias(shape[0], 0.01, dtype=dtype)
    return found


def test_the_list_is_exactly_the_blueprints():
    assert sorted(F.__all__) == sorted(NAMES.split())


def test_the_blueprints_loop_over_single_samples_learns(images):
    x, y = images
    parameters, losses = start(), []
    state = F.adam_init(parameters)
    for epoch in range(2):
        total = 0.0
        for i in range(100):
            target = F.to_one_hot(y[i : i + 1], 10)[0]
            predictions, caches = F.full_forward(x[i], parameters, training=True, p=0.1, key=100 * epoch + i)
            total += F.cross_entropy_loss(predictions, target)
            gradients = F.full_backward(predictions, target, caches)
            parameters, state = F.adam_step(parameters, gradients, state)
        losses.append(total / 100)
    assert losses[0] > 1.5  # it knew nothing
    assert losses[1] < 0.5 * losses[0]


def test_a_batch_gives_the_average_of_its_samples_gradients(images, parameters):
    x, y = images[0][:5].astype(np.float64), images[1][:5]
    targets = F.to_one_hot(y, 10).astype(np.float64)
    whole = F.full_backward(F.full_forward(x, parameters)[0], targets, F.full_forward(x, parameters)[1])
    each = []
    for i in range(5):
        predictions, caches = F.full_forward(x[i], parameters)
        each.append(F.full_backward(predictions, targets[i], caches))
    for name, gradient in whole.items():
        close(gradient, sum(one[name] for one in each) / 5, 1e-12)


def test_full_forward_and_backward_are_those_of_mnist_cnn(images, parameters):
    x, y = images[0][:4].astype(np.float64), images[1][:4]
    model = mnist_cnn(dropout=0.0).build((1, 28, 28), dtype=np.float64)
    model.load_state_dict(parameters)
    loss = CrossEntropyLoss()
    value = loss(model(x), y)
    model.backward(loss.backward())
    predictions, caches = F.full_forward(x, parameters)
    targets = F.to_one_hot(y, 10).astype(np.float64)
    assert F.cross_entropy_loss(predictions, targets) == pytest.approx(value, rel=1e-12)
    for name, gradient in F.full_backward(predictions, targets, caches).items():
        close(gradient, dict(model.named_parameters())[name].grad, 1e-11)


LAYERS = {
    "conv2d": (F.conv2d_forward, F.conv2d_backward, (2, 6, 5), [(3, 2, 3, 2), (3,)], {"stride": (2, 1), "padding": 1}),
    "relu": (F.relu_forward, F.relu_backward, (2, 6, 5), [], {}),
    "maxpool2d": (F.maxpool2d_forward, F.maxpool2d_backward, (2, 6, 5), [], {"kernel_size": (3, 2)}),
    "flatten": (F.flatten_forward, F.flatten_backward, (2, 6, 5), [], {}),
    "dense": (F.dense_forward, F.dense_backward, (7,), [(3, 7), (3,)], {}),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_does_to_one_sample_what_it_does_to_a_batch(rng, name):
    forward, backward, shape, more, options = LAYERS[name]
    x, rest = rng.standard_normal((4, *shape)), [rng.standard_normal(s) for s in more]
    y, cache = forward(x, *rest, **options)
    g = rng.standard_normal(y.shape)
    grads = backward(g, cache)
    alone = [forward(one, *rest, **options) for one in x]
    backs = [backward(g[i], cache) for i, (_, cache) in enumerate(alone)]
    close(np.stack([one for one, _ in alone]), y, 1e-13)
    if not more:
        close(np.stack(backs), grads, 1e-13)
        return
    close(np.stack([b[0] for b in backs]), grads[0], 1e-13)
    for k in (1, 2):
        close(sum(b[k] for b in backs), grads[k], 1e-12)


def test_dropout_leaves_the_mean_and_does_nothing_when_not_training():
    x = np.ones(20000)
    y, cache = F.dropout_forward(x, p=0.25, key=7)
    assert set(y.tolist()) == {0.0, 4 / 3}
    assert abs(y.mean() - 1) < 0.02
    assert np.array_equal(F.dropout_backward(x, cache), y)
    same, cache = F.dropout_forward(x, p=0.25, training=False)
    assert same is x
    assert F.dropout_backward(x, cache) is x


def test_the_gradient_is_predictions_minus_targets_and_equals_differences(rng):
    logits, targets = rng.standard_normal(10), F.to_one_hot(np.array([3]), 10)[0]
    gradient = F.cross_entropy_gradient(F.softmax(logits), targets)
    assert np.array_equal(gradient, F.softmax(logits) - targets)
    for k in range(10):
        step = np.eye(10)[k] * 1e-6
        up, down = (F.cross_entropy_loss(logits + s, targets, from_logits=True) for s in (step, -step))
        assert (up - down) / 2e-6 == pytest.approx(gradient[k], abs=1e-8)


def test_a_certain_and_wrong_prediction_costs_much_and_not_infinitely_much():
    assert F.cross_entropy_loss(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(-np.log(1e-12))
    assert F.cross_entropy_loss(np.array([1e4, 0.0]), np.array([0.0, 1.0]), from_logits=True) == pytest.approx(1e4)


def test_adam_changes_nothing_that_it_was_given():
    parameters = {"w": np.ones(3)}
    state = F.adam_init(parameters)
    F.adam_step(parameters, {"w": np.ones(3)}, state)
    assert parameters["w"].tolist() == [1, 1, 1]
    assert state == {"step": 0, "m": state["m"], "v": state["v"]}
    assert not state["m"]["w"].any()


def test_batches_cover_every_sample_once_in_an_order_of_the_epoch():
    x = np.arange(10)
    first, again, second = ([*F.batch_iterator(x, 2 * x, 4, seed=1, epoch=e)] for e in (0, 0, 1))
    assert sorted(np.concatenate([a for a, _ in first]).tolist()) == list(range(10))
    assert all(np.array_equal(2 * a, b) for a, b in first)
    assert [a.tolist() for a, _ in first] == [a.tolist() for a, _ in again] != [a.tolist() for a, _ in second]


def test_train_goes_on_from_given_parameters(images):
    x, y = images
    parameters, history = F.train(x, y, epochs=3, batch_size=20)
    assert history[2]["loss"] < history[0]["loss"]
    _, more = F.train(x, y, parameters, epochs=1, batch_size=20)
    assert more[0]["loss"] < history[0]["loss"]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: F.conv2d_forward(np.ones((4, 4)), np.ones((1, 1, 3, 3))), ShapeError, "one sample has 3 axes"),
        (lambda: F.cross_entropy_loss(np.ones((2, 3)), np.array([1, 2])), ShapeError, "to_one_hot"),
        (lambda: F.adam_step({"a": np.ones(1)}, {"b": np.ones(1)}, F.adam_init({})), ConfigError, "differ in a, b"),
        (
            lambda: F.adam_step({"a": np.ones(1)}, {"a": np.ones(2)}, F.adam_init({"a": np.ones(1)})),
            ShapeError,
            "a has",
        ),
        (lambda: list(F.batch_iterator(np.ones(3), np.ones(2))), ShapeError, "3 samples in x, 2 in y"),
        (lambda: F.train(np.ones((0, 1, 28, 28)), np.ones(0, int)), ConfigError, "no images"),
        (lambda: F.evaluate({}, np.ones((0, 1, 28, 28)), np.ones(0, int)), ConfigError, "no images"),
    ],
)
def test_what_does_not_fit_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call()
