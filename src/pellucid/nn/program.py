"""What a frozen network adds to the native engine's program, step by step; see predictor.py."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, cast

import numpy as np

from .._core.arrays import Array, Shape
from ..ops._taps import pool_options
from ..ops.gelu import is_by_tanh
from ..ops.pool2d import divisors
from .activation import ELU, GELU, Hardswish, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Tanh
from .batch_norm import BatchNorm1d, BatchNorm2d
from .container import Sequential
from .conv import Conv2d
from .dropout import Dropout, Dropout1d, Dropout2d
from .flatten import Flatten
from .fuse import ConvNormFused, Folded, Fused, Step, steps
from .gru import GRU
from .linear import Linear
from .lstm import LSTM
from .module import Module
from .pool import AvgPool2d, MaxPool2d
from .recurrent import Recurrent
from .time_distributed import TimeAxis, TimeDistributed

_POOLING = {MaxPool2d: 1, AvgPool2d: 2}  # as native/geometry.hpp numbers them; 0 is none


def make_program(engine: Any, model: Module, sample: Shape) -> tuple[Any, Shape] | None:
    """Return (program, shape of a sample's output) of a model, None if a layer has no place in a program.

    `sample` is the shape of an input sample; batch-norms are folded in, so the model is one in eval mode.
    """
    outputs, layers = model.output_shape(sample), _flat(model)
    if layers is None:
        return None
    program, shape = engine.Program(prod(sample)), sample
    times: Shape = ()  # the steps of the sequences that are cut up
    for step in steps(layers):
        if isinstance(step, TimeDistributed | _TogetherAgain):
            begins = isinstance(step, TimeDistributed)
            whole, frame = (shape, shape[1:]) if begins else ((times[-1], *shape), shape)
            if len(whole) == 3 or (len(frame) == 3 and frame[0] != 1):  # it would lie channels-last, as images do
                return None
            times, shape = ((*times, shape[0]), frame) if begins else (times[:-1], whole)
            program.repeat(prod(times))
            continue
        if not _STEPS[type(_layers(step)[0])](program, step, shape):
            return None
        for layer in _layers(step):
            shape = layer.output_shape(shape)
    assert shape == outputs, "the plan leads elsewhere than the model"
    return program, shape


def _flat(module: Module) -> tuple[Module, ...] | None:
    """Return the layers in the order in which they run, None if that is not simply one after the other."""
    if "forward" in vars(module):  # of its own, whatever its class does
        return None
    if type(module) is TimeDistributed:
        inside = _flat(module.module)
        return None if inside is None else (module, *inside, _TogetherAgain())
    if type(module).forward is not Sequential.forward:
        return (module,) if type(module) in _STEPS else None
    layers = [_flat(layer) for layer in cast(Sequential, module)]
    return None if None in layers else tuple(layer for part in layers for layer in part or ())


class _TogetherAgain(Module):
    """Stands behind what a TimeDistributed applies to each step."""


# What a step adds to a program: (program, step, shape before it) -> whether it can.


def _conv2d(program: Any, step: Step, shape: Shape) -> bool:
    layers = _layers(step)
    conv, last = layers[0], layers[-1]
    options = conv.settled()
    pooling = _POOLING.get(type(last), 0)
    window = last.kernel_size if pooling else (1, 1)
    if isinstance(step, ConvNormFused):  # not folded: there are no running statistics
        return False
    program.conv2d(shape, *_arrays(step), *options[:4], _has_relu(layers), pooling, window, options.exact)
    return True


def _linear(program: Any, step: Step, shape: Shape) -> bool:
    if len(shape) == 1:
        program.linear(*_arrays(step), _has_relu(_layers(step)))
    return len(shape) == 1


def _batch_norm(program: Any, step: Step, shape: Shape) -> bool:
    layers = _layers(step)
    norm = layers[0]
    given = norm.given()
    if not given or len(shape) == 2:  # a batch that is its own measure; channels that do not lie together in memory
        return False
    program.batch_norm(
        shape[0], prod(shape[1:]), *norm.affine_arrays(), given["mean"], given["var"], norm.eps, _has_relu(layers)
    )
    return True


def _layers(step: Step) -> Sequence[Any]:
    return step.layers if isinstance(step, Fused) else (step,)


def _arrays(step: Step) -> tuple[Array, Array | None]:
    """Return weight and bias of a step, a batch-norm behind it folded in."""
    if isinstance(step, Folded):
        return step.arrays()
    layer = _layers(step)[0]
    return layer.weight.data, layer.bias.data if layer.bias else None


def _has_relu(layers: Sequence[Any]) -> bool:
    return any(type(layer) is ReLU for layer in layers)


def _recurrent(program: Any, step: Step, shape: Shape) -> bool:
    layer: Recurrent = _layers(step)[0]
    if layer.bidirectional or layer.return_state or shape[0] < 1:
        return False
    add = program.lstm if isinstance(layer, LSTM) else program.gru
    for k in range(layer.num_layers):
        arrays = (None if parameter is None else parameter.data for parameter in layer.weights(k))
        add(shape[0], *arrays, layer.return_sequences or k + 1 < layer.num_layers)
    return True


def _flatten(program: Any, step: Step, shape: Shape) -> bool:
    if len(shape) == 3:
        program.flatten(shape[0], shape[1] * shape[2])
    return True


def _pool2d(program: Any, step: Step, shape: Shape) -> bool:
    pool = _layers(step)[0]
    kernel, stride, around = pool_options("pool2d", pool.kernel_size, pool.stride, pool.padding)
    outputs, counts = pool.output_shape(shape), None
    if isinstance(pool, AvgPool2d):
        counts = divisors((1, *shape), (1, *outputs), kernel, stride, around, pool.count_include_pad).astype(np.float32)
    program.pool2d(shape, kernel, stride, (around[0][0], around[1][0]), outputs[1:], counts)
    return True


def _nothing(program: Any, step: Step, shape: Shape) -> bool:
    return True


def _one_channel(program: Any, step: Step, shape: Shape) -> bool:
    return shape[-3] == 1  # frames of several channels lie in another order


def _activation(name: str) -> Callable[[Any, Step, Shape], bool]:
    def add(program: Any, step: Step, shape: Shape) -> bool:
        getattr(program, name)()
        return True

    return add


def _elu(program: Any, step: Step, shape: Shape) -> bool:
    program.elu(_layers(step)[0].alpha)
    return True


def _gelu(program: Any, step: Step, shape: Shape) -> bool:
    program.gelu(is_by_tanh("GELU", _layers(step)[0].approximate))
    return True


def _along_rows(name: str) -> Callable[[Any, Step, Shape], bool]:
    def add(program: Any, step: Step, shape: Shape) -> bool:
        if len(shape) < 3:  # the last axis of an image does not lie together in memory
            getattr(program, name)(shape[-1])
        return len(shape) < 3

    return add


_STEPS: dict[type[Any], Callable[[Any, Step, Shape], bool]] = {
    BatchNorm1d: _batch_norm,
    BatchNorm2d: _batch_norm,
    Conv2d: _conv2d,
    Linear: _linear,
    MaxPool2d: _pool2d,
    AvgPool2d: _pool2d,
    Flatten: _flatten,
    LSTM: _recurrent,
    GRU: _recurrent,
    TimeAxis: _one_channel,
    Dropout: _nothing,
    Dropout1d: _nothing,
    Dropout2d: _nothing,
    ReLU: _activation("relu"),
    Sigmoid: _activation("sigmoid"),
    Tanh: _activation("tanh"),
    Hardswish: _activation("hard_swish"),
    SiLU: _activation("silu"),
    ELU: _elu,
    GELU: _gelu,
    Softmax: _along_rows("softmax"),
    LogSoftmax: _along_rows("log_softmax"),
}
