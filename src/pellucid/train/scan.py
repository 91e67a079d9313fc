"""Scan: run a step again and look at each stage, until one makes a number that is not finite from ones that are."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._core.arrays import Array
from ..nn import Loss, Module, Sequential
from ..nn.fuse import Fused
from ..nn.plan import observed
from ..ops import _dispatch
from .accumulate import summed

Batch = tuple[Array, ...]


@dataclass(frozen=True)
class Range:
    """What an array holds, in few words.

    Attributes
    ----------
    name : str
    size, bad : int
        How many numbers, and how many of them are not finite.
    low, high : float
        Of those that are.
    """

    name: str
    size: int
    bad: int
    low: float
    high: float

    @classmethod
    def of(cls, name: str, array: Array) -> "Range":
        """Look at an array."""
        fine = array[np.isfinite(array)]
        low, high = (float(fine.min()), float(fine.max())) if fine.size else (np.nan, np.nan)
        return cls(name, array.size, array.size - fine.size, low, high)

    def __str__(self) -> str:
        some = f"{self.low:.3g} to {self.high:.3g}" if self.bad < self.size else "nothing finite"
        return f"{self.name} {some}" + (f", {self.bad:,} of {self.size:,} not finite" if self.bad else "")


@dataclass(frozen=True)
class Culprit:
    """The first stage whose output is not finite though all that went in is.

    Attributes
    ----------
    stage : str
        In words, such as "Linear 'fc1'".
    path : str
        Of the (first) layer within the network; "" for what is no layer.
    op : str
        The kernels that ran, such as "linear_forward".
    direction : "forward", "backward" or "given"
        The last one: it was so before the step began.
    output : Range
        What it made.
    inputs : tuple of Range
        What it was made from.
    batch : int
        Which batch of the step, from 0.
    """

    stage: str
    path: str
    op: str
    direction: str
    output: Range
    inputs: tuple[Range, ...]
    batch: int = 0

    def __str__(self) -> str:
        if self.direction == "given":
            return f"{self.stage}: {self.output}"
        op = f" ({self.op})" if self.op else ""
        inputs = "; ".join(map(str, self.inputs)) or "finite parts"
        return f"{self.stage}{op}, {self.direction}, made {self.output} from {inputs}"


class _Found(Exception):
    """Ends a scan."""

    def __init__(self, culprit: Culprit) -> None:
        self.culprit = culprit


def scan(
    model: Module,
    loss: Loss,
    batches: Sequence[Batch],
    restart: Callable[[], None],
    *,
    fused: bool,
    weighted: bool = False,
) -> Culprit | None:
    """Run the batches of a step forwards and backwards; return the first culprit, None if all stays finite.

    Parameters
    ----------
    model : Module
        In training mode, with the weights before the step.
    loss : Loss
    batches : sequence of (inputs, targets) or (inputs, targets, sample weights)
    restart : function
        Begins the step anew: the random keys, the gradients, the buffers.
    fused : bool
        Whether neighbours run as one op, as in training, or every layer by itself.
    weighted : bool
        Whether gradients are sums over the batches, see accumulate.py.
    """
    for name, parameter in model.named_parameters():
        if not np.isfinite(parameter.data).all():
            return Culprit(f"the parameter {name}", name, "", "given", Range.of("it has", parameter.data), ())
    for name, buffer in model.named_buffers():
        if not np.isfinite(buffer.data).all():
            return Culprit(f"the buffer {name}", name, "", "given", Range.of("it has", buffer.data), ())
    restart()
    with ExitStack() as stack, np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if not fused:
            stack.enter_context(model.plain())
        calls = stack.enter_context(_named_calls())
        total = np.zeros_like(model.parameters().grad)
        for number, batch in enumerate(batches):
            model.parameters().zero_grad()  # each for itself, so that no layer is blamed for what is added up
            try:
                _run(model, loss, batch, calls, weighted)
                total += model.parameters().grad
                _look_at_sums(model, total)
            except _Found as found:
                return replace(found.culprit, batch=number)
    return None


def _look_at_sums(model: Module, total: Array) -> None:
    """Look at the sums of all batches so far."""
    if not np.isfinite(total).all():  # of finite parts
        model.parameters().grad[...] = total
        for name, parameter in model.named_parameters():
            if not np.isfinite(parameter.grad).all():
                found = Range.of(f"the gradient of {name}", parameter.grad)
                raise _Found(Culprit("the sum over the batches", name, "", "backward", found, ()))


def _run(model: Module, loss: Loss, batch: Batch, calls: _dispatch.Calls, weighted: bool) -> None:
    x, targets, *weights = batch
    for what, array in (("inputs", x), ("targets", targets), *(("sample weights", w) for w in weights)):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            first = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
            stage = f"the {what} of the batch, first in sample {first[0]} at {first[1:]}"
            raise _Found(Culprit(stage, "", "", "given", Range.of("they have", array), ()))
    with _watched(model, calls):
        outputs = model.forward(x)
        calls.forget()
        value = loss.forward(outputs, targets, *weights)
        if not np.isfinite(value):
            shown = Range.of("losses", loss.losses)
            shown = shown if shown.bad else Range("a sum of losses that is too large", 1, 0, shown.low, shown.high)
            _raise(type(loss).__name__, "", calls, "forward", shown, [Range.of("outputs", outputs)])
        calls.forget()
        grad = loss.backward()
        if not np.isfinite(grad).all():
            found = Range.of("grad_outputs", grad)
            _raise(type(loss).__name__, "", calls, "backward", found, [Range.of("outputs", outputs)])
        calls.forget()
        model.backward(summed(grad, loss.weights) if weighted else grad)
    for name, parameter in model.named_parameters():
        if not np.isfinite(parameter.grad).all():  # finite parts whose sum is too large
            found = Range.of(f"the gradient of {name}", parameter.grad)
            raise _Found(Culprit("the sum over several uses", name, "", "backward", found, ()))


@contextmanager
def _watched(model: Module, calls: _dispatch.Calls) -> Iterator[None]:
    """Look at every step of every Sequential, fused or not, and at all modules that are no such step."""
    inside = {id(layer) for _, m in model.named_modules() if isinstance(m, Sequential) for _, layer in m.children()}
    handles = []

    def look(stage: Any, direction: str, before: Any, after: Any) -> None:
        layers = stage.layers if isinstance(stage, Fused) else (stage,)
        parameters = [(name, p) for layer in layers for name, p in layer.named_parameters()]
        given = [("grad_y" if direction == "backward" else "inputs", before)]
        given += [(name, p.data) for name, p in parameters]
        made: list[tuple[str, Any]] = [("grad_x" if direction == "backward" else "outputs", after)]
        if direction == "backward":
            made += [(f"the gradient of {name}", p.grad) for name, p in parameters if not p.frozen]
        for name, array in _arrays(made):
            if not np.isfinite(array).all():
                title = " + ".join(layer.title for layer in layers)
                inputs = [Range.of(n, a) for n, a in _arrays(given)]
                _raise(title, layers[0].path, calls, direction, Range.of(name, array), inputs)
        calls.forget()

    try:
        for _, module in model.named_modules():
            if id(module) not in inside:
                handles.append(module.register_forward_hook(lambda m, x, y: look(m, "forward", x, y)))
                handles.append(module.register_backward_hook(lambda m, gx, gy: look(m, "backward", gy, gx)))
        with observed(look):
            yield
    finally:
        for handle in handles:
            handle.remove()


def _arrays(named: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, Array]]:
    for name, value in named:
        for array in value if isinstance(value, tuple) else (value,):
            if array is not None:
                yield name, array


def _raise(
    stage: str, path: str, calls: _dispatch.Calls, direction: str, output: Range, inputs: Sequence[Range]
) -> None:
    op = ", ".join(dict.fromkeys(calls.names))
    raise _Found(Culprit(stage, path, op, direction, output, tuple(inputs)))


@contextmanager
def _named_calls() -> Iterator[_dispatch.Calls]:
    """Write down which kernels run."""
    before, calls = _dispatch.thread.calls, _dispatch.Calls()
    _dispatch.thread.calls = calls
    try:
        yield calls
    finally:
        _dispatch.thread.calls = before
