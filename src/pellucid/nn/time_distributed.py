"""TimeDistributed and TimeAxis: networks for one sample of a moment, applied to each step of a sequence."""

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ..ops._memory import in_memory_order
from .module import Module


class TimeDistributed(Module):
    """Apply a module to each step: (N, T, ...) becomes (N * T, ...), and what the module gives (N, T, ...) again.

    All steps go through it in one call, so that its weights are read once, and their gradients are sums over all steps.

    Parameters
    ----------
    module : Module
        Of one array in and one out.

    Examples
    --------
    >>> frames = TimeDistributed(Sequential(Conv2d(1, 2, 3), Flatten())).build((5, 1, 8, 8), seed=0)
    >>> frames(np.ones((3, 5, 1, 8, 8), np.float32)).shape
    (3, 5, 72)
    """

    def __init__(self, module: Module) -> None:
        if not isinstance(module, Module):
            raise ConfigError(f"TimeDistributed: module is a {type(module).__name__}, not a Module")
        self.module = module

    def forward(self, x: Array) -> Array:
        """Return y (N, T, ...) for x (N, T, ...)."""
        if x.ndim < 3:
            raise ShapeError(f"{self.title}: x has shape {x.shape}, samples and steps along two axes are needed")
        N, T = x.shape[:2]
        y = self.module.forward(_one_after_the_other(x))
        self.keep((N, T))
        return y.reshape(N, T, *y.shape[1:])

    def backward(self, grad_y: Array) -> Array | None:
        """Return grad_x."""
        N, T = self.kept()
        grad_x = self.module.backward(_one_after_the_other(grad_y))
        return None if grad_x is None else grad_x.reshape(N, T, *grad_x.shape[1:])

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (T, ...) for (T, ...)."""
        if len(input_shape) < 2:
            raise ShapeError(f"TimeDistributed: got {tuple(input_shape)}, steps along a first axis are needed")
        return input_shape[0], *self.module.output_shape(tuple(input_shape[1:]))

    def require_input_grad(self, needed: bool) -> None:
        """Say whether backward must return grad_x; it concerns the module inside."""
        super().require_input_grad(needed)
        self.module.require_input_grad(needed)

    def __repr__(self) -> str:
        return f"TimeDistributed({self.module!r})"


class TimeAxis(Module):
    """Make pictures (N, C, H, W) sequences (N, 1, C, H, W) of one step; what has five axes stays as it is.

    Examples
    --------
    >>> TimeAxis()(np.ones((3, 1, 8, 8))).shape, TimeAxis()(np.ones((3, 5, 1, 8, 8))).shape
    ((3, 1, 1, 8, 8), (3, 5, 1, 8, 8))
    """

    def forward(self, x: Array) -> Array:
        """Return y (N, T, C, H, W)."""
        shape = self.output_shape(x.shape[1:])
        self.keep(x.shape)
        return x.reshape(len(x), *shape)

    def backward(self, grad_y: Array) -> Array:
        """Return grad_x, of x's shape."""
        return grad_y.reshape(self.kept())

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (T, C, H, W) for (C, H, W) or (T, C, H, W)."""
        if len(input_shape) not in (3, 4):
            raise ShapeError(f"TimeAxis: got {tuple(input_shape)}, expected (C, H, W) or (T, C, H, W)")
        return tuple(input_shape) if len(input_shape) == 4 else (1, *input_shape)

    def __repr__(self) -> str:
        return "TimeAxis()"


def _one_after_the_other(x: Array) -> Array:
    """Return (N, T, ...) as (N * T, ...), as ops read it: a view, unless memory has another order."""
    return in_memory_order(x.reshape(x.shape[0] * x.shape[1], *x.shape[2:]))
