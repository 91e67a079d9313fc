#include "arrays.hpp"

namespace pellucid {
namespace {

using Function = void (*Kernels::*)(const float*, const float*, float*, long);

template <Function kernel>
void together(FloatIn a, FloatIn b, FloatOut y) {
    expect(sizes(a) == sizes(b) && sizes(a) == sizes(y), "combine: all arrays need one shape");
    perform(kernel, Input(a, IMAGE), Input(b, IMAGE), output(y, IMAGE), count(y));
}

// y = x from number `start` of `axis` on, as far as y goes.  The strides of both may be any; y overlaps nothing.
void copy(FloatIn x, FloatOut y, Whole axis, Whole start) {
    const long ndim = (long)x.ndim();
    expect(ndim == (long)y.ndim() && ndim <= Walk::AXES && axis >= 0 && axis < ndim, "copy: other axes, or too many");
    Walk walk;
    for (long i = 0; i < Walk::AXES; i++) walk.n[i] = 1, walk.x[i] = walk.y[i] = 0;
    std::vector<long> order(ndim);
    for (long i = 0; i < ndim; i++) order[i] = i;
    // Along the memory of y; the numbers of a row are neighbours there.
    for (long i = 1; i < ndim; i++)
        for (long k = i; k > 0 && y.stride(order[k - 1]) < y.stride(order[k]); k--) std::swap(order[k - 1], order[k]);
    for (long i = ndim - 1, to = Walk::AXES; i >= 0; i--) {
        const long from = order[i], n = (long)y.shape(from);
        const bool whole = to < Walk::AXES && x.stride(from) == walk.n[to] * walk.x[to] &&
                           y.stride(from) == walk.n[to] * walk.y[to];  // two axes that go on as one
        if (whole) walk.n[to] *= n;
        else if (n != 1) to--, walk.n[to] = n, walk.x[to] = x.stride(from), walk.y[to] = y.stride(from);
        expect(from == axis ? start >= 0 && start <= (long)x.shape(from) - (long)y.shape(from)
                            : y.shape(from) == x.shape(from),
               "copy: y reaches beyond x");
    }
    walk.start = start * x.stride(axis);
    if (count(y)) perform(&Kernels::copy, x.data(), y.data(), walk);
}

}  // namespace

void bind_combine(nb::module_& m) {
    m.def("add", together<&Kernels::add>, "a"_a.noconvert(), "b"_a.noconvert(), "y"_a.noconvert(), Released());
    m.def("multiply", together<&Kernels::multiply>, "a"_a.noconvert(), "b"_a.noconvert(), "y"_a.noconvert(), Released());
    m.def("copy", copy, "x"_a.noconvert(), "y"_a.noconvert(), "axis"_a, "start"_a, Released());
}

}  // namespace pellucid
