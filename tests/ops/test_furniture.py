"""Every operation has the same furniture, and no operation goes without the laws."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import tests.ops
from pellucid import ops
from tests.checks import OpLaws

NAMES = sorted(name.removesuffix("_forward") for name in ops.__all__ if name.endswith("_forward"))


def laws():
    """All subclasses of OpLaws, by the op whose forward they test."""
    found = {}
    for module in pkgutil.iter_modules(tests.ops.__path__):
        for value in vars(importlib.import_module(f"tests.ops.{module.name}")).values():
            if inspect.isclass(value) and issubclass(value, OpLaws) and value is not OpLaws:
                found[value.forward.__name__.removesuffix("_forward")] = value
    return found


@pytest.mark.parametrize("name", NAMES)
def test_shape_forward_backward(name):
    functions = [getattr(ops, f"{name}_{part}") for part in ("shape", "forward", "backward")]
    assert all(f.__doc__ for f in functions)
    assert len(inspect.getmodule(functions[1]).__doc__.splitlines()) >= 5, "the formula, its gradient, the shapes"


def test_every_op_is_under_the_laws():
    assert sorted(laws()) == NAMES
    assert all(vars(law).get("cases") for law in laws().values())


@pytest.mark.parametrize("name", NAMES)
def test_each_table_has_the_cases_that_find_slips(name):
    shapes = [c.shapes[0] for c in laws()[name].cases.values()]
    assert any(s[0] == 1 for s in shapes), "batch 1"
    images = [s for c in laws()[name].cases.values() if len(s := image(c)) == 4]
    if images:
        assert any(s[2] != s[3] for s in images), "nothing is square"
    if images and {"kernel_size", "stride"} & set(inspect.signature(getattr(ops, f"{name}_forward")).parameters):
        assert any(s[1] == 1 for s in images), "one channel"
        assert any(uneven(c) for c in laws()[name].cases.values()), "height and width never agree"
        assert any(drops_rows(c) for c in laws()[name].cases.values()), "stride drops rows"


def image(case):
    """What the windows of an op lie in; of col2im it is the output."""
    if not {"kernel_size", "output_size"} <= set(case.options):
        return case.shapes[0]
    N, rows, _ = case.shapes[0]
    return N, rows // np.prod(kernel_and_stride(case)[0]), *case.options["output_size"]


def kernel_and_stride(case):
    kernel = case.shapes[1][2:] if len(case.shapes) > 1 else np.broadcast_to(case.options["kernel_size"], 2)
    default = 1 if len(case.shapes) > 1 else case.options["kernel_size"]
    stride = case.options.get("stride")
    return tuple(kernel), tuple(np.broadcast_to(default if stride is None else stride, 2))


def uneven(case):
    kernel, stride = kernel_and_stride(case)
    return len({*image(case)[2:]}) == len({*kernel}) == len({*stride}) == 2


def drops_rows(case):
    kernel, stride = kernel_and_stride(case)
    return not case.options.get("padding") and any(
        (n - k) % s for n, k, s in zip(image(case)[2:], kernel, stride, strict=True)
    )
