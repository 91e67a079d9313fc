#include "pool2d_sizes.hpp"

namespace pellucid {
namespace {

using IndexOut = const nb::ndarray<nb::device::cpu>&;  // of bytes, or of 16 or 32 bits for large windows
using IndexIn = const nb::ndarray<nb::ro, nb::device::cpu>&;

// Windows, checked: every one of them holds a pixel of x.
template <class X, class Y>
Pool pool_of(const X& x, const Y& y, Pair kernel, Pair stride, Pair start) {
    expect(x.ndim() == 4 && y.ndim() == 4 && x.shape(0) == y.shape(0) && x.shape(1) == y.shape(1),
           "pool: samples and channels of x and y differ");
    return windows(kernel, stride, start, (long)x.shape(2), (long)x.shape(3), (long)y.shape(2), (long)y.shape(3));
}

template <class A>
long index_bytes(const A& index, const Pool& pool) {
    long bytes = index.itemsize();
    expect(index.dtype().code == (uint8_t)nb::dlpack::dtype_code::UInt && (bytes == 1 || bytes == 2 || bytes == 4) &&
               (bytes == 4 || pool.KH * pool.KW <= 1L << 8 * bytes),
           "max_pool2d: the index has another type");
    expect(in_order(index, IMAGE), "max_pool2d: the index is not in the order that kernels write");
    return bytes;
}

#define SIZES(x) (long)x.shape(0), (long)x.shape(1), (long)x.shape(2), (long)x.shape(3)

void max_pool2d_forward(FloatIn x, FloatOut y, IndexOut index, Pair kernel, Pair stride, Pair start) {
    Pool pool = pool_of(x, y, kernel, stride, start);
    expect(sizes(index) == sizes(y), "max_pool2d: the index needs the shape of y");
    long bytes = index_bytes(index, pool);
    perform(&Kernels::max_pool2d_forward, Input(x, IMAGE), output(y, IMAGE), index.data(), bytes, SIZES(x), pool);
}

void max_pool2d_backward(FloatIn grad_y, IndexIn index, FloatOut grad_x, Pair kernel, Pair stride, Pair start) {
    Pool pool = pool_of(grad_x, grad_y, kernel, stride, start);
    expect(sizes(index) == sizes(grad_y), "max_pool2d: the index needs the shape of y");
    long bytes = index_bytes(index, pool);
    perform(&Kernels::max_pool2d_backward, Input(grad_y, IMAGE), index.data(), bytes, output(grad_x, IMAGE),
            SIZES(grad_x), pool);
}

void avg_pool2d_forward(FloatIn x, FloatIn counts, FloatOut y, Pair kernel, Pair stride, Pair start) {
    Pool pool = pool_of(x, y, kernel, stride, start);
    expect(count(counts) == pool.OH * pool.OW, "avg_pool2d: one count for each window is needed");
    perform(&Kernels::avg_pool2d_forward, Input(x, IMAGE), Input(counts, ROW_MAJOR), output(y, IMAGE), SIZES(x), pool);
}

void avg_pool2d_backward(FloatIn grad_y, FloatIn counts, FloatOut grad_x, Pair kernel, Pair stride, Pair start) {
    Pool pool = pool_of(grad_x, grad_y, kernel, stride, start);
    expect(count(counts) == pool.OH * pool.OW, "avg_pool2d: one count for each window is needed");
    perform(&Kernels::avg_pool2d_backward, Input(grad_y, IMAGE), Input(counts, ROW_MAJOR), output(grad_x, IMAGE),
            SIZES(grad_x), pool);
}

}  // namespace

void bind_pool2d(nb::module_& m) {
    m.def("max_pool2d_forward", max_pool2d_forward, "x"_a.noconvert(), "y"_a.noconvert(), "index"_a.noconvert(),
          "kernel"_a, "stride"_a, "start"_a, Released());
    m.def("max_pool2d_backward", max_pool2d_backward, "grad_y"_a.noconvert(), "index"_a.noconvert(),
          "grad_x"_a.noconvert(), "kernel"_a, "stride"_a, "start"_a, Released());
    m.def("avg_pool2d_forward", avg_pool2d_forward, "x"_a.noconvert(), "counts"_a.noconvert(), "y"_a.noconvert(),
          "kernel"_a, "stride"_a, "start"_a, Released());
    m.def("avg_pool2d_backward", avg_pool2d_backward, "grad_y"_a.noconvert(), "counts"_a.noconvert(),
          "grad_x"_a.noconvert(), "kernel"_a, "stride"_a, "start"_a, Released());
}

}  // namespace pellucid
