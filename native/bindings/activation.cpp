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

// `saved` is y, x, or the slope at x.
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

// Activations with a number or a choice of their own.
template <class Option, void (*Kernels::*kernel)(const float*, float*, Option, long)>
void forward_with(FloatIn x, FloatOut y, std::conditional_t<std::is_same_v<Option, float>, double, Option> option) {
    expect(sizes(x) == sizes(y), "activation: y needs the shape of x");
    perform(kernel, Input(x, IMAGE), output(y, IMAGE), (Option)option, count(x));
}

template <class Option, void (*Kernels::*kernel)(const float*, const float*, float*, Option, long)>
void backward_with(FloatIn grad_y, FloatIn x, FloatOut grad_x,
                   std::conditional_t<std::is_same_v<Option, float>, double, Option> option) {
    expect(sizes(grad_y) == sizes(x) && sizes(x) == sizes(grad_x), "activation: gradients need the shape of x");
    perform(kernel, Input(grad_y, IMAGE), Input(x, IMAGE), output(grad_x, IMAGE), (Option)option, count(x));
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
    def_forward<&Kernels::log1p>(m, "log1p");
    def_forward<&Kernels::erf>(m, "erf");
    def_forward<&Kernels::hard_swish_forward>(m, "hard_swish_forward");
    def_forward<&Kernels::silu_forward>(m, "silu_forward");
    m.def("leaky_relu_forward", leaky_relu_forward, "x"_a.noconvert(), "y"_a.noconvert(), "slope"_a.noconvert(),
          "negative_slope"_a, Released());
    def_backward<&Kernels::relu_backward>(m, "relu_backward");
    def_backward<&Kernels::leaky_relu_backward>(m, "leaky_relu_backward");
    def_backward<&Kernels::sigmoid_backward>(m, "sigmoid_backward");
    def_backward<&Kernels::tanh_backward>(m, "tanh_backward");
    def_backward<&Kernels::hard_swish_backward>(m, "hard_swish_backward");
    def_backward<&Kernels::silu_backward>(m, "silu_backward");
    m.def("elu_forward", forward_with<float, &Kernels::elu_forward>, "x"_a.noconvert(), "y"_a.noconvert(), "alpha"_a,
          Released());
    m.def("elu_backward", backward_with<float, &Kernels::elu_backward>, "grad_y"_a.noconvert(), "x"_a.noconvert(),
          "grad_x"_a.noconvert(), "alpha"_a, Released());
    m.def("gelu_forward", forward_with<bool, &Kernels::gelu_forward>, "x"_a.noconvert(), "y"_a.noconvert(), "by_tanh"_a,
          Released());
    m.def("gelu_backward", backward_with<bool, &Kernels::gelu_backward>, "grad_y"_a.noconvert(), "x"_a.noconvert(),
          "grad_x"_a.noconvert(), "by_tanh"_a, Released());
}

}  // namespace pellucid
