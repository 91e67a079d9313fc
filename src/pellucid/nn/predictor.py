"""Predictor: a frozen copy of a network, planned once, that does nothing but predict."""

import copy
from typing import Any

import numpy as np

from .. import native
from .._core.arrays import Array, Shape
from .._core.errors import DtypeError, ShapeError
from ..ops import softmax_forward
from ..ops._memory import permanent
from .module import Module
from .program import make_program


class Predictor:
    """Applies a network to inputs, as it was when this was made: training it further changes nothing here.

    With the native engine a network of float32 whose layers all have kernels becomes one program: weights packed
    once, batch-norms folded into the layers before them, a whole batch in one call, and a large batch run by run
    through all layers while it lies in the cache.
    Hooks see nothing of a program.  Else the layers run one by one.  Results do not depend on the batch that a
    sample comes in.  Several threads may predict at once.

    Parameters
    ----------
    model : Module
        Built: ``model.build(input_shape, seed)``.

    Examples
    --------
    >>> model = Sequential(Linear(2, 3, weight_init="ones")).build((2,), seed=0)
    >>> predict = Predictor(model)
    >>> predict(np.ones((1, 2), np.float32)).tolist()
    [[2.0, 2.0, 2.0]]
    >>> model[0].weight.data[...] = 0     # training goes on without it
    >>> predict(np.ones((1, 2), np.float32)).tolist()
    [[2.0, 2.0, 2.0]]
    """

    def __init__(self, model: Module) -> None:
        self._dtype = model.parameters().data.dtype
        self._model = copy.deepcopy(model).eval()
        self._model.forget()
        for _, module in self._model.named_modules():
            module.keeping = False
        self._programs: dict[tuple[Shape, Any], Any] = {}  # by the shape of a sample and the kernels in use

    def __call__(self, x: Array) -> Array:
        """Same as `predict_logits`."""
        return self.predict_logits(x)

    def predict_logits(self, x: Array) -> Array:
        """Return the network's output (N, ...) for x (N, ...), an array of the model's dtype.

        Raises
        ------
        DtypeError, ShapeError
            If x is of another dtype, or does not fit the network.
        """
        if not isinstance(x, np.ndarray) or x.dtype != self._dtype:
            kind = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
            raise DtypeError(f"Predictor: x is {kind}, an array of {self._dtype} is needed")
        if x.ndim < 2:
            raise ShapeError(f"Predictor: x has shape {x.shape}, samples along a first axis are needed")
        program = self._program(x.shape[1:])
        if program is None:
            return self._model.forward(x)
        runner, shape = program
        y = permanent((len(x), *shape), np.float32, images=True)
        runner.run(x, y)
        return y

    def predict(self, x: Array) -> Array:
        """Return the probability of each class (N, K): the softmax of `predict_logits`."""
        return softmax_forward(self.predict_logits(x))[0]

    def _program(self, sample: Shape) -> tuple[Any, Shape] | None:
        engine = native.engine
        if engine is None or self._dtype != np.float32:
            return None
        key = sample, engine.instruction_set()
        if key not in self._programs:
            self._programs[key] = make_program(engine, self._model, sample)
        program: tuple[Any, Shape] | None = self._programs[key]
        return program
