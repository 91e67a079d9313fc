#include "arrays.hpp"

namespace pellucid {
namespace {

template <bool relu>
void linear_forward(FloatIn x, FloatIn weight, MaybeIn bias, FloatOut y) {
    expect(weight.ndim() == 2 && x.ndim() >= 1, "linear: weight needs two axes");
    long O = (long)weight.shape(0), I = (long)weight.shape(1), N = I ? count(x) / I : count(y) / (O ? O : 1);
    expect_countable({N, O, I});
    expect((long)x.shape(x.ndim() - 1) == I && count(y) == N * O, "linear: sizes do not fit");
    expect(!bias || count(*bias) == O, "linear: bias has another size");
    perform(&Kernels::linear_forward, Input(x, ROW_MAJOR), Input(weight, ROW_MAJOR), Input(bias, ROW_MAJOR),
            output(y, ROW_MAJOR), N, I, O, relu);
}

void run_backward(FloatIn grad_y, MaybeIn y_relu, FloatIn x, FloatIn weight, MaybeOut grad_x, FloatOut grad_weight,
                     MaybeOut grad_bias) {
    expect(weight.ndim() == 2 && x.ndim() >= 1, "linear: weight needs two axes");
    long O = (long)weight.shape(0), I = (long)weight.shape(1), N = O ? count(grad_y) / O : 0;
    expect_countable({N, O, I});
    expect(count(x) == N * I && (!grad_x || count(*grad_x) == N * I), "linear: sizes do not fit");
    expect(count(grad_weight) == O * I && (!grad_bias || count(*grad_bias) == O), "linear: gradients do not fit");
    expect(!y_relu || count(*y_relu) == N * O, "linear: y does not fit");
    perform(&Kernels::linear_backward, Input(grad_y, ROW_MAJOR), Input(y_relu, ROW_MAJOR), Input(x, ROW_MAJOR),
            Input(weight, ROW_MAJOR), output(grad_x, ROW_MAJOR), output(grad_weight, ROW_MAJOR),
            output(grad_bias, ROW_MAJOR), N, I, O);
}

void linear_backward(FloatIn grad_y, FloatIn x, FloatIn weight, MaybeOut grad_x, FloatOut grad_weight,
                     MaybeOut grad_bias) {
    run_backward(grad_y, std::nullopt, x, weight, grad_x, grad_weight, grad_bias);
}

void linear_relu_backward(FloatIn grad_y, FloatIn y, FloatIn x, FloatIn weight, MaybeOut grad_x, FloatOut grad_weight,
                          MaybeOut grad_bias) {
    run_backward(grad_y, y, x, weight, grad_x, grad_weight, grad_bias);
}

}  // namespace

void bind_linear(nb::module_& m) {
    m.def("linear_forward", linear_forward<false>, "x"_a.noconvert(), "weight"_a.noconvert(),
          "bias"_a.noconvert().none(), "y"_a.noconvert(), Released());
    m.def("linear_relu_forward", linear_forward<true>, "x"_a.noconvert(), "weight"_a.noconvert(),
          "bias"_a.noconvert().none(), "y"_a.noconvert(), Released());
    m.def("linear_backward", linear_backward, "grad_y"_a.noconvert(), "x"_a.noconvert(), "weight"_a.noconvert(),
          "grad_x"_a.noconvert().none(), "grad_weight"_a.noconvert(), "grad_bias"_a.noconvert().none(), Released());
    m.def("linear_relu_backward", linear_relu_backward, "grad_y"_a.noconvert(), "y"_a.noconvert(), "x"_a.noconvert(),
          "weight"_a.noconvert(), "grad_x"_a.noconvert().none(), "grad_weight"_a.noconvert(),
          "grad_bias"_a.noconvert().none(), Released());
}

}  // namespace pellucid
