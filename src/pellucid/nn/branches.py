"""Residual and Concat: branches that see the same input.  Other shapes of networks are a `Graph`."""

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, PellucidError, ShapeError
from ..ops import add_backward, add_forward, concatenate_backward, concatenate_forward, concatenate_shape
from ..ops._check import whole
from .combine import total
from .misfit import placed
from .module import Module
from .tree import modules_of, shown


class Residual(Module):
    """A body, and a way around it: y = body(x) + shortcut(x).

    Parameters
    ----------
    body : Module
    shortcut : Module or None
        None: x itself goes around.  Where the body changes the shape, a 1x1 convolution with its stride does as well.

    The gradient is the sum of both ways', body first: grad_x = body'(g) + shortcut'(g).  K. He et al., Deep residual
    learning for image recognition, CVPR 2016.

    Examples
    --------
    >>> block = Residual(Sequential(Linear(2, 2, weight_init="ones"), ReLU())).build((2,))
    >>> block(np.array([[1.0, 2.0]], np.float32)).tolist()
    [[4.0, 5.0]]
    """

    kernels_only = True

    def __init__(self, body: Module, shortcut: Module | None = None) -> None:
        for name, part in (("body", body), ("shortcut", shortcut)):
            if not isinstance(part, Module) and (name == "body" or part is not None):
                raise ConfigError(f"Residual: {name} is a {type(part).__name__}, not a Module")
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Array) -> Array:
        """Return y, of the body's shape."""
        y, saved = add_forward(self.body.forward(x), x if self.shortcut is None else self.shortcut.forward(x))
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Run both ways' backwards, the last one first; return grad_x."""
        grad_body, around = add_backward(grad_y, self.kept())
        grad_around = around if self.shortcut is None else self.shortcut.backward(around)
        grad_x = self.body.backward(grad_body)
        if not self.needs_input_grad or grad_x is None or grad_around is None:
            return None
        return total((grad_x, grad_around))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the body's shape; the shortcut's must be the same."""
        shape = _shape_of(self.body, "body", input_shape)
        around = input_shape if self.shortcut is None else _shape_of(self.shortcut, "shortcut", input_shape)
        if tuple(shape) != tuple(around):
            way = "its input has" if self.shortcut is None else "shortcut gives"
            raise ShapeError(f"Residual: body gives {tuple(shape)} but {way} {tuple(around)}; only equal shapes add up")
        return shape

    def require_input_grad(self, needed: bool) -> None:
        """Say whether backward must return grad_x."""
        super().require_input_grad(needed)
        _require_input_grad([part for part in (self.body, self.shortcut) if part is not None], needed)

    def __repr__(self) -> str:
        return shown("Residual", [("body", self.body), ("shortcut", self.shortcut)])


class Concat(Module):
    """Branches side by side: y = [branch_0(x), branch_1(x), ...].

    Parameters
    ----------
    *branches : Module
        Their outputs are alike but for the size along the axis.
    axis : int
        Along which the outputs are joined; axis 0 counts the samples, so it is 1 (channels, features) or more.

    The gradient is the sum of the branches' in their order.  C. Szegedy et al., Going deeper with convolutions, CVPR
    2015.

    Examples
    --------
    >>> block = Concat(Conv2d(3, 4, 1), Conv2d(3, 8, 3, padding=1)).build((3, 5, 5))
    >>> block(np.zeros((2, 3, 5, 5), np.float32)).shape
    (2, 12, 5, 5)
    """

    kernels_only = True

    def __init__(self, *branches: Module, axis: int = 1) -> None:
        for i, branch in enumerate(branches):
            if not isinstance(branch, Module):
                raise ConfigError(f"Concat: branch {i} is a {type(branch).__name__}, not a Module")
        if not branches:
            raise ConfigError("Concat: no branches")
        self.branches, self.axis = branches, whole("Concat", "axis", axis)

    def forward(self, x: Array) -> Array:
        """Return y, whose size along the axis is the sum of the branches'."""
        y, saved = concatenate_forward(*(branch.forward(x) for branch in self.branches), axis=self.axis)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Run the branches' backwards, the last one first; return grad_x."""
        parts = concatenate_backward(grad_y, self.kept())
        ways = zip(reversed(self.branches), reversed(parts), strict=True)
        gradients = [branch.backward(part) for branch, part in ways]
        known = [gradient for gradient in reversed(gradients) if gradient is not None]
        return total(known) if self.needs_input_grad and len(known) == len(gradients) else None

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the joined shape."""
        shapes = [(1, *_shape_of(b, f"branches.{i}", input_shape)) for i, b in enumerate(self.branches)]
        return concatenate_shape(*shapes, axis=self.axis)[1:]

    def require_input_grad(self, needed: bool) -> None:
        """Say whether backward must return grad_x."""
        super().require_input_grad(needed)
        _require_input_grad(list(self.branches), needed)

    def __repr__(self) -> str:
        text = shown("Concat", [(str(i), branch) for i, branch in enumerate(self.branches)])
        return text if self.axis == 1 else f"{text[:-1]}, axis={self.axis})"


def _require_input_grad(parts: list[Module], needed: bool) -> None:
    # A layer that stands in two branches hands its gradient on in one of them, whatever comes before it there.
    below = [modules_of(part) for part in parts]
    shared = len(set().union(*below)) < sum(map(len, below))
    for part in parts:
        part.require_input_grad(needed or shared)


def _shape_of(part: Module, name: str, input_shape: Shape) -> Shape:
    try:
        return part.output_shape(input_shape)
    except PellucidError as error:
        raise placed(error, name, part, input_shape, [f"input {input_shape}"]) from None
