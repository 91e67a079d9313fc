#include "arrays.hpp"

namespace pellucid {
namespace {

using Forward = void (*Kernels::*)(const float*, float*, long, long);
using Backward = void (*Kernels::*)(const float*, const float*, float*, long, long);

template <class A>
long scores(const A& array) {
    expect(array.ndim() >= 1 && array.shape(array.ndim() - 1) > 0, "softmax: no scores along the last axis");
    return (long)array.shape(array.ndim() - 1);
}

template <Forward kernel>
void forward(FloatIn x, FloatOut y) {
    expect(sizes(x) == sizes(y), "softmax: y needs the shape of x");
    long K = scores(x);
    perform(kernel, Input(x, ROW_MAJOR), output(y, ROW_MAJOR), count(x) / K, K);
}

template <Backward kernel>
void backward(FloatIn grad_y, FloatIn y, FloatOut grad_x) {
    expect(sizes(grad_y) == sizes(y) && sizes(y) == sizes(grad_x), "softmax: gradients need the shape of y");
    long K = scores(y);
    perform(kernel, Input(grad_y, ROW_MAJOR), Input(y, ROW_MAJOR), output(grad_x, ROW_MAJOR), count(y) / K, K);
}

template <Forward kernel>
void def_forward(nb::module_& m, const char* name) {
    m.def(name, forward<kernel>, "x"_a.noconvert(), "y"_a.noconvert(), Released());
}

template <Backward kernel>
void def_backward(nb::module_& m, const char* name) {
    m.def(name, backward<kernel>, "grad_y"_a.noconvert(), "y"_a.noconvert(), "grad_x"_a.noconvert(), Released());
}

}  // namespace

void bind_softmax(nb::module_& m) {
    def_forward<&Kernels::softmax_forward>(m, "softmax_forward");
    def_forward<&Kernels::log_softmax_forward>(m, "log_softmax_forward");
    def_backward<&Kernels::softmax_backward>(m, "softmax_backward");
    def_backward<&Kernels::log_softmax_backward>(m, "log_softmax_backward");
}

}  // namespace pellucid
