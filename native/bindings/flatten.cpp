#include "arrays.hpp"

namespace pellucid {
namespace {

void flatten_forward(FloatIn x, FloatOut y) {
    expect(x.ndim() >= 1 && count(x) == count(y), "flatten: y needs as many numbers as x");
    if (!count(x)) return;
    auto [N, C, P] = as_images(x);
    perform(&Kernels::flatten_forward, Input(x, IMAGE), output(y, ROW_MAJOR), N, C, P);
}

void flatten_backward(FloatIn grad_y, FloatOut grad_x) {
    expect(grad_x.ndim() >= 1 && count(grad_x) == count(grad_y), "flatten: grad_x needs as many numbers as grad_y");
    if (!count(grad_x)) return;
    auto [N, C, P] = as_images(grad_x);
    perform(&Kernels::flatten_backward, Input(grad_y, ROW_MAJOR), output(grad_x, IMAGE), N, C, P);
}

}  // namespace

void bind_flatten(nb::module_& m) {
    m.def("flatten_forward", flatten_forward, "x"_a.noconvert(), "y"_a.noconvert(), Released());
    m.def("flatten_backward", flatten_backward, "grad_y"_a.noconvert(), "grad_x"_a.noconvert(), Released());
}

}  // namespace pellucid
