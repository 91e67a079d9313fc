"""The cases on which every op is certified: shapes of the arrays in forward's order, and its other arguments.

Nothing is square, stride drops rows, one sample and one channel occur; and for each way in which the native engine
computes a convolution there is a case that takes it.
"""

from typing import Any, NamedTuple

import numpy as np

from ..._core.arrays import Shape

WINOGRAD = 1e-4


class OpCase(NamedTuple):
    """One case of one op; `bound` is that of float32."""

    name: str
    shapes: tuple[Shape, ...]
    options: dict[str, Any]
    bound: float = 2e-5


def _case(name: str, *shapes: Shape, bound: float = 2e-5, **options: Any) -> OpCase:
    return OpCase(name, shapes, options, bound)


_LABELS = np.array([3, 0, 2, 2, 1])
_CHANCES = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.0, 0.5, 0.25, 0.25]])
_TARGETS = np.array([[0.3, -1.2, 0.8], [2.5, 0.1, -0.4], [0.0, 1.5, -3.1], [0.6, -0.6, 1.1]])
_YES = np.array([[1.0, 0.0, 0.3], [0.0, 1.0, 1.0], [0.9, 0.5, 0.0], [1.0, 1.0, 0.0]])
_MASK = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 0]], bool)
_MEAN, _VAR = np.array([0.3, -0.7, 0.1]), np.array([0.5, 2.0, 1.1])

_ANY = [_case("rows", (4, 7)), _case("images", (2, 3, 5, 4)), _case("one sample", (1, 19))]
_CONV = [
    _case("same size", (2, 3, 5, 6), (4, 3, 3, 3), (4,), padding=1),
    _case("nothing is square", (2, 3, 6, 9), (2, 3, 2, 3), (2,), stride=(1, 2), padding=(1, 2)),
    _case("stride drops rows", (2, 2, 8, 7), (3, 2, 3, 3), (3,), stride=2),
    _case("one sample, no bias", (1, 5, 6, 5), (3, 5, 3, 2)),
    _case("one channel, many outputs", (3, 1, 9, 10), (20, 1, 3, 3), (20,)),
    _case("dilated, uneven padding", (2, 2, 9, 8), (3, 2, 2, 3), (3,), dilation=(3, 2), padding=((0, 1), (2, 1))),
    _case("two groups", (2, 4, 5, 6), (6, 2, 3, 2), (6,), groups=2),
    _case("depthwise", (2, 17, 6, 9), (17, 1, 2, 3), (17,), stride=(1, 2), groups=17),
    _case("Winograd", (2, 32, 9, 8), (32, 32, 3, 3), (32,), padding=1, bound=WINOGRAD),
    _case("exact", (2, 32, 9, 8), (32, 32, 3, 3), (32,), padding=1, exact=True),
]
_FUSED = [case._replace(options={k: v for k, v in case.options.items() if k != "dilation"}) for case in _CONV]
_LINEAR = [
    _case("rows", (4, 5), (3, 5), (3,)),
    _case("no bias", (2, 7), (5, 7)),
    _case("wide", (5, 70), (37, 70), (37,)),
]
_NORM = [
    _case("rows", (5, 3), (3,), (3,)),
    _case("images", (2, 3, 4, 5), (3,), (3,)),
    _case("no weights", (4, 3, 5)),
    _case("known statistics", (2, 3, 4, 5), (3,), (3,), mean=_MEAN, var=_VAR),
    _case("large eps", (4, 3, 2, 5), (3,), (3,), eps=0.5),
]
_POOL = [
    _case("halves", (2, 3, 6, 4), kernel_size=2),
    _case("nothing is square", (2, 3, 7, 9), kernel_size=(2, 3), stride=(1, 2), padding=(1, 0)),
    _case("stride drops rows", (1, 1, 8, 7), kernel_size=3, stride=2),
]
_POOL1D = [
    _case("halves", (2, 3, 6), kernel_size=2),
    _case("overlap", (2, 5, 9), kernel_size=3, stride=2, padding=1),
    _case("one sample", (1, 1, 8), kernel_size=3),
]
_BINS = [
    _case("bins overlap", (2, 3, 5, 7), output_size=(3, 4)),
    _case("more bins than rows", (2, 3, 2, 5), output_size=(5, 2)),
    _case("one bin", (1, 21, 5, 4), output_size=1),
]
_PAIRS = [
    _case("rows", (4, 7), (4, 7)),
    _case("images", (2, 3, 5, 4), (2, 3, 5, 4)),
    _case("one sample", (1, 19), (1, 19)),
]
_WINDOWS: list[dict[str, Any]] = [
    {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 2)},
    {"kernel_size": 3, "stride": 2},
    {"kernel_size": (3, 2), "dilation": (1, 2)},
]


def _conv_norm(**more: Any) -> list[OpCase]:
    """Return the convolution's cases with a batch-norm behind them."""
    cases = []
    for name, shapes, options, bound in _FUSED:
        O = shapes[1][:1]
        cases.append(_case(name, *shapes[:2], *(shapes[2:] or (O,)), O, O, bound=bound, **options, **more))
    return cases


def _recurrent(gates: int, states: int) -> list[OpCase]:
    """Return the cases of a recurrent op."""

    def shapes(N: int, T: int, I: int, H: int, biases: int = 2, initial: bool = True) -> list[Shape]:
        weights: list[Shape] = [(gates * H, I), (gates * H, H), *[(gates * H,)] * biases]
        return [(N, T, I), *weights, *[(N, H)] * (states * initial)]

    return [
        _case("from nothing", *shapes(2, 3, 4, 5, initial=False)),
        _case("no bias", *shapes(2, 3, 4, 5, biases=0, initial=False)),
        _case("first states", *shapes(3, 4, 2, 3)),
        _case("backwards", *shapes(3, 4, 2, 3), reverse=True),
        _case("mask", *shapes(3, 4, 2, 3), mask=_MASK),
        _case("more than a vector", *shapes(9, 3, 5, 21)),
    ]


OPS: dict[str, list[OpCase]] = {
    "conv2d": _CONV,
    "conv2d_relu": _FUSED,
    "conv2d_relu_max_pool2d": [case._replace(options=case.options | {"kernel_size": 2}) for case in _FUSED],
    "conv2d_relu_avg_pool2d": [case._replace(options=case.options | {"kernel_size": 2}) for case in _FUSED],
    "conv2d_batch_norm_relu": _conv_norm(),
    "conv2d_batch_norm_relu_max_pool2d": _conv_norm(kernel_size=2),
    "conv1d": [
        _case("same size", (2, 3, 8), (4, 3, 3), (4,), padding=1),
        _case("stride drops steps", (2, 2, 9), (3, 2, 4), (3,), stride=2),
        _case("groups, dilated", (1, 4, 10), (6, 2, 3), groups=2, dilation=2),
    ],
    "im2col": [_case(f"windows {i}", (2, 3, 6, 9), **windows) for i, windows in enumerate(_WINDOWS)],
    "col2im": [
        _case("windows 0", (2, 18, 42), output_size=(6, 9), **_WINDOWS[0]),
        _case("windows 1", (2, 27, 12), output_size=(7, 9), **_WINDOWS[1]),
    ],
    "linear": _LINEAR,
    "linear_relu": _LINEAR,
    "max_pool2d": _POOL,
    "avg_pool2d": [
        *_POOL,
        _case("zeros do not count", (2, 3, 6, 5), kernel_size=3, padding=1, count_include_pad=False),
    ],
    "max_pool1d": _POOL1D,
    "avg_pool1d": _POOL1D,
    "adaptive_avg_pool2d": _BINS,
    "adaptive_max_pool2d": _BINS,
    "batch_norm": _NORM,
    "batch_norm_relu": _NORM,
    "layer_norm": [
        _case("rows", (5, 7), (7,), (7,), normalized_shape=7),
        _case("images", (2, 3, 4, 5), (4, 5), (4, 5), normalized_shape=(4, 5)),
        _case("no weights", (1, 3, 19), normalized_shape=(3, 19)),
    ],
    "group_norm": [
        _case("images", (2, 6, 4, 5), (6,), (6,), num_groups=3),
        _case("one group", (3, 4, 7), (4,), (4,), num_groups=1),
        _case("no weights", (1, 4, 3, 2), num_groups=4),
    ],
    "lstm": _recurrent(4, 2),
    "gru": _recurrent(3, 1),
    "relu": _ANY,
    "leaky_relu": [*_ANY, _case("steep", (3, 8), negative_slope=0.3)],
    "elu": [*_ANY, _case("small", (3, 8), alpha=0.4)],
    "sigmoid": _ANY,
    "tanh": _ANY,
    "gelu": [*_ANY, _case("by tanh", (3, 8), approximate="tanh")],
    "silu": _ANY,
    "hard_swish": [*_ANY, _case("many", (4, 50))],
    "softmax": [_case("rows", (4, 7)), _case("one sample", (1, 19)), _case("many", (33, 5))],
    "log_softmax": [_case("rows", (4, 7)), _case("one sample", (1, 19)), _case("many", (33, 5))],
    "cross_entropy": [
        _case("labels", (5, 4), targets=_LABELS),
        _case("probabilities", (3, 4), targets=_CHANCES),
        _case("smoothed", (5, 4), targets=_LABELS, label_smoothing=0.1),
        _case("weighted", (5, 4), targets=_LABELS, weight=np.array([0.5, 2.0, 1.0, 0.0])),
    ],
    "mse": [_case("rows", (4, 3), targets=_TARGETS)],
    "huber": [_case("rows", (4, 3), targets=_TARGETS), _case("narrow", (4, 3), targets=_TARGETS, delta=0.3)],
    "bce_with_logits": [
        _case("rows", (4, 3), targets=_YES),
        _case("weighted", (4, 3), targets=_YES, pos_weight=np.array([2.0, 0.5, 1.0])),
    ],
    "dropout": [_case("half", (4, 50), p=0.5, key=7), _case("images", (2, 3, 4, 5), p=0.25, key=8)],
    "dropout2d": [_case("images", (2, 5, 4, 3), p=0.5, key=7), _case("sequences", (3, 4, 5), p=0.25, key=8)],
    "flatten": [_case("images", (2, 3, 4, 5)), _case("one sample", (1, 6))],
    "reshape": [_case("images", (2, 3, 4, 5), shape=(5, 12)), _case("what is left", (1, 3, 8), shape=(2, -1, 4))],
    "permute": [_case("images", (2, 3, 4, 5), axes=(3, 1, 2)), _case("rows", (1, 3, 8), axes=(2, 1))],
    "add": _PAIRS,
    "multiply": _PAIRS,
    "concatenate": [_case("channels", (2, 3, 4, 5), (2, 1, 4, 5)), _case("widths", (1, 3, 4), (1, 3, 2), axis=2)],
}
