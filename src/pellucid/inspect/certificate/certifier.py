"""certify: gradients and float32's errors, checked for a module of the user's, or for all of the library."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ... import nn, ops
from ..._core.arrays import Array
from ..._core.errors import ConfigError
from ...interop import has_torch, torch_twin
from ...nn import CrossEntropyLoss, Module
from .checks import ROUNDING, differences, parity, rounding
from .layer_cases import LAYERS
from .op_cases import OPS, WINOGRAD, OpCase
from .result import Certificate
from .subject import Arrays, ModuleSubject, PairSubject, copy_of

ENTRIES, LARGE = 3, 50_000
"""How many entries of each gradient are looked at alone; none in networks of so many parameters: it takes long."""


def certify(
    module: Module,
    input_shape: Any,
    *,
    name: str | None = None,
    batch: int | None = None,
    loss: bool = False,
    training: bool = True,
    bound: float | None = None,
    seed: int = 0,
) -> Certificate:
    """Check a layer or a network of anyone's: its gradients, and what float32 makes of them.

    Three checks: every gradient against central differences in float64, kinks and ties detected and stepped around;
    outputs and gradients in float32, by the engine that runs and fused as it runs, against float64; and both against
    PyTorch in float64, where it is installed and has all of the layers.

    Parameters
    ----------
    module : Module
        Built or not; it stays as it is.  One that is not built gets start values, a built one keeps its own; both are
        moved a little, since biases of zero hide mistakes.
    input_shape : tuple of int
        Of one sample; of several inputs a tuple of such.
    name : str, optional
        What the certificate calls it.
    batch : int, optional
        Samples at once; 3, but 5 for batch-norm over rows, which blows up in what few nearly equal ones differ.
    loss : bool
        Whether cross-entropy with random labels follows, as in training; the outputs must be (N, K) then.
    training : bool
        In which mode it runs; dropout's masks stay the same for all checks.
    bound : float, optional
        Of float32's error, relative to each array's largest entry; 2e-5, or 1e-4 where Winograd's algorithm may run.
    seed : int
        Of all numbers that are drawn.

    Returns
    -------
    Certificate
        ``certificate.passed`` is the verdict; ``print(certificate)`` shows a table and what failed.

    Raises
    ------
    ShapeError
        If the module does not take such inputs.

    Examples
    --------
    >>> certificate = certify(Sequential(Linear(5, 4), ReLU(), Linear(4, 3)), (5,))
    >>> certificate.passed, certificate.failures
    (True, ())
    """
    title = name or type(module).__name__

    def labels(rng: np.random.Generator, N: int) -> Array:
        return rng.integers(0, subject.outputs, N)

    extra: dict[str, Any] = {"loss": CrossEntropyLoss(), "targets": labels} if loss else {}
    modules = [part for _, part in module.named_modules()]
    batch = batch or (5 if any(isinstance(part, nn.BatchNorm1d) for part in modules) else 3)
    subject = ModuleSubject(module, input_shape, batch, training=training, seed=seed, **extra)
    entries = ENTRIES if subject.size < LARGE else 0
    float32 = bound if bound is not None else (WINOGRAD if any(map(_winograd, modules)) else ROUNDING)
    found = [
        differences(title, "", subject, seed=seed, entries=entries),
        rounding(title, "", subject, seed=seed, bound=float32),
    ]
    if has_torch():
        found += _beside_torch(title, module, input_shape, batch, training, seed)
    return Certificate.of(found)


def gradient_check(
    forward: Callable[..., Any], backward: Callable[..., Any], *arrays: Array, seed: int = 0, **options: Any
) -> Certificate:
    """Check the gradients of a pair of functions by central differences in float64.

    Parameters
    ----------
    forward : function
        Takes the arrays and the options, gives (y, saved); y may be a tuple of arrays.
    backward : function
        Takes (grad_y, saved), gives the gradients in the order of the arrays, a lone one as it is.
    *arrays : array
        Where to check.  If they lie at a kink or a tie, points near by are taken.
    **options
        Further arguments of forward.

    Raises
    ------
    ConfigError
        If there are no arrays.

    Examples
    --------
    >>> def square(x):
    ...     return x**2, x
    >>> gradient_check(square, lambda grad_y, x: 2 * x * grad_y, np.array([1.0, -3.0])).passed
    True
    >>> print(gradient_check(square, lambda grad_y, x: x * grad_y, np.array([1.0, -3.0])).failures[0])
    ... # doctest: +ELLIPSIS
    square: grad_x: error 5.0e-01 (central differences, float64), bound 1e-06: at [0] backward gives ...
    """
    if not arrays:
        raise ConfigError("gradient_check: no arrays were given, so there is nothing to check")
    base = [np.asarray(array, np.float64) for array in arrays]

    def draw(rng: np.random.Generator, attempt: int) -> list[Array]:
        return [a + 1e-3 * min(attempt, 1) * (1 + np.abs(a)) * rng.standard_normal(a.shape) for a in base]

    subject = PairSubject(forward, backward, _names(forward, len(arrays)), draw, options)
    return differences(getattr(forward, "__name__", "forward").removesuffix("_forward"), "", subject, seed=seed)


def certify_op(op: str, case: OpCase, seed: int = 0) -> Certificate:
    """Check one case of one op of `pellucid.ops` in all three ways."""
    forward, backward = (getattr(ops, f"{op}_{part}") for part in ("forward", "backward"))

    def draw(rng: np.random.Generator, attempt: int) -> list[Array]:
        return [rng.standard_normal(shape) for shape in case.shapes]

    subject = PairSubject(forward, backward, _names(forward, len(case.shapes)), draw, case.options)
    found = [
        differences(op, case.name, subject, seed=seed),
        rounding(op, case.name, subject, seed=seed, bound=case.bound),
    ]
    if has_torch():
        from ...interop.torch_ops import peer

        found.append(parity(op, case.name, subject, lambda point, g: peer(op, point, case.options, g), seed=seed))
    return Certificate.of(found)


def certify_named(name: str, seed: int = 0) -> Certificate:
    """Check an op or a layer of `pellucid`, by a name of `names`."""
    if name in OPS:
        return Certificate.of(certify_op(name, case, seed) for case in OPS[name])
    make, input_shape, training, bound = LAYERS[name]
    return certify(make(), input_shape, name=name, training=training, bound=bound, seed=seed)


def names() -> tuple[str, ...]:
    """Return what all ops and layers are called here."""
    return *OPS, *LAYERS


def _beside_torch(
    title: str, module: Module, input_shape: Any, batch: int, training: bool, seed: int
) -> Iterator[Certificate]:
    """Yield what comparing with PyTorch gives, without dropout: its masks are others; nothing where it has no twin."""
    plain = copy_of(module, input_shape, seed, np.float64).train(training)
    for _, part in plain.named_modules():
        if isinstance(part, nn.Dropout | nn.Dropout1d | nn.Dropout2d):
            part.p = 0.0
        elif isinstance(part, nn.LSTM | nn.GRU):
            part.dropout = 0.0
    try:
        twin = torch_twin(plain)
    except ConfigError:
        return
    from ...interop.torch_ops import backward

    def peer(point: Arrays, g: tuple[Array, ...]) -> Any:
        import torch

        tensors = {name: torch.tensor(values, requires_grad=True) for name, values in point.items()}
        inputs = tuple(tensors[name] for name in subject.inputs)
        own = dict(zip((n for n, _ in plain.named_parameters()), (n for n, _ in twin.named_parameters()), strict=True))
        parameters = {own[name]: tensor for name, tensor in tensors.items() if name in own}
        y = torch.func.functional_call(twin, parameters, (inputs if len(inputs) > 1 else inputs[0],))
        return backward(y, tensors, g)

    subject = ModuleSubject(plain, input_shape, batch, training=training, seed=seed)
    yield parity(title, "", subject, peer, seed=seed)


def _names(forward: Callable[..., Any], count: int) -> list[str]:
    """Return what forward calls its arrays."""
    parameters = inspect.signature(forward).parameters.values()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names if len(names) == count else [f"array{i}" for i in range(count)]


def _winograd(module: Module) -> bool:
    return (
        isinstance(module, nn.Conv2d)
        and not module.exact
        and module.kernel_size == (3, 3)
        and module.stride == (1, 1)
        and min(module.weight.shape[:2]) >= 32
    )
