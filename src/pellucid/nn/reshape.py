"""Identity, Reshape and Permute: the same numbers, by other axes; the ops are in ops/reshape.py."""

from .._core.arrays import Array, Shape
from ..ops import permute_backward, permute_forward, permute_shape, reshape_backward, reshape_forward, reshape_shape
from ..ops._check import whole
from .module import Module


class Identity(Module):
    """Gives what it is given: a place where nothing happens.

    Examples
    --------
    >>> Identity()(np.ones((1, 2))).tolist()
    [[1.0, 1.0]]
    """

    kernels_only = True

    def forward(self, x: Array) -> Array:
        """Return x."""
        return x

    def backward(self, grad_y: Array) -> Array:
        """Return grad_y."""
        return grad_y

    def __repr__(self) -> str:
        return "Identity()"


class Reshape(Module):
    """(N, ...) becomes ``(N, *shape)``; numbers keep their order, for images C, H, W.

    Parameters
    ----------
    *shape : int
        Sizes of one sample; one of them may be -1, which stands for what is left.

    Examples
    --------
    >>> Reshape(28, 28)(np.zeros((2, 1, 28, 28))).shape      # an image, row by row
    (2, 28, 28)
    """

    kernels_only = True

    def __init__(self, *shape: int) -> None:
        self.shape = tuple(whole("Reshape", "shape", size, -1) for size in shape)

    def forward(self, x: Array) -> Array:
        """Return y ``(N, *shape)``."""
        y, saved = reshape_forward(x, shape=self.shape)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return reshape_backward(grad_y, self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape, with the size for -1 put in."""
        return reshape_shape((1, *input_shape), shape=self.shape)[1:]

    def __repr__(self) -> str:
        return f"Reshape({', '.join(map(str, self.shape))})"


class Permute(Module):
    """The axes of each sample in another order.

    Parameters
    ----------
    *axes : int
        The samples' axes, from 1 on, in the order in which the output has them; axis 0 counts the samples and stays.

    Examples
    --------
    >>> Permute(2, 1)(np.zeros((5, 3, 100))).shape      # (N, C, L) becomes (N, L, C)
    (5, 100, 3)
    """

    kernels_only = True

    def __init__(self, *axes: int) -> None:
        self.axes = tuple(whole("Permute", "axes", axis) for axis in axes)

    def forward(self, x: Array) -> Array:
        """Return y."""
        y, saved = permute_forward(x, axes=self.axes)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x."""
        return permute_backward(grad_y, self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the sizes in their new order."""
        return permute_shape((1, *input_shape), axes=self.axes)[1:]

    def __repr__(self) -> str:
        return f"Permute({', '.join(map(str, self.axes))})"
