"""GroupNorm: the parameters of a normalisation over groups of channels; see ops/group_norm.py."""

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ..ops import group_norm_backward, group_norm_forward, group_norm_shape
from ..ops._check import whole
from .parameter import Parameter
from .weighted import Weighted


class GroupNorm(Weighted):
    """Mean 0 and deviation 1 in each group of channels, then a learned scale and shift of each channel; as in PyTorch.

    Parameters
    ----------
    num_groups, num_channels : int
        As many groups of neighbouring channels; one group is all of a sample, num_channels of them each channel alone.
    eps : float
        Added to the variance.
    affine : bool
        Learn a scale, `weight`, and a shift, `bias`, for each channel.

    Input (N, num_channels, ...), output of that shape.

    Examples
    --------
    >>> GroupNorm(2, 4)(np.array([[1.0, 3.0, 10.0, 30.0]], np.float32)).round(3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    kernels_only = True
    weight: Parameter | None  # type: ignore[assignment]

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        self.num_groups = whole("GroupNorm", "num_groups", num_groups)
        self.num_channels, self.eps = whole("GroupNorm", "num_channels", num_channels), eps
        if num_channels % num_groups:
            raise ConfigError(f"GroupNorm: {num_channels} channels do not divide into {num_groups} groups")
        self.weight = Parameter((num_channels,), "ones") if affine else None
        self.bias = Parameter((num_channels,), "zeros") if affine else None

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape."""
        self.output_shape(x.shape[1:])
        weight, bias = (None if p is None else p.data for p in (self.weight, self.bias))
        y, saved = group_norm_forward(x, weight, bias, num_groups=self.num_groups, eps=self.eps)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Add to the gradients of weight and bias, return grad_x."""
        return self.run_backward(group_norm_backward, grad_y)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`, which must begin with `num_channels`."""
        if tuple(input_shape[:1]) != (self.num_channels,):
            got = input_shape[0] if input_shape else "no"
            raise ShapeError(f"{self.title}: x has {got} channels, {self.num_channels} are needed")
        return group_norm_shape((1, *input_shape), num_groups=self.num_groups)[1:]

    def __repr__(self) -> str:
        more = "" if self.eps == 1e-5 else f", eps={self.eps}"
        return f"GroupNorm({self.num_groups}, {self.num_channels}{more}{'' if self.weight else ', affine=False'})"
