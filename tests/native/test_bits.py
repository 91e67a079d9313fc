"""The same bits from every instruction set and any number of threads, of each kernel, on arrays that go in pieces."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid import native, ops
from pellucid.data import Dataset, Normalize
from pellucid.optim import SGD, Adagrad, Adam, AdamW, MovingAverage, RMSprop, clip_grad_norm, clip_grad_value
from tests.checks import ENGINES

pytestmark = pytest.mark.skipif(not ENGINES, reason="no native engine")

KEY = 0xFEDCBA9876543210
IMAGES, ROWS = (7, 21, 33, 30), (3001, 37)  # of each several pieces of 2**14 numbers, none of them a whole vector


@pytest.fixture(autouse=True)
def threads():
    before = native.engine.thread_count()
    yield
    native.engine.set_thread_count(before)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def both(op, shape, *parameters, **options):
    """Forward and backward of an op, as one list of arrays."""
    forward, backward = getattr(ops, f"{op}_forward"), getattr(ops, f"{op}_backward")
    y, saved = forward(3 * numbers(shape), *parameters, **options)
    gradients = backward(numbers(y.shape, seed=1), saved)
    rest = [a for a in (saved if isinstance(saved, tuple) else (saved,)) if isinstance(a, np.ndarray)]
    several = gradients if isinstance(gradients, tuple) else (gradients,)
    return [y, *rest, *(gradient for gradient in several if gradient is not None)]


def together(op, *shapes, **options):
    """The same of an op of several arrays, without what it saves."""
    forward, backward = getattr(ops, f"{op}_forward"), getattr(ops, f"{op}_backward")
    y, saved = forward(*(numbers(shape, seed) for seed, shape in enumerate(shapes)), **options)
    return [y, *backward(numbers(y.shape, seed=9), saved)]


def linear(N, I=53, O=45):
    """Forward and backward, as one list of arrays; O is no multiple of a tile's rows, I none of a panel."""
    y, saved = ops.linear_forward(numbers((N, I)), numbers((O, I), seed=1), numbers(O, seed=2))
    return [y, *ops.linear_backward(numbers(y.shape, seed=3), saved)]


def through_time(op, gates, states, shape=(37, 5, 23), H=21, **options):
    """Forward and backward of a recurrent op, as one list of arrays."""
    forward, backward = getattr(ops, f"{op}_forward"), getattr(ops, f"{op}_backward")
    (N, T, I), G = shape, gates * H
    arrays = [numbers(s, seed) for seed, s in enumerate([shape, (G, I), (G, H), (G,), (G,), *[(N, H)] * states])]
    outputs, saved = forward(*arrays, mask=np.arange(T) < np.arange(N)[:, None] % T + 1, **options)
    rest = [a for a in saved if isinstance(a, np.ndarray)]
    return [*outputs, *rest, *backward(tuple(numbers(y.shape, seed=9) for y in outputs), saved)]


def steps(rule, **options):
    flat = SimpleNamespace(data=numbers(100_003), grad=numbers(100_003, seed=1), frozen=())
    optimizer = rule(flat, **options)
    for _ in range(3):
        optimizer.step()
    return [flat.data, *optimizer.slots.values()]


def clipped(max_norm):
    flat = SimpleNamespace(grad=numbers(100_003), trainable=(slice(None),))
    return [np.array(clip_grad_norm(flat, max_norm)), flat.grad]


def clipped_one_by_one(clip_value):
    flat = SimpleNamespace(grad=numbers(100_003))
    flat.grad[::1000] = np.nan
    clip_grad_value(flat, clip_value)
    assert np.isnan(flat.grad[::1000]).all()
    return [flat.grad]


def averages():
    average = MovingAverage([numbers(100_003), numbers(5)], 0.9)
    for seed in range(4):
        average.update([numbers(100_003, seed=seed), numbers(5, seed=seed)])
    return average.means


def batch(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    data = Dataset(images, np.zeros(len(images), int), normalize=Normalize(0.3, 0.7))
    return [data.batch(np.arange(len(images))[::-2])[0]]


def labels(kind):
    rng = np.random.default_rng(1)
    return rng.integers(0, ROWS[1], ROWS[0]) if kind == "labels" else rng.random(ROWS).astype(np.float32)


RUNS = {
    **{
        f"{op}, {name}": lambda op=op, shape=shape: both(op, shape)
        for op in ("relu", "leaky_relu", "sigmoid", "tanh", "elu", "gelu", "hard_swish", "silu", "flatten")
        for name, shape in (("images", IMAGES), ("rows", ROWS))
    },
    "gelu by tanh": lambda: both("gelu", ROWS, approximate="tanh"),
    **{
        f"{op}, {name}": lambda op=op, shape=shape: both(op, shape)
        for op in ("batch_norm", "batch_norm_relu")
        for name, shape in (("images", IMAGES), ("rows", ROWS), ("sequences", (7, 21, 990)))
    },
    "batch_norm, given": lambda: both("batch_norm", IMAGES, mean=numbers(21), var=numbers(21) ** 2),
    **{op: lambda op=op: both(op, ROWS) for op in ("softmax", "log_softmax")},
    "softmax, long rows": lambda: both("softmax", (5, 20_011)),
    "softmax of four axes": lambda: both("softmax", IMAGES),
    **{f"cross_entropy, {k}": lambda k=k: both("cross_entropy", ROWS, targets=labels(k)) for k in ("labels", "soft")},
    "cross_entropy, smoothed": lambda: both("cross_entropy", ROWS, targets=labels("labels"), label_smoothing=0.1),
    **{
        f"{op}, {name}": lambda op=op, shape=shape: both(op, shape, targets=np.abs(numbers(shape, seed=2)))
        for op in ("mse", "huber", "bce_with_logits")
        for name, shape in (("images", IMAGES), ("rows", ROWS), ("numbers", (30_001,)))
    },
    "bce_with_logits, weighted": lambda: both(
        "bce_with_logits", IMAGES, targets=np.abs(numbers(IMAGES, seed=2)), pos_weight=np.abs(numbers(IMAGES[1:]))
    ),
    **{
        f"layer_norm, {shape}": lambda shape=shape: both(
            "layer_norm", shape, numbers(shape[1:]), numbers(shape[1:], seed=2), normalized_shape=shape[1:]
        )
        for shape in (IMAGES, ROWS, (11, 3000))
    },
    **{
        f"group_norm, {shape}": lambda shape=shape: both(
            "group_norm", shape, numbers(shape[1:2]), numbers(shape[1:2], seed=2), num_groups=3
        )
        for shape in (IMAGES, (9, 21, 990), (3001, 39))
    },
    "im2col": lambda: both("im2col", IMAGES, kernel_size=(3, 2), stride=(2, 1), padding=1),
    "col2im": lambda: both("col2im", (7, 126, 990), output_size=(33, 30), kernel_size=(3, 2), padding=((1, 1), (0, 1))),
    "dropout, images": lambda: both("dropout", IMAGES, p=0.3, key=KEY),
    "dropout, one channel": lambda: both("dropout", (9, 1, 60, 70), p=0.3, key=KEY),
    "dropout, rows": lambda: both("dropout", ROWS, p=0.3, key=KEY),
    "dropout2d, images": lambda: both("dropout2d", IMAGES, p=0.3, key=KEY),
    "dropout2d, one channel": lambda: both("dropout2d", (9, 1, 60, 70), p=0.3, key=KEY),
    "dropout2d, sequences": lambda: both("dropout2d", (201, 101, 37), p=0.3, key=KEY),
    "max_pool2d": lambda: both("max_pool2d", IMAGES, kernel_size=2),
    "max_pool2d, overlapping": lambda: both("max_pool2d", IMAGES, kernel_size=3, stride=2, padding=1),
    "max_pool2d, 16 bits": lambda: both("max_pool2d", IMAGES, kernel_size=(17, 16), stride=3),
    "avg_pool2d": lambda: both("avg_pool2d", IMAGES, kernel_size=2),
    "avg_pool2d, overlapping": lambda: both("avg_pool2d", IMAGES, kernel_size=3, stride=2, padding=1),
    "add": lambda: together("add", IMAGES, IMAGES),
    "multiply": lambda: together("multiply", ROWS, ROWS),
    "concatenate": lambda: together("concatenate", IMAGES, (7, 5, 33, 30)),
    "permute": lambda: both("permute", IMAGES, axes=(2, 3, 1)),
    "reshape": lambda: together("reshape", IMAGES, shape=(33, -1)),
    "conv1d": lambda: together("conv1d", (17, 37, 101), (33, 37, 5), (33,), padding="same"),
    "max_pool1d": lambda: both("max_pool1d", (17, 37, 101), kernel_size=3, stride=2, padding=1),
    "avg_pool1d": lambda: both("avg_pool1d", (17, 37, 101), kernel_size=3, stride=2, padding=1),
    **{
        f"{op}, {size}": lambda op=op, size=size: both(op, IMAGES, output_size=size)
        for op in ("adaptive_avg_pool2d", "adaptive_max_pool2d")
        for size in (1, (7, 4), (40, 2))
    },
    **{f"linear, {N} samples": lambda N=N: linear(N) for N in (5, 64, 65, 700)},
    "lstm": lambda: through_time("lstm", gates=4, states=2),
    "lstm, backwards": lambda: through_time("lstm", gates=4, states=2, reverse=True),
    "lstm, whole vectors": lambda: through_time("lstm", gates=4, states=2, shape=(64, 3, 64), H=32),
    "gru": lambda: through_time("gru", gates=3, states=1),
    "gru, backwards": lambda: through_time("gru", gates=3, states=1, reverse=True),
    "SGD": lambda: steps(SGD, lr=0.1),
    "SGD, all of it": lambda: steps(SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda: steps(Adam, weight_decay=0.01),
    "AdamW": lambda: steps(AdamW),
    "Adam, amsgrad": lambda: steps(Adam, amsgrad=True),
    "SGD, dampened": lambda: steps(SGD, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01),
    "RMSprop": lambda: steps(RMSprop),
    "RMSprop, all of it": lambda: steps(RMSprop, alpha=0.7, momentum=0.9, centered=True, weight_decay=0.01),
    "Adagrad": lambda: steps(Adagrad),
    "Adagrad, all of it": lambda: steps(
        Adagrad, lr_decay=0.1, weight_decay=0.01, initial_accumulator_value=0.2, eps=0.1
    ),
    "clip_grad_norm": lambda: clipped(1.0),
    "clip_grad_value": lambda: clipped_one_by_one(0.7),
    "MovingAverage": averages,
    "gather_normalize": lambda: batch((51, 3, 40, 31)),
    "gather_normalize, one channel": lambda: batch((101, 1, 28, 28)),
}
RULES = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad")
SAME_AS_NUMPY = (
    "relu", "leaky_relu", "hard_swish", "flatten", "im2col", "col2im", "dropout", "dropout2d", "max_pool2d", *RULES,
    "clip_grad_value", "MovingAverage", "gather_normalize",
)  # fmt: skip


def outcome(run):
    return [np.ascontiguousarray(a).tobytes() for a in run()]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_instruction_sets_and_threads_change_no_bit(run):
    found = []
    for engine in ENGINES:
        for count in (1, 2, 3):
            with native.using(engine):
                native.engine.set_thread_count(count)
                found.append(outcome(run))
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("name", [name for name in RUNS if name.split(",")[0] in SAME_AS_NUMPY])
def test_what_rounds_alike_equals_the_reference(name):
    """To the bit, but for the sign of zeros: the references multiply by 0 where the kernels choose."""
    found = RUNS[name]()
    with native.using("numpy"):
        expected = RUNS[name]()
    if name in ("max_pool2d, overlapping", "max_pool2d, 16 bits"):  # what one pixel gets adds up in another order
        found, expected = found[:-1], expected[:-1]
    for one, other in zip(found, expected, strict=True):
        assert_array_equal(one, other)
