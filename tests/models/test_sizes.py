"""The sums for pencil and paper, with an exercise's answers; what they say is what a layer has."""

import pytest

from pellucid import ConfigError, ShapeError
from pellucid.models import conv2d_output_size, parameter_count
from pellucid.nn import Conv2d


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "output", "parameters"),
    [
        ((144, 144, 3), (3, 3, 6), 1, (142, 142, 6), 168),
        ((60, 60, 24), (3, 3, 48), 1, (58, 58, 48), 10_416),
        ((20, 20, 10), (3, 3, 20), 2, (9, 9, 20), 1_820),
    ],
)
def test_the_exercise(size, kernel, stride, output, parameters):
    assert conv2d_output_size(size, 0, kernel, stride) == conv2d_output_size(size, "valid", kernel, stride) == output
    assert parameter_count(size[2], kernel[:2], kernel[2]) == parameters


@pytest.mark.parametrize("padding", [0, 1, (2, 1), "valid"])
@pytest.mark.parametrize("stride", [1, (2, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_they_say_what_a_layer_has(padding, stride, bias):
    layer = Conv2d(3, 5, (4, 2), stride, padding, bias=bias)
    O, OH, OW = layer.output_shape((3, 17, 12))
    assert conv2d_output_size((17, 12, 3), padding, (4, 2, 5), stride) == (OH, OW, O)
    assert conv2d_output_size((17, 12), padding, (4, 2), stride) == (OH, OW)
    assert parameter_count(3, (4, 2), 5, bias) == sum(p.size for _, p in layer.named_parameters())


def test_mistakes_are_named():
    with pytest.raises(ShapeError, match="kernel 5x5 does not fit into the input 4x4"):
        conv2d_output_size((4, 4, 1), 0, 5)
    with pytest.raises(ShapeError, match="input is 28"):
        conv2d_output_size(28, 0, 5)
    with pytest.raises(ShapeError, match="kernel is"):
        conv2d_output_size((28, 28), 0, (3, 3, 1, 6))
    with pytest.raises(ConfigError, match="padding 'same' needs stride 1"):
        conv2d_output_size((28, 28), "same", 3, 2)
    with pytest.raises(ConfigError, match="kernel is 0, at least 1 is needed"):
        parameter_count(3, 0, 6)
