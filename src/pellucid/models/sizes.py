"""Two sums for pencil and paper: how large a convolution's output is, and how many parameters it has.

    OH = floor((H + 2*PH - KH) / SH) + 1, OW likewise            parameters = (inputs * KH * KW + 1) * filters

Sizes are (height, width, channels) here, as in such exercises.
"""

from .._core.arrays import Shape
from .._core.errors import ShapeError
from ..ops import conv2d_shape
from ..ops._check import Padding, Pair, pair


def conv2d_output_size(input: Shape, padding: Padding, kernel: int | Shape, stride: int | Pair = 1) -> Shape:
    """Return the size of a convolution's output.

    Parameters
    ----------
    input : (height, width) or (height, width, channels)
    padding : int, (height, width), "valid" or "same"
    kernel : int, (height, width) or (height, width, filters)
    stride : int or (height, width)

    Returns
    -------
    tuple
        (height, width, filters), or (height, width) where no filters were given.

    Raises
    ------
    ShapeError
        If the kernel is larger than the padded input.

    Examples
    --------
    >>> from pellucid.models import conv2d_output_size
    >>> conv2d_output_size((144, 144, 3), 0, (3, 3, 6))
    (142, 142, 6)
    >>> conv2d_output_size((28, 28), padding=1, kernel=3, stride=2)
    (14, 14)
    """
    if not isinstance(input, tuple | list) or len(input) not in (2, 3):
        raise ShapeError(f"conv2d_output_size: input is {input!r}, (height, width) or (height, width, channels) needed")
    sizes = tuple(kernel) if isinstance(kernel, tuple | list) else (kernel, kernel)
    if len(sizes) not in (2, 3):
        raise ShapeError(
            f"conv2d_output_size: kernel is {kernel!r}, (height, width) or (height, width, filters) needed"
        )
    H, W, C = (*input, 1)[:3]
    KH, KW, filters = (*sizes, 1)[:3]
    _, _, OH, OW = conv2d_shape((1, C, H, W), (filters, C, KH, KW), stride=stride, padding=padding)
    return (OH, OW, *sizes[2:])


def parameter_count(inputs: int, kernel: int | Pair, filters: int, bias: bool = True) -> int:
    """Return how many numbers a convolution learns.

    Parameters
    ----------
    inputs : int
        Channels of the input.
    kernel : int or (height, width)
    filters : int
        Channels of the output.
    bias : bool
        One number more for each filter.

    Examples
    --------
    >>> from pellucid.models import parameter_count
    >>> parameter_count(3, (3, 3), 6)
    168
    """
    C, O = pair("parameter_count", "(inputs, filters)", (inputs, filters))
    KH, KW = pair("parameter_count", "kernel", kernel)
    return (C * KH * KW + bool(bias)) * O
