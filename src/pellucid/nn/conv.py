"""Conv2d: the parameters of a convolution and where its gradients go; the mathematics is in ops/conv2d.py."""

from typing import Any

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ..ops import conv2d_backward, conv2d_forward, conv2d_shape
from ..ops._check import Padding, Pair, pair, sides, whole
from ..ops.conv2d import Options, written_out
from .init import Initializer
from .parameter import Parameter
from .weighted import Weighted


class Conv2d(Weighted):
    """2-D convolution over images; arguments and weight layout as in PyTorch.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and of the output.
    kernel_size, stride : int or (height, width)
    padding : int, (height, width), ((top, bottom), (left, right)), "same" or "valid"
        Zeros around the image.  "same" keeps its size and needs stride 1; an even kernel pads the end.
    dilation : int or (height, width)
        How far apart in the image the kernel's taps lie.
    groups : int
        Cuts the channels, in and out, into so many runs that do not see each other; as many as there are
        `in_channels` makes the convolution depthwise.  weight is (O, in_channels / groups, KH, KW).
    bias : bool
        Add a learned number to each output channel.
    exact : bool
        Keeps the native engine from Winograd's algorithms for 3x3 kernels, which are faster and round a little more:
        the error may reach 1e-4 of the largest output, or gradient, instead of 2e-5.
    weight_init, bias_init : str or function
        Start values, see `pellucid.nn.init`.

    Input (N, C, H, W), output (N, O, OH, OW) with OH = floor((H + padding - dilation*(KH - 1) - 1) / SH) + 1.

    Examples
    --------
    >>> conv = Conv2d(3, 8, kernel_size=3, padding=1).build((3, 32, 32), seed=0)
    >>> conv(np.zeros((2, 3, 32, 32), np.float32)).shape
    (2, 8, 32, 32)
    >>> Conv2d(32, 64, 3, exact=True)
    Conv2d(32, 64, 3x3, exact=True)
    """

    kernels_only = True

    _settled: tuple[Any, Options] | None = None  # what was given, and written out

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: Padding = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        exact: bool = False,
        weight_init: str | Initializer = "he_uniform",
        bias_init: str | Initializer = "zeros",
    ) -> None:
        (O, C) = pair("Conv2d", "(out_channels, in_channels)", (out_channels, in_channels))
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size)
        self.stride = pair("Conv2d", "stride", stride)
        self.dilation, self.groups = pair("Conv2d", "dilation", dilation), whole("Conv2d", "groups", groups)
        sides("Conv2d", padding, self.kernel_size, self.stride, self.dilation)  # a wrong one is told here and now
        self.padding, self.exact = padding, exact
        if C % self.groups or O % self.groups:
            raise ConfigError(f"Conv2d: {C} channels in and {O} out do not divide into {self.groups} groups")
        self.weight = Parameter((O, C // self.groups, *self.kernel_size), weight_init)
        self.bias = Parameter((O,), bias_init) if bias else None

    def forward(self, x: Array) -> Array:
        """Return y (N, O, OH, OW) for x (N, C, H, W)."""
        bias = self.bias.data if self.bias else None
        y, saved = conv2d_forward(x, self.weight.data, bias, **self.options())
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Add to the gradients of weight and bias, return grad_x."""
        return self.run_backward(conv2d_backward, grad_y)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (O, OH, OW) for (C, H, W)."""
        return conv2d_shape((1, *input_shape), self.weight.shape, **self.options())[1:]

    def settled(self) -> Options:
        """Return the options as the op writes them out, checked."""
        given = self.stride, self.padding, self.dilation, self.groups, self.exact
        if self._settled is None or self._settled[0] != given:
            self._settled = given, written_out(self.kernel_size, *given)
        return self._settled[1]

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of the op."""
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
            "exact": self.exact,
        }

    def __repr__(self) -> str:
        O, C = self.weight.shape[0], self.weight.shape[1] * self.groups
        KH, KW = self.kernel_size
        more = f", stride={self.stride}" if self.stride != (1, 1) else ""
        more += f", padding={self.padding!r}" if self.padding != 0 else ""
        more += f", dilation={self.dilation}" if self.dilation != (1, 1) else ""
        more += f", groups={self.groups}" if self.groups != 1 else ""
        more += "" if self.bias else ", bias=False"
        more += ", exact=True" if self.exact else ""
        return f"Conv2d({C}, {O}, {KH}x{KW}{more})"
