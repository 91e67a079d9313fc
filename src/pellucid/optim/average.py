"""MovingAverage: the mean of what an array has been lately."""

from collections.abc import Sequence

import numpy as np

from .._core.arrays import Array
from .._core.errors import ConfigError, ShapeError
from ..ops._dispatch import twin
from ..ops._memory import scratch


class MovingAverage:
    """Exponential moving average of arrays, such as the weights of a network over the steps of its training.

        mean = sum_i share[i] * values[i]         share[i] = (1 - decay) * decay**(t - i) / (1 - decay**t),  i = 1 ... t

    after t updates: the shares sum to 1 from the first update on, when the mean is `values` itself.  That is the
    usual mean = decay * mean + (1 - decay) * values from zero with Adam's correction for the start, written so that
    no correction is left to do:

        mean = mean + (1 - decay) / (1 - decay**t) * (values - mean)

    B. T. Polyak and A. B. Juditsky, Acceleration of stochastic approximation by averaging, 1992; for the correction
    D. P. Kingma and J. Ba, Adam, ICLR 2015, section 3.

    Parameters
    ----------
    start : sequence of arrays
        What `means` are before the first update; they are copied.
    decay : float
        How much of the mean stays in an update, above 0 and below 1: it looks back some 1 / (1 - decay) updates.

    Attributes
    ----------
    means : list of arrays
    steps : int
        How many updates there were.

    Raises
    ------
    ConfigError
        If `decay` is out of range.

    Examples
    --------
    >>> average = MovingAverage([np.zeros(1)], decay=0.5)
    >>> for value in (3.0, 6.0):
    ...     average.update([np.array([value])])
    >>> average.means[0].tolist()                # shares 1/3 and 2/3
    [5.0]
    """

    def __init__(self, start: Sequence[Array], decay: float) -> None:
        if not 0 < decay < 1:
            raise ConfigError(f"MovingAverage: decay is {decay}, a number above 0 and below 1 is needed")
        self.decay, self.steps, self.means = decay, 0, [array.copy() for array in start]

    def update(self, values: Sequence[Array]) -> None:
        """Let `values`, arrays of the same shapes, be the latest of which `means` are the means.

        Raises
        ------
        ShapeError
            If they are others in number or shape.
        """
        if [v.shape for v in values] != [m.shape for m in self.means]:
            raise ShapeError(
                f"MovingAverage: values of shapes {[v.shape for v in values]}, "
                f"the means have {[m.shape for m in self.means]}"
            )
        self.steps += 1
        rate = (1 - self.decay) / (1 - self.decay**self.steps)
        for mean, value in zip(self.means, values, strict=True):
            if self.steps == 1:  # what lay there before has no share; adding the difference would round
                mean[...] = value
            else:
                _average_update(value, mean, rate)


@twin
def _average_update(values: Array, average: Array, rate: float) -> None:
    """Let `average` go the fraction `rate` of the way to `values`."""
    room = scratch(values.shape, values.dtype)
    average += np.multiply(np.subtract(values, average, out=room), rate, out=room)
