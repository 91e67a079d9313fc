#include "arrays.hpp"

namespace pellucid {
namespace {

using Forward = void (*Kernels::*)(const float*, float*, long);
using Backward = void (*Kernels::*)(const float*, const float*, float*, long);

template <Forward kernel>
void forward(FloatIn x, FloatOut y) {
    expect(sizes(x) == sizes(y), "activation: y needs the shape of x");
    perform(kernel, Input(x, IMAGE), output(y, IMAGE), count(x));
}

// `saved` is y, or the slope at x.
template <Backward kernel>
void backward(FloatIn grad_y, FloatIn saved, FloatOut grad_x) {
    expect(sizes(grad_y) == sizes(saved) && sizes(saved) == sizes(grad_x), "activation: gradients need the shape of y");
    perform(kernel, Input(grad_y, IMAGE), Input(saved, IMAGE), output(grad_x, IMAGE), count(saved));
}

void leaky_relu_forward(FloatIn x, FloatOut y, FloatOut slope, double negative_slope) {
    expect(sizes(x) == sizes(y) && sizes(x) == sizes(slope), "leaky_relu: outputs need the shape of x");
    perform(&Kernels::leaky_relu_forward, Input(x, IMAGE), output(y, IMAGE), output(slope, IMAGE),
            (float)negative_slope, count(x));
}

template <Forward kernel>
void def_forward(nb::module_& m, const char* name) {
    m.def(name, forward<kernel>, "x"_a.noconvert(), "y"_a.noconvert(), Released());
}

template <Backward kernel>
void def_backward(nb::module_& m, const char* name) {
    m.def(name, backward<kernel>, "grad_y"_a.noconvert(), "saved"_a.noconvert(), "grad_x"_a.noconvert(), Released());
}

}  // namespace

void bind_activation(nb::module_& m) {
    def_forward<&Kernels::relu_forward>(m, "relu_forward");
    def_forward<&Kernels::sigmoid_forward>(m, "sigmoid_forward");
    def_forward<&Kernels::tanh_forward>(m, "tanh_forward");
    def_forward<&Kernels::exp>(m, "exp");
    def_forward<&Kernels::log>(m, "log");
    m.def("leaky_relu_forward", leaky_relu_forward, "x"_a.noconvert(), "y"_a.noconvert(), "slope"_a.noconvert(),
          "negative_slope"_a, Released());
    def_backward<&Kernels::relu_backward>(m, "relu_backward");
    def_backward<&Kernels::leaky_relu_backward>(m, "leaky_relu_backward");
    def_backward<&Kernels::sigmoid_backward>(m, "sigmoid_backward");
    def_backward<&Kernels::tanh_backward>(m, "tanh_backward");
}

}  // namespace pellucid
