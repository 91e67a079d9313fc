#include "sequences.hpp"

namespace pellucid {
namespace {

void gru_forward(FloatIn x, FloatIn weight_ih, FloatIn weight_hh, MaybeIn bias_ih, MaybeIn bias_hh, MaybeIn h0,
                 MaybeMask mask, bool reverse, FloatOut y, FloatOut h_n, FloatOut gates, FloatOut inner,
                 FloatOut h_before) {
    const Sequence s = sequence_sizes(3, x, weight_ih, weight_hh, reverse);
    expect_counts(s.N * s.T * s.H, y, inner, h_before);
    expect_counts(s.N * s.H, h_n);
    expect_counts(s.N * s.T * 3 * s.H, gates);
    expect_maybe(3 * s.H, bias_ih, bias_hh);
    expect_maybe(s.N * s.H, h0);
    expect_maybe(s.N * s.T, mask);
    Input<bool> counted(mask, ROW_MAJOR);
    perform(&Kernels::gru_forward, s, Input(x, ROW_MAJOR), Input(weight_ih, ROW_MAJOR), Input(weight_hh, ROW_MAJOR),
            Input(bias_ih, ROW_MAJOR), Input(bias_hh, ROW_MAJOR), Input(h0, ROW_MAJOR), bytes(counted),
            output(y, ROW_MAJOR), output(h_n, ROW_MAJOR), output(gates, ROW_MAJOR), output(inner, ROW_MAJOR),
            output(h_before, ROW_MAJOR));
}

void gru_backward(FloatIn x, FloatIn weight_ih, FloatIn weight_hh, MaybeMask mask, FloatIn gates, FloatIn inner,
                  FloatIn h_before, bool reverse, MaybeIn grad_y, MaybeIn grad_h_n, MaybeOut grad_x,
                  FloatOut grad_weight_ih, FloatOut grad_weight_hh, MaybeOut grad_bias_ih, MaybeOut grad_bias_hh,
                  MaybeOut grad_h0) {
    const Sequence s = sequence_sizes(3, x, weight_ih, weight_hh, reverse);
    expect_counts(s.N * s.T * s.H, inner, h_before);
    expect_counts(s.N * s.T * 3 * s.H, gates);
    expect_counts(3 * s.H * s.I, grad_weight_ih);
    expect_counts(3 * s.H * s.H, grad_weight_hh);
    expect_maybe(s.N * s.T, mask);
    expect_maybe(s.N * s.T * s.H, grad_y);
    expect_maybe(s.N * s.T * s.I, grad_x);
    expect_maybe(3 * s.H, grad_bias_ih, grad_bias_hh);
    expect_maybe(s.N * s.H, grad_h_n, grad_h0);
    Input<bool> counted(mask, ROW_MAJOR);
    perform(&Kernels::gru_backward, s, Input(x, ROW_MAJOR), Input(weight_ih, ROW_MAJOR), Input(weight_hh, ROW_MAJOR),
            bytes(counted), Input(gates, ROW_MAJOR), Input(inner, ROW_MAJOR), Input(h_before, ROW_MAJOR),
            Input(grad_y, ROW_MAJOR), Input(grad_h_n, ROW_MAJOR), output(grad_x, ROW_MAJOR),
            output(grad_weight_ih, ROW_MAJOR), output(grad_weight_hh, ROW_MAJOR), output(grad_bias_ih, ROW_MAJOR),
            output(grad_bias_hh, ROW_MAJOR), output(grad_h0, ROW_MAJOR));
}

}  // namespace

void bind_gru(nb::module_& m) {
    m.def("gru_forward", gru_forward, "x"_a.noconvert(), "weight_ih"_a.noconvert(), "weight_hh"_a.noconvert(),
          "bias_ih"_a.noconvert().none(), "bias_hh"_a.noconvert().none(), "h0"_a.noconvert().none(),
          "mask"_a.noconvert().none(), "reverse"_a, "y"_a.noconvert(), "h_n"_a.noconvert(), "gates"_a.noconvert(),
          "inner"_a.noconvert(), "h_before"_a.noconvert(), Released());
    m.def("gru_backward", gru_backward, "x"_a.noconvert(), "weight_ih"_a.noconvert(), "weight_hh"_a.noconvert(),
          "mask"_a.noconvert().none(), "gates"_a.noconvert(), "inner"_a.noconvert(), "h_before"_a.noconvert(),
          "reverse"_a, "grad_y"_a.noconvert().none(), "grad_h_n"_a.noconvert().none(), "grad_x"_a.noconvert().none(),
          "grad_weight_ih"_a.noconvert(), "grad_weight_hh"_a.noconvert(), "grad_bias_ih"_a.noconvert().none(),
          "grad_bias_hh"_a.noconvert().none(), "grad_h0"_a.noconvert().none(), Released());
}

}  // namespace pellucid
