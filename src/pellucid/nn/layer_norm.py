"""LayerNorm: the parameters of a normalisation over the last axes; see ops/layer_norm.py."""

from collections.abc import Sequence

from .._core.arrays import Array, Shape
from ..ops import layer_norm_backward, layer_norm_forward, layer_norm_shape
from ..ops.layer_norm import axes_of
from .parameter import Parameter
from .weighted import Weighted


class LayerNorm(Weighted):
    """Mean 0 and deviation 1 over the last axes, then a learned scale and shift; arguments as in PyTorch.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The last axes, such as 64 or (16, 8, 8).
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Learn a scale, `weight`, for each place in `normalized_shape`.
    bias : bool
        Learn a shift too, where there is a scale.

    Input (N, ..., *normalized_shape), output of that shape.

    Examples
    --------
    >>> LayerNorm(2)(np.array([[1.0, 3.0], [20.0, 10.0]], np.float32)).round(3).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]
    """

    kernels_only = True
    weight: Parameter | None  # type: ignore[assignment]

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.normalized_shape, self.eps = axes_of("LayerNorm", normalized_shape), eps
        self.weight = Parameter(self.normalized_shape, "ones") if elementwise_affine else None
        self.bias = Parameter(self.normalized_shape, "zeros") if elementwise_affine and bias else None

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape."""
        weight, bias = (None if p is None else p.data for p in (self.weight, self.bias))
        y, saved = layer_norm_forward(x, weight, bias, normalized_shape=self.normalized_shape, eps=self.eps)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Add to the gradients of weight and bias, return grad_x."""
        return self.run_backward(layer_norm_backward, grad_y)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`, which must end in `normalized_shape`."""
        return layer_norm_shape((1, *input_shape), normalized_shape=self.normalized_shape)[1:]

    def __repr__(self) -> str:
        shown = ", ".join(map(str, self.normalized_shape))
        shown = f"({shown})" if len(self.normalized_shape) > 1 else shown
        more = "" if self.eps == 1e-5 else f", eps={self.eps}"
        more += "" if self.weight else ", elementwise_affine=False"
        more += ", bias=False" if self.weight and not self.bias else ""
        return f"LayerNorm({shown}{more})"
