"""Rounding: float32's errors against float64 are no worse than PyTorch's on the same case, times 30."""

import numpy as np
import pytest

from pellucid import models, ops
from pellucid.inspect.certificate.certifier import _names
from pellucid.inspect.certificate.op_cases import OPS, WINOGRAD
from pellucid.inspect.certificate.subject import PairSubject
from scripts.float32_errors import errors

EPS = float(np.finfo(np.float32).eps)
TIMES = 30
CASES = [(op, case) for op, cases in OPS.items() for case in cases if "mask" not in case.options]


def error(rough, exact):
    """The largest error over the largest entry."""
    return float(np.abs(rough - exact).max(initial=0) / max(np.abs(exact).max(initial=0), 1e-30))


def arrays(y, gradients):
    return {**{f"y{i}": part for i, part in enumerate(y)}, **gradients}


@pytest.mark.parametrize(("op", "case"), CASES, ids=[f"{op}, {case.name}" for op, case in CASES])
def test_an_op(op, case):
    from pellucid.interop.torch_ops import peer

    forward, backward = (getattr(ops, f"{op}_{part}") for part in ("forward", "backward"))
    subject = PairSubject(
        forward, backward, _names(forward, len(case.shapes)),
        lambda rng, attempt: [rng.standard_normal(s) for s in case.shapes], case.options,
    )  # fmt: skip
    rng = np.random.default_rng(3)
    small = {name: a.astype(np.float32) for name, a in subject.draw(rng, 0).items()}
    exact_y = subject.forward({name: a.astype(np.float64) for name, a in small.items()})
    g = [rng.standard_normal(y.shape).astype(np.float32) for y in exact_y]
    exact = arrays(exact_y, subject.backward(tuple(part.astype(np.float64) for part in g)))
    ours = arrays(subject.forward(small), subject.backward(tuple(g)))
    options = {
        n: v.astype(np.float32) if getattr(v, "dtype", None) == np.float64 else v for n, v in case.options.items()
    }
    theirs = arrays(*peer(op, small, options, tuple(g)))
    for name, value in theirs.items():
        most = WINOGRAD if case.bound == WINOGRAD else TIMES * max(error(value, exact[name]), EPS)
        if op.startswith("conv2d_batch_norm") and name == "bias" and "mean" not in case.options:  # it is truly zero
            assert np.abs(ours[name]).max() < 1e-4
        else:
            assert error(ours[name], exact[name]) <= most, name


@pytest.mark.parametrize("name", models.MODELS)
def test_a_whole_network(name):
    """Gradients of all parameters, end to end; with Winograd's rounding a ReLU or a maximum may fall the other way."""
    found = errors(name, seed=1, batch=4)
    theirs = min(found.pop("PyTorch"), found.pop("PyTorch without oneDNN"))
    assert "NumPy" in found
    for who, value in found.items():
        winograd = 5e-3 if who == "native" and name == "best-mnist" else 1e-4
        assert value <= max(TIMES * theirs, winograd), who
