"""conv1d: cross-correlation along a sequence; a convolution of images that are one row high.

    y[n,o,j] = bias[o] + sum_{c,v} weight[o,c,v] * xp[n, first+c, j*S + v*D]

where xp is x with zeros before and behind it.  Groups, `first` and the gradients are those of conv2d.py, whose op does
the work: the sequence becomes an image of height 1.  That copies, since images lie channels-last in memory.

    x (N,C,L)   weight (O,C/G,K)   bias (O,) or None   y (N,O,OL)
    OL = floor((L + before + behind - D*(K - 1) - 1) / S) + 1
"""

from typing import Literal, TypeAlias

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ._check import Padding, Pair, axes, float_dtype, pair, same_shape, sides, whole
from ._memory import NOWHERE
from .conv2d import Options, conv2d_backward, conv2d_forward, settled_shape
from .conv2d import Saved as Conv2dSaved
from .reshape import as_row, as_sequence

Padding1d: TypeAlias = int | Pair | Literal["same", "valid"]
Saved: TypeAlias = tuple[Shape, Shape, Conv2dSaved]


def conv1d_shape(
    x_shape: Shape,
    weight_shape: Shape,
    *,
    stride: int = 1,
    padding: Padding1d = 0,
    dilation: int = 1,
    groups: int = 1,
    exact: bool = False,
) -> Shape:
    """Return the shape of y; a ShapeError names sizes that do not fit."""
    O, C_group, K = axes("conv1d weight", weight_shape, "OCK")
    N, C, L = axes("conv1d", x_shape, "NCL")
    options = along_rows(K, stride, padding, dilation, groups, exact)
    N, O, _, OL = settled_shape((N, C, 1, L), (O, C_group, 1, K), options, "conv1d")
    return N, O, OL


def conv1d_forward(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: int = 1,
    padding: Padding1d = 0,
    dilation: int = 1,
    groups: int = 1,
    exact: bool = False,
) -> tuple[Array, Saved]:
    """Return (y, saved).

    `padding` is an int, (before, behind), "valid" (none) or "same" (y as long as x; needs stride 1); the other options
    are those of conv2d along one axis.

    >>> conv1d_forward(np.arange(5.0).reshape(1, 1, 5), np.ones((1, 1, 2)))[0].tolist()
    [[[1.0, 3.0, 5.0, 7.0]]]
    """
    float_dtype("conv1d", x=x, weight=weight, bias=bias)
    y_shape = conv1d_shape(
        x.shape, weight.shape, stride=stride, padding=padding, dilation=dilation, groups=groups, exact=exact
    )
    if bias is not None:
        same_shape("conv1d", "bias", bias, weight.shape[:1])
    options = along_rows(weight.shape[2], stride, padding, dilation, groups, exact)
    y, saved = conv2d_forward(as_row(x), weight[:, :, None], bias, **options._asdict())
    return as_sequence(y), (x.shape, y_shape, saved)


def conv1d_backward(
    grad_y: Array,
    saved: Saved,
    *,
    needs_input_grad: bool = True,
    out: tuple[Array | None, Array | None] = NOWHERE,
) -> tuple[Array | None, Array, Array | None]:
    """Return (grad_x, grad_weight, grad_bias); the options are those of conv2d_backward."""
    _, y_shape, rows = saved
    same_shape("conv1d", "grad_y", grad_y, y_shape)
    float_dtype("conv1d", x=rows[0], grad_y=grad_y)
    place, place_bias = out
    grad_x, grad_weight, grad_bias = conv2d_backward(
        as_row(grad_y),
        rows,
        needs_input_grad=needs_input_grad,
        out=(None if place is None else place[:, :, None], place_bias),
    )
    grad_weight = grad_weight[:, :, 0] if place is None else place
    return None if grad_x is None else as_sequence(grad_x), grad_weight, grad_bias


def along_rows(K: int, stride: int, padding: Padding1d, dilation: int, groups: int, exact: bool) -> Options:
    """Return the options of the convolution of images, checked."""
    step = 1, whole("conv1d", "stride", stride)
    apart = 1, whole("conv1d", "dilation", dilation)
    around = sides("conv1d", _beside(padding), (1, K), step, apart)
    return Options(step, around, apart, whole("conv1d", "groups", groups), exact)


def _beside(padding: Padding1d) -> Padding:
    if isinstance(padding, str):
        return padding
    if isinstance(padding, tuple) and len(padding) != 2:
        raise ConfigError(f"conv1d: padding is {padding!r}, expected 'same', 'valid', an int or (before, behind)")
    return (0, 0), pair("conv1d", "padding", padding, 0)
