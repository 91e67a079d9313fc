"""Several batches in one optimiser step: their gradients add up to that of one large batch.

The loss of all is sum_n losses[n] / sum_n weights[n] over the samples of all batches, that of one batch the same over
its own.  So the gradient of each batch counts by the sum of its weights, and their sum is divided by that of all:

    grad = sum_b W_b * grad_b / sum_b W_b          W_b = sum of the weights of the samples of batch b

Without sample and class weights W_b is the number of samples; a last batch that is smaller counts less.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar

from .._core.arrays import Array, ordered_sum
from ..optim.optimizer import Parameters

_T = TypeVar("_T")


def groups(batches: Iterator[_T], size: int) -> Iterator[Iterator[_T]]:
    """Yield `batches` in groups of `size`, the last one perhaps smaller; each is made as it is walked over."""
    for first in batches:
        yield chain((first,), islice(batches, size - 1))


def summed(grad: Array, weights: Array) -> Array:
    """Return W_b * grad_b, the gradient of the sum over a batch, from that of its mean."""
    of_sum: Array = grad * ordered_sum(weights)
    return of_sum


def gradient_of_all(parameters: Parameters, weights: Sequence[Array]) -> None:
    """Divide the gradients of sums, which were added up, by what all samples weigh."""
    total = sum(ordered_sum(each) for each in weights)
    parameters.grad *= 1 / (total or 1.0)
