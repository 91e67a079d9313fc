"""Batch-norm in groups: fused in training, folded in inference, and in a Predictor's program."""

import numpy as np
import pytest

from pellucid.nn import (
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    Predictor,
    ReLU,
    Sequential,
    Sigmoid,
    fuse,
)
from tests.checks import ENGINES, close

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine on this machine")
SHAPE = (2, 9, 8)

NETS = {
    "with pool": lambda: [Conv2d(2, 5, 3, padding=1), BatchNorm2d(5), ReLU(), MaxPool2d(2)],
    "with mean": lambda: [Conv2d(2, 5, 3, padding=1, bias=False), BatchNorm2d(5), ReLU(), AvgPool2d(2)],
    "with ReLU": lambda: [Conv2d(2, 5, 3), BatchNorm2d(5, eps=0.1, momentum=None), ReLU()],
    "alone": lambda: [Conv2d(2, 5, 3), BatchNorm2d(5)],
    "pool that overlaps": lambda: [Conv2d(2, 5, 3), BatchNorm2d(5, affine=False), ReLU(), MaxPool2d(3, 2)],
    "rows": lambda: [Flatten(), Linear(144, 7), BatchNorm1d(7), ReLU(), Linear(7, 3), BatchNorm1d(3)],
    "first": lambda: [BatchNorm2d(2), ReLU(), Conv2d(2, 3, 3)],
    "behind something else": lambda: [Conv2d(2, 5, 3), Sigmoid(), BatchNorm2d(5), Flatten(), BatchNorm1d(210), ReLU()],
    "twice": lambda: [Conv2d(2, 4, 3), BatchNorm2d(4), BatchNorm2d(4), ReLU()],
}


def learnt(make, rng):
    """A network whose batch-norms are no longer at their start."""
    net = Sequential(*make()).build(SHAPE, seed=3)
    net.parameters().data += 0.2 * rng.standard_normal(net.parameters().data.size).astype(np.float32)
    for _ in range(3):
        net(2 * rng.standard_normal((6, *SHAPE)).astype(np.float32) + 1)
    return net


def shown(net):
    return [[type(layer).__name__ for layer in s.layers] for s in fuse.steps(tuple(net)) if isinstance(s, fuse.Fused)]


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
@pytest.mark.parametrize("training", [True, False])
def test_fused_and_plain_are_one(training, make, rng):
    """Outputs, all gradients and the running statistics."""
    x = rng.standard_normal((7, *SHAPE)).astype(np.float32)
    found = []
    for plain in (False, True):
        net = learnt(make, np.random.default_rng(1)).train(training)
        net.fusing = not plain
        y = net(x)
        grad_x = net.backward(np.random.default_rng(2).standard_normal(y.shape).astype(np.float32))
        grads = {f"{name}, gradient": p.grad for name, p in net.named_parameters()}
        found.append({"y": y, "grad_x": grad_x, **grads, **net.state_dict()})
    for name, value in found[0].items():
        other = found[1][name]
        if name.endswith("bias, gradient") and np.abs(other).max() < 1e-4:  # truly zero
            assert np.abs(value).max() < 1e-4
        else:
            close(value, other, 2e-5)


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_inference_folds_and_a_program_does_all(make, rng):
    net = learnt(make, rng).eval()
    x = rng.standard_normal((40, *SHAPE)).astype(np.float32)
    with net.plain():
        expected = net(x)
    with net.inference():
        close(net(x), expected, 2e-5)
    predict = Predictor(net)
    assert predict._program(SHAPE) is not None
    y = predict(x)
    close(y, expected, 2e-5)
    for n in (0, 39):
        assert predict(x[n : n + 1])[0].tobytes() == y[n].tobytes()


def test_every_row_of_the_table_is_met_by_a_network_here():
    met = set()
    for make in NETS.values():
        net = Sequential(*make()).build(SHAPE)
        met |= {step.row for step in fuse.steps(tuple(net)) if isinstance(step, fuse.Fused)}
        with net.inference():
            met |= {step.row for step in fuse.steps(tuple(net.eval())) if isinstance(step, fuse.Fused)}
    assert met >= {row for row in fuse.TABLE if {BatchNorm1d, BatchNorm2d} & set(row.layers)}


def test_which_layers_go_together():
    net = Sequential(*NETS["with pool"](), *NETS["with ReLU"](), Flatten(), Linear(20, 3), BatchNorm1d(3), ReLU())
    assert shown(net) == [
        ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"],
        ["Conv2d", "BatchNorm2d", "ReLU"],
        ["BatchNorm1d", "ReLU"],
    ]
    with net.inference():
        assert shown(net)[-1] == ["Linear", "BatchNorm1d", "ReLU"]


def test_saliency_in_evaluation_is_not_folded(rng):
    """A backward will come: the layers keep what it needs."""
    net = learnt(NETS["with pool"], rng).eval()
    assert not any(isinstance(step, fuse.Folded) for step in fuse.steps(tuple(net)))
    x = rng.standard_normal((3, *SHAPE)).astype(np.float32)
    y = net(x)
    assert net.backward(np.ones_like(y)).shape == x.shape


def test_a_folded_network_sees_new_weights_and_statistics(rng):
    net = learnt(NETS["with ReLU"], rng).eval()
    x = rng.standard_normal((3, *SHAPE)).astype(np.float32)
    with net.inference():
        before = net(x).copy()
        net[1].running_mean.data += 1
        assert not np.allclose(net(x), before)
        net[1].running_mean.data -= 1
        net[0].weight.data *= 2
        assert not np.allclose(net(x), before)


def test_without_running_statistics_nothing_is_folded_and_no_program_is_made(rng):
    """Such a network measures each batch by itself."""
    net = Sequential(Conv2d(2, 5, 3), BatchNorm2d(5, track_running_stats=False), ReLU()).build(SHAPE)
    x = rng.standard_normal((6, *SHAPE)).astype(np.float32)
    expected = net(x)
    with net.inference():
        close(net(x), expected, 1e-6)
    predict = Predictor(net)
    assert predict._program(SHAPE) is None
    close(predict(x), expected, 1e-6)


def test_sequences_behind_a_linear_layer_are_not_folded(rng):
    """(N, C, L): the channels of the batch-norm are not the features of the linear layer."""
    net = Sequential(Linear(5, 4), BatchNorm1d(4), ReLU()).build((4, 5))
    for _ in range(2):
        net(rng.standard_normal((6, 4, 5)).astype(np.float32))
    x = rng.standard_normal((2, 4, 5)).astype(np.float32)
    with net.eval().plain():
        expected = net(x)
    with net.inference():
        close(net(x), expected, 1e-6)
    close(Predictor(net)(x), expected, 1e-6)
