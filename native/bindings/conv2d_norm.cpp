#include "conv2d_sizes.hpp"

namespace pellucid {
namespace {

using Doubles = const In<double>&;
using Bytes = const std::optional<In<uint8_t>>&;

Sizes sizes_of(FloatIn x, FloatIn weight, const std::vector<long>& z, Pair stride, Sides padding, Pair dilation,
               Whole groups) {
    Sizes found = conv2d_sizes(sizes(x), sizes(weight), stride, padding, dilation, groups, false, NO_POOL, {1, 1});
    expect(z == std::vector<long>{found.s.N, found.s.O, found.s.OH, found.s.OW}, "conv2d: z has another shape");
    return found;
}

void statistics(FloatIn x, FloatIn weight, MaybeIn bias, FloatOut z, const Out<double>& statistics, Pair stride,
                Sides padding, Pair dilation, Whole groups, bool exact) {
    const Conv s = sizes_of(x, weight, sizes(z), stride, padding, dilation, groups).s;
    expect((!bias || count(*bias) == s.O) && count(statistics) == 2 * s.O && count(z) > 0, "conv2d: sizes do not fit");
    perform(&Kernels::conv2d_statistics, s, exact, Input(x, IMAGE), Input(weight, ROW_MAJOR), Input(bias, ROW_MAJOR),
            output(z, IMAGE), output(statistics, ROW_MAJOR));
}

Pool windows_of(const std::vector<long>& z, const std::vector<long>& y, Pair window) {
    auto [KH, KW] = window;
    expect(KH >= 1 && KW >= 1 && (long)KH * KW <= 255, "batch_norm: a window of 1 to 255 taps is needed");
    const Pool pool{KH, KW, KH, KW, 0, 0, z[2] / KH, z[3] / KW};
    expect(y == std::vector<long>{z[0], z[1], pool.OH, pool.OW}, "batch_norm: y has another shape");
    return pool;
}

void pool_forward(FloatIn z, MaybeIn weight, MaybeIn bias, Doubles statistics, FloatOut y, const Out<uint8_t>& index,
                  Pair window, double eps) {
    expect(z.ndim() == 4 && y.ndim() == 4 && sizes(index) == sizes(y), "batch_norm: y and index need one shape");
    const std::vector<long> size = sizes(z);
    const long C = size[1];
    expect((!weight || count(*weight) == C) && (!bias || count(*bias) == C) && count(statistics) == 2 * C,
           "batch_norm: weight, bias or statistics have another size");
    perform(&Kernels::batch_norm_relu_max_pool2d_forward, Input(z, IMAGE), Input(weight, ROW_MAJOR),
            Input(bias, ROW_MAJOR), Input<double>(statistics, ROW_MAJOR), output(y, IMAGE), output(index, IMAGE), eps,
            size[0], C, size[2], size[3], windows_of(size, sizes(y), window));
}

void backward(FloatIn grad_y, Bytes index, FloatIn z, FloatIn x, FloatIn weight, MaybeIn norm_weight, MaybeIn norm_bias,
              Doubles statistics, MaybeOut grad_x, FloatOut grad_weight, MaybeOut grad_bias, MaybeOut grad_norm_weight,
              MaybeOut grad_norm_bias, Pair window, double eps, bool given, Pair stride, Sides padding, Pair dilation,
              Whole groups, bool exact) {
    const Conv s = sizes_of(x, weight, sizes(z), stride, padding, dilation, groups).s;
    const Pool pool = windows_of(sizes(z), sizes(grad_y), window);
    auto fits = [&](const auto& array) { return !array || count(*array) == s.O; };
    expect(index || pool.KH * pool.KW == 1, "batch_norm: windows without an index");
    expect(!index || sizes(*index) == sizes(grad_y), "batch_norm: index has another shape than grad_y");
    expect(fits(norm_weight) && fits(norm_bias) && fits(grad_bias) && fits(grad_norm_weight) && fits(grad_norm_bias) &&
               count(statistics) == 2 * s.O,
           "batch_norm: weight, bias, statistics or gradients have another size");
    expect((!grad_x || sizes(*grad_x) == sizes(x)) && sizes(grad_weight) == sizes(weight), "conv2d: gradients do not fit");
    perform(&Kernels::conv2d_batch_norm_relu_backward, s, pool, exact, Input(grad_y, IMAGE),
            Input<uint8_t>(index, IMAGE), Input(z, IMAGE), Input(x, IMAGE), Input(weight, ROW_MAJOR),
            Input(norm_weight, ROW_MAJOR), Input(norm_bias, ROW_MAJOR), Input<double>(statistics, ROW_MAJOR),
            output(grad_x, IMAGE), output(grad_weight, ROW_MAJOR), output(grad_bias, ROW_MAJOR),
            output(grad_norm_weight, ROW_MAJOR), output(grad_norm_bias, ROW_MAJOR), eps, given);
}

}  // namespace

void bind_conv2d_norm(nb::module_& m) {
    m.def("conv2d_statistics", statistics, "x"_a.noconvert(), "weight"_a.noconvert(), "bias"_a.noconvert().none(),
          "z"_a.noconvert(), "statistics"_a.noconvert(), "stride"_a, "padding"_a, "dilation"_a, "groups"_a, "exact"_a,
          Released());
    m.def("batch_norm_relu_max_pool2d_forward", pool_forward, "z"_a.noconvert(), "weight"_a.noconvert().none(),
          "bias"_a.noconvert().none(), "statistics"_a.noconvert(), "y"_a.noconvert(), "index"_a.noconvert(), "window"_a,
          "eps"_a, Released());
    m.def("conv2d_batch_norm_relu_backward", backward, "grad_y"_a.noconvert(), "index"_a.noconvert().none(),
          "z"_a.noconvert(), "x"_a.noconvert(), "weight"_a.noconvert(), "norm_weight"_a.noconvert().none(),
          "norm_bias"_a.noconvert().none(), "statistics"_a.noconvert(), "grad_x"_a.noconvert().none(),
          "grad_weight"_a.noconvert(), "grad_bias"_a.noconvert().none(), "grad_norm_weight"_a.noconvert().none(),
          "grad_norm_bias"_a.noconvert().none(), "window"_a, "eps"_a, "given"_a, "stride"_a, "padding"_a, "dilation"_a,
          "groups"_a, "exact"_a, Released());
}

}  // namespace pellucid
