#include "arrays.hpp"

namespace pellucid {
namespace {

void relu_forward(FloatIn x, FloatOut y) {
    expect(sizes(x) == sizes(y), "relu: y needs the shape of x");
    kernels->relu_forward(Input(x, IMAGE), output(y, IMAGE), count(x));
}

void relu_backward(FloatIn grad_y, FloatIn y, FloatOut grad_x) {
    expect(sizes(grad_y) == sizes(y) && sizes(y) == sizes(grad_x), "relu: gradients need the shape of y");
    kernels->relu_backward(Input(grad_y, IMAGE), Input(y, IMAGE), output(grad_x, IMAGE), count(y));
}

}  // namespace

void bind_activation(nb::module_& m) {
    m.def("relu_forward", relu_forward, "x"_a.noconvert(), "y"_a.noconvert(), Released());
    m.def("relu_backward", relu_backward, "grad_y"_a.noconvert(), "y"_a.noconvert(), "grad_x"_a.noconvert(), Released());
}

}  // namespace pellucid
