"""Certificates: what is right passes, and each planted mistake is named by op and by gradient."""

import json

import numpy as np
import pytest

from pellucid import ConfigError, native, nn, ops
from pellucid.inspect import Certificate, certify, gradient_check
from pellucid.inspect.certificate import Finding, certify_named, names
from pellucid.inspect.certificate.layer_cases import LAYERS
from pellucid.inspect.certificate.op_cases import OPS
from pellucid.inspect.certificate.subject import ModuleSubject


def changed(place, change):
    """A backward whose gradient number `place` is changed; None is the only one."""

    def plant(backward):
        def wrong(grad_y, saved):
            found = backward(grad_y, saved)
            if place is None:
                return change(found, grad_y, saved)
            return tuple(change(g, grad_y, saved) if i == place else g for i, g in enumerate(found))

        return wrong

    return plant


def without_the_statistics(g, grad_y, saved):
    """The gradient of batch-norm as if mean and variance were constants."""
    x, weight, _, statistics, *_ = saved
    shape = (1, -1, *[1] * (x.ndim - 2))
    return grad_y * (1 if weight is None else weight.reshape(shape)) * statistics[1].reshape(shape)


def no_sum(g, grad_y, saved):
    return grad_y * saved


PLANTED = {
    "conv2d": ("grad_weight", changed(1, lambda g, *_: np.ascontiguousarray(g[..., ::-1]))),  # mirrored
    "conv1d": ("grad_x", changed(0, lambda g, *_: np.roll(g, 1, axis=-1))),  # one step late
    "linear": ("grad_bias", changed(2, lambda g, grad_y, _: g if g is None else g / len(grad_y))),  # a mean, not a sum
    "max_pool2d": ("grad_x", changed(None, lambda g, *_: np.roll(g, 1, axis=-1))),  # to the winner's neighbour
    "batch_norm": ("grad_x", changed(0, without_the_statistics)),
    "layer_norm": ("grad_weight", changed(1, lambda g, *_: np.roll(g, 1))),
    "lstm": ("grad_c0", changed(6, lambda g, *_: g * 0 if g is not None else g)),  # forgotten
    "gru": ("grad_weight_hh", changed(2, lambda g, *_: g * (1 + 1e-4))),  # a little
    "gelu": ("grad_x", changed(None, lambda g, *_: g + 1e-4)),  # as by another approximation
    "softmax": ("grad_x", changed(None, no_sum)),
    "cross_entropy": ("grad_logits", changed(None, lambda g, *_: -g)),  # targets - predictions
    "dropout": ("grad_x", changed(None, lambda g, *_: g * 0.75)),  # without 1 / (1 - p)
    "im2col": ("grad_x", changed(None, lambda g, *_: np.minimum(g, 1.0))),  # overlaps written, not added
    "concatenate": ("grad_array1", changed(1, lambda g, *_: g[:, ::-1])),
    "conv2d_relu": ("grad_bias", changed(2, lambda g, grad_y, _: grad_y.sum((0, 2, 3)))),  # ReLU's gate left open
}


def test_every_op_and_every_layer_has_cases():
    assert sorted(OPS) == sorted(name.removesuffix("_forward") for name in ops.__all__ if name.endswith("_forward"))
    assert all(len({case.name for case in cases}) == len(cases) for cases in OPS.values())
    layers = {n for n in nn.__all__ if isinstance(getattr(nn, n), type) and issubclass(getattr(nn, n), nn.Module)}
    seen = {type(m).__name__ for case in LAYERS.values() for _, m in case.make().named_modules()}
    cells = {"LSTMCell", "GRUCell"}  # one step of the op, with a state that a user's module carries
    assert layers - {"Module"} - cells == seen


@pytest.mark.parametrize("name", ["conv2d", "lstm", "cross_entropy", "Conv2d", "BatchNorm2d", "Graph, gated"])
def test_what_is_right_passes_in_all_three_ways(name):
    certificate = certify_named(name)
    assert certificate.passed, certificate
    assert {f.check for f in certificate.findings} >= {"differences", "float32"}


@pytest.mark.parametrize("op", PLANTED)
def test_a_planted_mistake_is_named(op, monkeypatch):
    gradient, plant = PLANTED[op]
    monkeypatch.setattr(ops, f"{op}_backward", plant(getattr(ops, f"{op}_backward")))
    certificate = certify_named(op)
    found = {(f.subject, f.what) for f in certificate.failures if f.check == "differences"}
    assert found == {(op, gradient)}
    assert not certificate.passed
    told = next(f for f in certificate.failures if f.check == "differences")
    assert "backward gives" in str(told)
    assert f"{op}, " in str(certificate).splitlines()[-1]


class Engine:
    """The native engine with one kernel that errs."""

    def __init__(self, engine, kernel, wrong):
        self._engine, self._kernel, self._wrong = engine, kernel, wrong

    def __getattr__(self, name):
        found = getattr(self._engine, name)
        if name != self._kernel:
            return found

        def kernel(*arguments):
            found(*arguments)
            self._wrong(arguments)

        return kernel


@pytest.mark.skipif(native.engine is None, reason="no native engine")
@pytest.mark.parametrize(
    ("op", "kernel", "place", "what"),
    [
        ("linear", "linear_forward", 3, "y"),
        ("relu", "relu_backward", 2, "grad_x"),
        ("mse", "mse_backward", 3, "grad_x"),
    ],
)
def test_a_mistake_in_a_kernel_is_seen_by_float32_alone(op, kernel, place, what, monkeypatch):
    def wrong(arguments):
        arguments[place].flat[-1] += 1e-3

    monkeypatch.setattr(native, "engine", Engine(native.engine, kernel, wrong))
    assert {(f.check, f.what) for f in certify_named(op).failures} == {("float32", what)}


class Scaled(nn.Module):
    """A user's layer: y = scale * x; `mistake` says what is wrong with its backward."""

    def __init__(self, mistake=""):
        self.scale, self.mistake = nn.Parameter((3,), "ones"), mistake

    def forward(self, x):
        self.keep(x)
        return self.scale.data * x if self.mistake != "noise" else x + np.random.default_rng().standard_normal(x.shape)

    def backward(self, grad_y):
        x = self.kept()
        if self.mistake != "forgets":
            self.scale.grad += (grad_y * x).sum(0)
        if self.mistake == "shape":
            return grad_y[:, :1]
        if self.mistake == "type":
            return grad_y.astype(np.float32)
        return grad_y * (self.scale.data if self.mistake != "scale" else 1)


@pytest.mark.parametrize(
    ("mistake", "what", "words"),
    [
        ("forgets", {"grad_scale"}, "backward gives 0, differences"),
        ("scale", {"grad_x"}, "backward gives"),
        ("shape", {"grad_x"}, "the gradient has shape (3, 1), expected (3, 3)"),
        ("type", {"grad_x"}, "the gradient is float32, expected float64"),
        ("noise", {"grad_x", "grad_scale"}, "the forward jumps, or is not the same twice"),
    ],
)
def test_a_layer_of_ones_own(mistake, what, words):
    assert certify(Scaled(), (3,)).passed
    failures = certify(Scaled(mistake), (3,)).failures
    found = [f for f in failures if f.check == "differences"]
    assert {f.what for f in found} == what
    assert all(words in str(f) for f in found)


def test_a_network_stays_as_it_is(rng):
    net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))
    assert certify(net, (4,), loss=True).passed
    assert not net.built
    net.build((4,), seed=3)
    before = {name: values.tobytes() for name, values in net.state_dict().items()}
    frozen = net[0].freeze()
    assert certify(net, (4,), loss=True).passed
    assert {name: values.tobytes() for name, values in net.state_dict().items()} == before
    assert all(p.frozen for _, p in frozen.named_parameters())


def test_dropout_between_layers_is_no_difference_from_pytorch():
    assert certify(nn.LSTM(3, 4, 2, dropout=0.5), (5, 3)).passed


class Widens(nn.Module):
    """Gives float64 for float32."""

    def forward(self, x):
        return x.astype(np.float64)

    def backward(self, grad_y):
        return grad_y


def test_float32_that_does_not_stay_is_a_fault():
    failures = certify(Widens(), (3,)).failures
    assert ("float32", "y") in {(f.check, f.what) for f in failures}
    assert "it is float64, not float32" in str(failures[0])


def test_at_a_kink_another_point_is_taken():
    certificate = gradient_check(ops.relu_forward, ops.relu_backward, np.zeros((2, 3)))
    assert certificate.passed
    assert certificate.redrawn >= 1


def test_a_tie_is_a_kink():
    certificate = gradient_check(ops.max_pool2d_forward, ops.max_pool2d_backward, np.ones((1, 1, 4, 4)), kernel_size=2)
    assert certificate.passed
    assert certificate.redrawn >= 1


def test_a_jump_has_no_derivative():
    def steps(x):
        return np.floor(1e6 * x), x

    (finding,) = gradient_check(steps, lambda grad_y, x: 0 * grad_y, np.array([0.3, 0.7])).findings
    assert not finding.passed
    assert "the forward jumps" in finding.where


def test_a_gradient_that_is_truly_zero():
    """A bias before batch-norm: differences see rounding alone."""
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    certificate = certify(net, (4,), batch=8)
    assert certificate.passed, certificate
    assert "grad_0.bias" in {f.what for f in certificate.findings}


def test_nothing_to_check_is_no_pass():
    assert not Certificate(()).passed
    assert not Certificate((Finding("op", "", "differences", "grad_x", float("nan"), 1e-6),)).passed
    with pytest.raises(ConfigError, match="no arrays"):
        gradient_check(ops.relu_forward, ops.relu_backward)
    with pytest.raises(ConfigError, match="a loss needs targets"):
        ModuleSubject(nn.Linear(2, 2), (2,), loss=nn.MSELoss())


def test_as_plain_data():
    content = json.loads(json.dumps(certify_named("relu").to_dict()))
    assert content["passed"]
    assert content["rows"][0]["subject"] == "relu"
    assert {"error", "bound", "what"} <= set(content["findings"][0])
    assert set(names()) == {*OPS, *LAYERS}
