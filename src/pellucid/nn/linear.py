"""Linear: the parameters of a fully connected layer and where its gradients go; see ops/linear.py."""

from .._core.arrays import Array, Shape
from ..ops import linear_backward, linear_forward, linear_shape
from ..ops._check import pair
from .init import Initializer
from .parameter import Parameter
from .weighted import Weighted


class Linear(Weighted):
    """Every output a weighted sum of all inputs: y = x @ weight.T + bias; arguments as in PyTorch.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
        Add a learned number to each output.
    weight_init, bias_init : str or function
        Start values, see `pellucid.nn.init`.

    Input (N, ..., in_features), output (N, ..., out_features).

    Examples
    --------
    >>> linear = Linear(4, 3).build((4,), seed=0)
    >>> linear(np.ones((2, 4), np.float32)).shape
    (2, 3)
    """

    kernels_only = True

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        weight_init: str | Initializer = "he_uniform",
        bias_init: str | Initializer = "zeros",
    ) -> None:
        shape = pair("Linear", "(out_features, in_features)", (out_features, in_features))
        self.weight = Parameter(shape, weight_init)
        self.bias = Parameter(shape[:1], bias_init) if bias else None

    def forward(self, x: Array) -> Array:
        """Return y (N, ..., out_features) for x (N, ..., in_features)."""
        y, saved = linear_forward(x, self.weight.data, self.bias.data if self.bias else None)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Add to the gradients of weight and bias, return grad_x."""
        return self.run_backward(linear_backward, grad_y)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (..., out_features) for (..., in_features)."""
        return linear_shape((1, *input_shape), self.weight.shape)[1:]

    def __repr__(self) -> str:
        O, I = self.weight.shape
        return f"Linear({I}, {O}{'' if self.bias else ', bias=False'})"
