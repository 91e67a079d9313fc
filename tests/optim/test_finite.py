"""all_finite: a single nan or infinity anywhere is seen, by both engines, and nothing else is."""

import numpy as np
import pytest

from pellucid import ConfigError, native
from pellucid.nn import Linear
from pellucid.optim import all_finite

ENGINES = ["numpy", *(native.engine.instruction_sets() if native.engine else ())]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 7, 16, 33, 16_384, 40_001])
def test_it_sees_one_number_anywhere(engine, dtype, size):
    flat = Linear(size, 1, bias=False).build((size,), dtype=dtype).parameters()
    fine = np.finfo(dtype)
    with native.using(engine):
        for value in (0, -0.0, fine.max, fine.min, fine.tiny, fine.smallest_subnormal):
            flat.grad = np.full(size, value, dtype)
            assert all_finite(flat)
        for value in (np.nan, np.inf, -np.inf):
            for place in {0, size // 2, size - 1}:
                flat.grad = np.ones(size, dtype)
                flat.grad[place] = value
                assert not all_finite(flat)


def test_it_wants_the_flat_vector():
    with pytest.raises(ConfigError, match=r"all_finite: pass model.parameters\(\)"):
        all_finite(np.ones(3))
