"""Modes: what a network is told for a while, here and below: training or not, fused or plain."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

from .hooks import changed


class Modes:
    """What every module has of them."""

    training = True
    fusing = True
    needs_input_grad = True
    named_modules: Any

    def train(self, mode: bool = True) -> Self:
        """Set training mode here and below; return self."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set evaluation mode here and below; return self."""
        return self.train(False)

    def inference(self) -> AbstractContextManager[None]:
        """Evaluation mode in which forwards keep nothing, for the length of a ``with``."""
        return self._set(training=False, keeping=False)

    def plain(self) -> AbstractContextManager[None]:
        """Run every layer by itself, none fused with its neighbours, for the length of a ``with``.

        Fusion changes speed, and results by no more than rounding.

        Examples
        --------
        >>> model = Sequential(Linear(2, 2, weight_init="ones"), ReLU()).build((2,))
        >>> with model.plain():
        ...     print(model(np.ones((1, 2), np.float32)), model.fusing)
        [[2. 2.]] False
        >>> model.fusing
        True
        """
        return self._set(fusing=False)

    @contextmanager
    def _set(self, **flags: bool) -> Iterator[None]:
        before = [(module, {name: getattr(module, name) for name in flags}) for _, module in self.named_modules()]
        try:
            for module, _ in before:
                vars(module).update(flags)
            changed()
            yield
        finally:
            for module, values in before:
                vars(module).update(values)
            changed()

    def require_input_grad(self, needed: bool) -> None:
        """Say whether backward must return the gradient of this module's input.

        Training does without; whoever asks how the input matters (saliency) wants it.
        """
        self.needs_input_grad = needed
