"""Conv1d: a convolution along sequences; the mathematics is in ops/conv1d.py."""

from typing import Any

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError
from ..ops import conv1d_backward, conv1d_forward, conv1d_shape
from ..ops._check import whole
from ..ops.conv1d import Padding1d, along_rows
from .init import Initializer
from .parameter import Parameter
from .weighted import Weighted


class Conv1d(Weighted):
    """1-D convolution along sequences; arguments and weight layout as in PyTorch.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and of the output.
    kernel_size, stride : int
    padding : int, (before, behind), "same" or "valid"
        Zeros around the sequence.  "same" keeps its length and needs stride 1; an even kernel pads the end.
    dilation : int
        How far apart in the sequence the kernel's taps lie.
    groups : int
        Cuts the channels, in and out, into so many runs that do not see each other.  weight is
        (O, in_channels / groups, K).
    bias : bool
        Add a learned number to each output channel.
    exact : bool
        As of `Conv2d`.
    weight_init, bias_init : str or function
        Start values, see `pellucid.nn.init`.

    Input (N, C, L), output (N, O, OL) with OL = floor((L + padding - dilation*(K - 1) - 1) / stride) + 1.

    Examples
    --------
    >>> conv = Conv1d(3, 8, kernel_size=5, padding=2).build((3, 100), seed=0)
    >>> conv(np.zeros((2, 3, 100), np.float32)).shape
    (2, 8, 100)
    """

    kernels_only = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: Padding1d = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        exact: bool = False,
        weight_init: str | Initializer = "he_uniform",
        bias_init: str | Initializer = "zeros",
    ) -> None:
        C, O = whole("Conv1d", "in_channels", in_channels), whole("Conv1d", "out_channels", out_channels)
        self.kernel_size, self.stride = whole("Conv1d", "kernel_size", kernel_size), whole("Conv1d", "stride", stride)
        self.dilation, self.groups = whole("Conv1d", "dilation", dilation), whole("Conv1d", "groups", groups)
        self.padding, self.exact = padding, exact
        along_rows(self.kernel_size, self.stride, padding, self.dilation, self.groups, exact)  # a wrong one is told now
        if C % self.groups or O % self.groups:
            raise ConfigError(f"Conv1d: {C} channels in and {O} out do not divide into {self.groups} groups")
        self.weight = Parameter((O, C // self.groups, self.kernel_size), weight_init)
        self.bias = Parameter((O,), bias_init) if bias else None

    def forward(self, x: Array) -> Array:
        """Return y (N, O, OL) for x (N, C, L)."""
        y, saved = conv1d_forward(x, self.weight.data, self.bias.data if self.bias else None, **self.options())
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Add to the gradients of weight and bias, return grad_x."""
        return self.run_backward(conv1d_backward, grad_y)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (O, OL) for (C, L)."""
        return conv1d_shape((1, *input_shape), self.weight.shape, **self.options())[1:]

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of the op."""
        return {name: getattr(self, name) for name in ("stride", "padding", "dilation", "groups", "exact")}

    def __repr__(self) -> str:
        O, C = self.weight.shape[0], self.weight.shape[1] * self.groups
        usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "exact": False}
        more = "".join(f", {name}={value!r}" for name, value in self.options().items() if value != usual[name])
        return f"Conv1d({C}, {O}, {self.kernel_size}{more}{'' if self.bias else ', bias=False'})"
