"""The three checks: backward against differences, float32 against float64, and everything against PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._core.arrays import Array
from .differences import derivative
from .result import Certificate, Finding
from .subject import Arrays, Subject

TRIES = 8  # points that may lie at a kink, or so near to one that rounding decides
DIFFERENCES = 1e-6
ROUNDING = 2e-5
PARITY = 1e-9
EPS32 = float(np.finfo(np.float32).eps)
Peer = Callable[[Arrays, tuple[Array, ...]], tuple[tuple[Array, ...], Arrays] | None]


def differences(name: str, case: str, subject: Subject, *, seed: int = 0, entries: int = 3) -> Certificate:
    """Compare each gradient with central differences in float64.

    Each array is moved in a random direction, all of its entries at once, and then in its largest gradient's and a
    few random entries alone.  Where a direction meets a kink or a tie, another point is drawn.
    """
    left: list[str] = []
    for attempt in range(TRIES):
        rng = np.random.default_rng([seed, attempt])
        point = subject.draw(rng, attempt)
        y = subject.forward(point)
        g = tuple(rng.standard_normal(part.shape) for part in y)
        exact = subject.backward(g)
        findings: list[Finding] = []
        left = []
        for array in point:
            fault = _fault(array, point, exact)
            if fault:
                findings.append(Finding(name, case, "differences", f"grad_{array}", float("inf"), DIFFERENCES, fault))
                continue
            error, where = _compare(subject, point, g, array, exact[array], entries, rng)
            if error is None:
                left.append(array)
            else:
                findings.append(Finding(name, case, "differences", f"grad_{array}", error, DIFFERENCES, where))
        if not left or any(not finding.passed for finding in findings):
            return Certificate(tuple(findings), attempt)
    nowhere = "no derivative at any of the points: the forward jumps, or is not the same twice"
    found = [Finding(name, case, "differences", f"grad_{array}", float("nan"), DIFFERENCES, nowhere) for array in left]
    return Certificate((*findings, *found), TRIES)


def rounding(name: str, case: str, subject: Subject, *, seed: int = 0, bound: float = ROUNDING) -> Certificate:
    """Compare float32, by the engine that runs, with float64: outputs and every gradient.

    The float64 one gets the same numbers.  Where these lie so near to a kink or a tie that an error of a float32's
    last digit decides, other ones are drawn.
    """
    for attempt in range(TRIES):
        rng = np.random.default_rng([seed, 1, attempt])
        small = {array: values.astype(np.float32) for array, values in subject.draw(rng, attempt).items()}
        point = {array: values.astype(np.float64) for array, values in small.items()}
        y = subject.forward(point)
        g = tuple(rng.standard_normal(part.shape).astype(np.float32) for part in y)
        exact = _named(y) | _gradients(subject, tuple(part.astype(np.float64) for part in g))
        if _settled(subject, point, g, exact, bound / 4, rng):
            break
    else:
        unsettled = "float32's last digit decides at each of the points: no error can be told"
        return Certificate((Finding(name, case, "float32", "y", float("nan"), bound, unsettled),), TRIES)
    rough = _named(subject.forward(small)) | _gradients(subject, g)
    findings = [_relative(name, case, "float32", array, rough.get(array), exact, bound) for array in exact]
    return Certificate(tuple(findings), attempt)


def parity(name: str, case: str, subject: Subject, peer: Peer, *, seed: int = 0) -> Certificate:
    """Compare outputs and gradients with a peer's, both in float64."""
    rng = np.random.default_rng([seed, 2])
    point = subject.draw(rng, 0)
    y = subject.forward(point)
    g = tuple(rng.standard_normal(part.shape) for part in y)
    ours = _named(y) | _gradients(subject, g)
    result = peer(point, g)
    if result is None:
        return Certificate(())
    outputs, gradients = result
    theirs = _named(outputs) | {f"grad_{array}": values for array, values in gradients.items()}
    return Certificate(tuple(_relative(name, case, "PyTorch", a, ours.get(a), theirs, PARITY) for a in theirs))


def _compare(
    subject: Subject, point: Arrays, g: tuple[Array, ...], array: str, exact: Array, entries: int, rng: Any
) -> tuple[float | None, str]:
    """Return the error of one gradient and the worst entry in words; None where there is no derivative."""
    if not exact.size:
        return 0.0, ""

    def along(direction: Array) -> float | None:
        def moved(t: float) -> tuple[Array, ...]:
            return subject.forward(point | {array: point[array] + t * direction})

        found = derivative(moved, g, DIFFERENCES / 4)
        if found is None:
            return None
        ours = float(np.vdot(exact, direction))
        size = max(float(np.abs(exact * direction).sum()), abs(found.value))
        return abs(ours - found.value) / (size + found.noise / DIFFERENCES or 1.0)

    def entry(place: int) -> Array:
        direction = np.zeros(exact.size)
        direction[place] = 1.0
        return direction.reshape(exact.shape)

    worst = along(rng.standard_normal(exact.shape))
    if worst is None:
        return None, ""
    places = [int(np.abs(exact).argmax()), *rng.integers(0, exact.size, max(entries, 1)).tolist()][:entries]
    if worst > DIFFERENCES:  # look further, to tell where
        places += rng.permutation(exact.size)[:60].tolist()
    errors = {place: along(entry(place)) or 0.0 for place in dict.fromkeys(places)}
    if not errors:
        return worst, ""
    place = max(
        errors, key=lambda p: (errors[p] * abs(exact.flat[p]), errors[p]) if errors[p] > DIFFERENCES else (-1, 0)
    )
    worst = max(worst, *errors.values())
    if worst <= DIFFERENCES:
        return worst, ""
    index = [int(i) for i in np.unravel_index(place, exact.shape)]
    found = derivative(lambda t: subject.forward(point | {array: point[array] + t * entry(place)}), g, DIFFERENCES / 4)
    told = "" if found is None else f"at {index} backward gives {exact.flat[place]:.6g}, differences {found.value:.6g}"
    return worst, told


def _fault(array: str, point: Arrays, gradients: Arrays) -> str:
    if array not in gradients:
        return "backward gives no gradient for it"
    if gradients[array].shape != point[array].shape:
        return f"the gradient has shape {gradients[array].shape}, expected {point[array].shape}"
    if gradients[array].dtype != point[array].dtype:
        return f"the gradient is {gradients[array].dtype}, expected {point[array].dtype}"
    return ""


def _settled(subject: Subject, point: Arrays, g: Any, exact: Arrays, bound: float, rng: Any) -> bool:
    """Tell whether an error of the last digit of each number leaves outputs and gradients where they are."""
    for _ in range(2):
        near = {a: v * (1 + EPS32 * rng.standard_normal(v.shape)) for a, v in point.items()}
        y = subject.forward(near)
        found = _named(y) | _gradients(subject, tuple(part.astype(np.float64) for part in g))
        if any(_distance(found[array], exact, array) > bound for array in exact):
            return False
    return True


def _distance(found: Array, exact: Arrays, array: str) -> float:
    """Return the largest error over the largest entry; a gradient that is truly zero is measured by the other ones."""
    largest = float(np.abs(exact[array]).max(initial=0))
    overall = max((float(np.abs(v).max(initial=0)) for a, v in exact.items() if a.startswith("grad_")), default=0.0)
    scale = largest if largest > 1e-10 * overall else overall
    error = float(np.abs(found.astype(np.float64) - exact[array]).max(initial=0))
    return error / scale if scale else error


def _relative(
    name: str, case: str, check: str, array: str, found: Array | None, exact: Arrays, bound: float
) -> Finding:
    if found is None or found.shape != exact[array].shape:
        where = "it is missing" if found is None else f"it has shape {found.shape}, expected {exact[array].shape}"
        return Finding(name, case, check, array, float("inf"), bound, where)
    if check == "float32" and found.dtype != np.float32 and found.size != 1:  # a loss is a Python number
        return Finding(name, case, check, array, float("inf"), bound, f"it is {found.dtype}, not float32")
    error, where = _distance(found, exact, array), ""
    if not error <= bound:
        place = int(np.abs(found - exact[array]).argmax())
        index = [int(i) for i in np.unravel_index(place, found.shape)]
        where = f"at {index} it is {found.flat[place]:.6g}, expected {exact[array].flat[place]:.6g}"
    return Finding(name, case, check, array, error, bound, where)


def _named(y: tuple[Array, ...]) -> Arrays:
    return {"y" if len(y) == 1 else f"y{i}": part for i, part in enumerate(y)}


def _gradients(subject: Subject, g: tuple[Array, ...]) -> Arrays:
    return {f"grad_{array}": values for array, values in subject.backward(g).items()}
