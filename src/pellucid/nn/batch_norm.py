"""BatchNorm1d and BatchNorm2d: which statistics count, and how the running ones are kept; see ops/batch_norm.py."""

from typing import ClassVar

import numpy as np

from .._core.arrays import Array, Shape
from .._core.errors import ConfigError, ShapeError
from ..ops import batch_norm_backward, batch_norm_forward, batch_norm_shape
from ..ops._check import whole
from ..ops.batch_norm import track_batch_norm, values_per_channel
from .parameter import Buffer, Parameter
from .weighted import Weighted


class BatchNorm(Weighted):
    """What the batch-norms share; a subclass says which inputs it takes."""

    axes: ClassVar[tuple[str, ...]]  # of the inputs it takes
    weight: Parameter | None  # type: ignore[assignment]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        name = type(self).__name__
        self.num_features = whole(name, "num_features", num_features)
        if not eps >= 0:
            raise ConfigError(f"{name}: eps is {eps}, a number from 0 is needed")
        if momentum is not None and not 0 <= momentum <= 1:
            raise ConfigError(f"{name}: momentum is {momentum}, a number from 0 to 1 or None is needed")
        self.eps, self.momentum = eps, momentum
        shape = (self.num_features,)
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(shape, "ones") if affine else None
        self.bias = Parameter(shape) if affine else None
        self.running_mean = Buffer(shape) if track_running_stats else None
        self.running_var = Buffer(shape, "ones") if track_running_stats else None
        self.num_batches_tracked = Buffer((), dtype=np.int64) if track_running_stats else None

    def forward(self, x: Array) -> Array:
        """Return y, of x's shape; in training the running statistics take in those of x."""
        self.check(x.shape[1:])
        y, saved = batch_norm_forward(x, *self.affine_arrays(), **self.given(), eps=self.eps)
        self.track(saved[3], x.shape)
        self.keep(saved)
        return y

    def backward(self, grad_y: Array) -> Array | None:
        """Add to the gradients of weight and bias, return grad_x."""
        return self.run_backward(batch_norm_backward, grad_y)

    def affine_arrays(self) -> tuple[Array | None, Array | None]:
        """Return weight and bias, as far as there are any."""
        return self.weight.data if self.weight else None, self.bias.data if self.bias else None

    @property
    def constant(self) -> bool:
        """Whether the running statistics count now."""
        return not self.training and self.running_mean is not None

    def given(self) -> dict[str, Array]:
        """Return the running statistics if they count now, as arguments of the op."""
        if not self.constant:
            return {}
        assert self.running_mean is not None
        assert self.running_var is not None
        return {"mean": self.running_mean.data, "var": self.running_var.data}

    def track(self, statistics: Array, x_shape: Shape) -> None:
        """Take the statistics of a training batch into the running ones."""
        mean, var, steps = self.running_mean, self.running_var, self.num_batches_tracked
        if self.training and mean and var and steps:
            count = values_per_channel(x_shape)
            track_batch_norm(mean.data, var.data, steps.data, statistics, count, self.momentum)

    def check(self, sample: Shape) -> None:
        """Refuse a sample that is no input of this layer."""
        name = type(self).__name__
        if len(sample) + 1 not in {len(axes.split()) for axes in self.axes}:
            raise ShapeError(f"{name}: input of {' or '.join(self.axes)} is needed, got (N, {str(sample)[1:]}")
        if sample[0] != self.num_features:
            raise ShapeError(f"{name}: x has {sample[0]} channels but num_features is {self.num_features}")

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`, if it has as many channels as the layer."""
        self.check(input_shape)
        return batch_norm_shape((1, *input_shape))[1:]

    def __repr__(self) -> str:
        more = f", eps={self.eps}" if self.eps != 1e-5 else ""
        more += f", momentum={self.momentum}" if self.momentum != 0.1 else ""
        more += "" if self.affine else ", affine=False"
        more += "" if self.track_running_stats else ", track_running_stats=False"
        return f"{type(self).__name__}({self.num_features}{more})"


class BatchNorm1d(BatchNorm):
    """Batch normalisation of features or sequences; arguments as in PyTorch.

    y = weight * (x - mean) / sqrt(var + eps) + bias, channel by channel.  In training mean and var are those of the
    batch, over samples and positions; running statistics follow them, and take their place in evaluation.

    Parameters
    ----------
    num_features : int
        C, how many channels there are.
    eps : float
        Added to the variance.
    momentum : float or None
        How much of a batch goes into the running statistics: running <- (1 - momentum) * running + momentum * new,
        with the unbiased variance.  None makes them the plain mean over all batches.
    affine : bool
        Learn a weight and a bias for each channel.
    track_running_stats : bool
        Keep running statistics; without them evaluation too takes those of the batch.

    Input (N, C) or (N, C, L), output likewise.

    Raises
    ------
    ShapeError
        In training, if a batch has one value for each channel: it has no variance.

    The running statistics are `running_mean`, `running_var` and `num_batches_tracked`, a whole number; they are saved
    with the parameters.  S. Ioffe and C. Szegedy, Batch normalization, ICML 2015.

    Examples
    --------
    >>> norm = BatchNorm1d(2).build((2,))
    >>> norm(np.array([[1.0, 10.0], [3.0, 30.0]], np.float32)).round(3).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    >>> norm.running_mean.data.round(3).tolist(), int(norm.num_batches_tracked.data)
    ([0.20000000298023224, 2.0], 1)
    """

    kernels_only = True
    axes = "(N, C)", "(N, C, L)"


class BatchNorm2d(BatchNorm):
    """Batch normalisation of images; as `BatchNorm1d`, with statistics over samples and pixels.

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats
        See `BatchNorm1d`.

    Input (N, C, H, W), output likewise.

    Raises
    ------
    ShapeError
        In training, if a batch has one value for each channel: it has no variance.

    Examples
    --------
    >>> norm = BatchNorm2d(3).build((3, 4, 4))
    >>> y = norm(np.arange(96, dtype=np.float32).reshape(2, 3, 4, 4))
    >>> y.mean(axis=(0, 2, 3)).round(5).tolist(), y.var(axis=(0, 2, 3)).round(4).tolist()
    ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    >>> BatchNorm2d(3, momentum=None, affine=False)
    BatchNorm2d(3, momentum=None, affine=False)
    """

    kernels_only = True
    axes = ("(N, C, H, W)",)
