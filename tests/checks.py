"""The laws that every operation keeps, as tests: a subclass of `OpLaws` names an op and its table of cases."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pellucid import DtypeError, ShapeError, native

ENGINES = native.engine.instruction_sets() if native.engine else ()

FLOAT32_BOUND = 2e-5  # of the tensor's largest entry, against the float64 reference


@dataclass
class Case:
    """Shapes of the arrays that have gradients, in forward's order, and forward's other arguments."""

    shapes: tuple
    options: dict = field(default_factory=dict)


def case(*shapes, **options):
    return Case(shapes, options)


def frozen(array):
    """Make an input read-only, so that an op that writes into it fails at once."""
    array.flags.writeable = False
    return array


def apart(rng, shape):
    """Numbers in random order, at least 0.1 from each other and 0.05 from zero: no step reaches a kink or a tie."""
    count = int(np.prod(shape))
    return 0.1 * (rng.permutation(count) - count // 2 + 0.5).reshape(shape)


def close(actual, expected, bound):
    """Equal within `bound` of the largest entry."""
    assert_allclose(actual, expected, rtol=0, atol=bound * max(np.abs(expected).max(initial=0), 1e-30))


class OpLaws:
    """Set `forward`, `backward`, `shape`, `loops` (static methods) and `cases`; override where an op differs."""

    eps, rtol = 1e-5, 1e-7  # of the central difference; a (multi)linear op takes eps = 1 and is exact
    refused: dict = {}  # what is wrong: (arguments, options, error, words of the message)

    # --- how to feed the op -----------------------------------------------------------------------------

    def make(self, rng, shape):
        return rng.standard_normal(shape)

    def shape_of(self, arrays, options):
        return self.shape(arrays[0].shape, **options)

    def arrays(self, a_case, rng, dtype=np.float64):
        return [frozen(self.make(rng, s).astype(dtype)) for s in a_case.shapes]

    def options(self, a_case, dtype=np.float64):
        floats = {k: v.astype(dtype) for k, v in a_case.options.items() if getattr(v, "dtype", None) == np.float64}
        return a_case.options | floats

    def gradients(self, grad_y, saved):
        result = self.backward(frozen(grad_y), saved)
        return result if isinstance(result, tuple) else (result,)

    # --- the laws -----------------------------------------------------------------------------------------

    def test_forward_is_the_loops(self, a_case, rng):
        arrays, options = self.arrays(a_case, rng), self.options(a_case)
        y, _ = self.forward(*arrays, **options)
        assert_allclose(y, self.loops(*arrays, **options), rtol=1e-12, atol=1e-12)

    def test_backward_is_the_vector_jacobian_product(self, a_case, rng):
        """<g, J v> == <J^T g, v> for a random direction v and a random covector g."""
        arrays, options = self.arrays(a_case, rng), self.options(a_case)
        directions = [rng.standard_normal(a.shape) for a in arrays]
        y, saved = self.forward(*arrays, **options)
        g = rng.standard_normal(y.shape)
        moved = [
            self.forward(*(a + sign * self.eps * v for a, v in zip(arrays, directions, strict=True)), **options)[0]
            for sign in (1, -1)
        ]
        numeric = np.vdot(g, (moved[0] - moved[1]) / (2 * self.eps))
        gradients = self.gradients(g, saved)[: len(arrays)]
        exact = sum(np.vdot(grad, v) for grad, v in zip(gradients, directions, strict=True))
        size = sum(np.abs(grad * v).sum() for grad, v in zip(gradients, directions, strict=True))
        assert_allclose(exact, numeric, rtol=0, atol=self.rtol * size + 1e-12)
        assert [grad.shape for grad in gradients] == [a.shape for a in arrays]

    def test_float32_stays_float32_and_close_to_float64(self, a_case, rng):
        arrays, g = self.arrays(a_case, rng), None
        results = []
        for dtype in (np.float64, np.float32):
            inputs = [frozen(a.astype(dtype)) for a in arrays]
            y, saved = self.forward(*inputs, **self.options(a_case, dtype))
            g = rng.standard_normal(y.shape) if g is None else g
            gradients = self.gradients(g.astype(dtype), saved)[: len(arrays)]
            assert {y.dtype, *(grad.dtype for grad in gradients)} == {np.dtype(dtype)}
            results.append((y, *gradients))
        for exact, rough in zip(*results, strict=True):
            close(rough, exact, FLOAT32_BOUND)

    @pytest.mark.parametrize("engine", ENGINES)
    def test_the_native_twin_agrees(self, engine, a_case, rng):
        """Near the float64 reference, and `saved` is what the reference saves."""
        arrays, options = self.arrays(a_case, rng), self.options(a_case)
        y, saved = self.forward(*arrays, **options)
        g = rng.standard_normal(y.shape)
        expected = y, *self.gradients(g, saved)[: len(arrays)]
        small = [frozen(a.astype(np.float32)) for a in arrays]
        with native.using("numpy"):
            _, like = self.forward(*small, **self.options(a_case, np.float32))
        with native.using(engine):
            y, saved = self.forward(*small, **self.options(a_case, np.float32))
            found = y, *self.gradients(g.astype(np.float32), saved)[: len(arrays)]
        for rough, exact in zip(found, expected, strict=True):
            close(rough, exact, FLOAT32_BOUND)
        assert outline(saved) == outline(like)

    def test_shape_is_known_before(self, a_case, rng):
        arrays, options = self.arrays(a_case, rng), self.options(a_case)
        assert self.shape_of(arrays, options) == self.forward(*arrays, **options)[0].shape

    def test_memory_layout_does_not_matter(self, a_case, rng):
        arrays, options = self.arrays(a_case, rng), self.options(a_case)
        y, saved = self.forward(*arrays, **options)
        g = rng.standard_normal(y.shape)
        expected = (y, *self.gradients(g, saved)[: len(arrays)])
        for layout in (np.asfortranarray, _channels_last, _backwards):
            y, saved = self.forward(*(frozen(layout(a)) for a in arrays), **options)
            for actual, wanted in zip((y, *self.gradients(layout(g), saved)), expected, strict=False):
                assert_allclose(actual, wanted, rtol=1e-12, atol=1e-12)

    def test_it_is_pure(self, a_case, rng):
        """Twice the same bits, forwards and backwards; y is no view of an input."""
        arrays, options = self.arrays(a_case, rng), self.options(a_case)
        (y, saved), (again, _) = (self.forward(*arrays, **options) for _ in range(2))
        g = rng.standard_normal(y.shape)
        first, second = (self.gradients(g, saved)[: len(arrays)] for _ in range(2))
        assert y.tobytes() == again.tobytes()
        assert [a.tobytes() for a in first] == [a.tobytes() for a in second]
        assert not any(np.shares_memory(y, a) for a in arrays)

    def test_backward_refuses_a_misshapen_gradient(self, a_case, rng):
        y, saved = self.forward(*self.arrays(a_case, rng), **self.options(a_case))
        with pytest.raises(ShapeError, match="grad_y has shape"):
            self.backward(np.ones((*y.shape, 1)), saved)

    def test_integers_and_mixed_types_are_refused(self, a_case, rng):
        arrays, options = self.arrays(a_case, rng), self.options(a_case)
        with pytest.raises(DtypeError, match="convert it to float32 or float64"):
            self.forward(*(a.astype(np.int64) for a in arrays), **options)
        if len(arrays) > 1:
            with pytest.raises(DtypeError, match="must be alike"):
                self.forward(arrays[0].astype(np.float32), *arrays[1:], **options)

    def test_a_misfit_is_named(self, refusal):
        arguments, options, error, words = refusal
        with pytest.raises(error, match=words):
            self.forward(*arguments, **options)


def refuse(*arguments, error=ShapeError, words, **options):
    """A row of `OpLaws.refused`; tuples of ints stand for zeros of that shape."""
    arrays = [np.zeros(a) if isinstance(a, tuple) else a for a in arguments]
    return arrays, options, error, words


def outline(saved):
    """What `saved` consists of, without the numbers."""
    if isinstance(saved, tuple):
        return tuple(map(outline, saved))
    return (saved.shape, saved.dtype) if isinstance(saved, np.ndarray) else saved


def _channels_last(a):
    return np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2) if a.ndim == 4 else a


def _backwards(a):
    """The same numbers with negative strides."""
    return np.flip(np.flip(a).copy())
