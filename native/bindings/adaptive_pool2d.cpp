#include "arrays.hpp"

namespace pellucid {
namespace {

using IndexOut = const nb::ndarray<nb::device::cpu>&;
using IndexIn = const nb::ndarray<nb::ro, nb::device::cpu>&;

template <class X, class Y>
Adaptive sizes_of(const X& x, const Y& y) {
    expect(x.ndim() == 4 && y.ndim() == 4 && x.shape(0) == y.shape(0) && x.shape(1) == y.shape(1),
           "adaptive pool: samples and channels of x and y differ");
    expect(x.shape(2) && x.shape(3) && y.shape(2) && y.shape(3), "adaptive pool: there is nothing to pool");
    return {(long)x.shape(0), (long)x.shape(1), (long)x.shape(2), (long)x.shape(3), (long)y.shape(2), (long)y.shape(3)};
}

template <class A, class Y>
long index_bytes(const A& index, const Y& y, const Adaptive& s) {
    const long bytes = index.itemsize();
    expect(sizes(index) == sizes(y) && in_order(index, IMAGE), "adaptive_max_pool2d: the index does not lie like y");
    expect(index.dtype().code == (uint8_t)nb::dlpack::dtype_code::UInt && (bytes == 1 || bytes == 2 || bytes == 4) &&
               s.H * s.W <= 1L << (bytes == 4 ? 31 : 8 * bytes),
           "adaptive_max_pool2d: the index has another type");
    return bytes;
}

void avg_forward(FloatIn x, FloatOut y) {
    perform(&Kernels::adaptive_avg_pool2d_forward, Input(x, IMAGE), output(y, IMAGE), sizes_of(x, y));
}

void avg_backward(FloatIn grad_y, FloatOut grad_x) {
    perform(&Kernels::adaptive_avg_pool2d_backward, Input(grad_y, IMAGE), output(grad_x, IMAGE), sizes_of(grad_x, grad_y));
}

void max_forward(FloatIn x, FloatOut y, IndexOut index) {
    const Adaptive s = sizes_of(x, y);
    const long bytes = index_bytes(index, y, s);
    perform(&Kernels::adaptive_max_pool2d_forward, Input(x, IMAGE), output(y, IMAGE), index.data(), bytes, s);
}

void max_backward(FloatIn grad_y, IndexIn index, FloatOut grad_x) {
    const Adaptive s = sizes_of(grad_x, grad_y);
    const long bytes = index_bytes(index, grad_y, s);
    perform(&Kernels::adaptive_max_pool2d_backward, Input(grad_y, IMAGE), index.data(), bytes, output(grad_x, IMAGE), s);
}

}  // namespace

void bind_adaptive_pool2d(nb::module_& m) {
    m.def("adaptive_avg_pool2d_forward", avg_forward, "x"_a.noconvert(), "y"_a.noconvert(), Released());
    m.def("adaptive_avg_pool2d_backward", avg_backward, "grad_y"_a.noconvert(), "grad_x"_a.noconvert(), Released());
    m.def("adaptive_max_pool2d_forward", max_forward, "x"_a.noconvert(), "y"_a.noconvert(), "index"_a.noconvert(),
          Released());
    m.def("adaptive_max_pool2d_backward", max_backward, "grad_y"_a.noconvert(), "index"_a.noconvert(),
          "grad_x"_a.noconvert(), Released());
}

}  // namespace pellucid
