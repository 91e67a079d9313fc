#include "conv2d_sizes.hpp"

namespace pellucid {

Sizes conv2d_sizes(const std::vector<long>& x, const std::vector<long>& weight, Pair stride, Sides padding,
                   Pair dilation, Whole groups, bool relu, int pooling, Pair window) {
    expect(x.size() == 4 && weight.size() == 4, "conv2d: four axes are needed");
    for (auto* shape : {&x, &weight})
        for (long size : *shape) expect(size < LIMIT, "conv2d: an axis has 2^31 numbers or more");
    auto [vertical, horizontal] = padding;
    Conv s{x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], std::get<0>(stride), std::get<1>(stride),
           std::get<0>(vertical), std::get<1>(vertical), std::get<0>(horizontal), std::get<1>(horizontal),
           std::get<0>(dilation), std::get<1>(dilation), groups, 0, 0};
    expect(groups >= 1 && groups <= (s.C ? s.C : 1) && s.SH >= 1 && s.SW >= 1 && s.DH >= 1 && s.DW >= 1 && s.KH >= 1 &&
               s.KW >= 1,
           "conv2d: stride, dilation, groups and kernel are at least 1");
    expect(s.top >= 0 && s.bottom >= 0 && s.left >= 0 && s.right >= 0, "conv2d: padding is at least 0");
    expect(weight[1] * groups == s.C && s.O % groups == 0, "conv2d: channels do not fit");
    long height = s.padded_height() - s.DH * (s.KH - 1) - 1, width = s.padded_width() - s.DW * (s.KW - 1) - 1;
    expect(height >= 0 && width >= 0, "conv2d: the kernel does not fit");
    expect(s.padded_height() < LIMIT && s.padded_width() < LIMIT && s.padded_height() * s.padded_width() < LIMIT &&
               s.padded_height() * s.padded_width() * s.C < LIMIT,
           "conv2d: an image has 2^31 numbers or more");
    s.OH = height / s.SH + 1, s.OW = width / s.SW + 1;
    auto [KH, KW] = window;
    expect(pooling >= NO_POOL && pooling <= AVG_POOL && KH >= 1 && KW >= 1, "conv2d: unknown pooling");
    expect(pooling != NO_POOL || (KH == 1 && KW == 1), "conv2d: a window without pooling");
    expect((long)KH * KW <= (pooling == AVG_POOL ? 8 : 255), "conv2d: the window is too large");
    return {s, Finish{relu, (Pooling)pooling, KH, KW, s.OH / KH, s.OW / KW}};
}

namespace {

// The same for a call, whose y (or its gradient) must fit.
Sizes sizes_of(const std::vector<long>& x, const std::vector<long>& weight, const std::vector<long>& y, Pair stride,
               Sides padding, Pair dilation, Whole groups, bool relu, int pooling, Pair window) {
    Sizes z = conv2d_sizes(x, weight, stride, padding, dilation, groups, relu, pooling, window);
    expect(y == std::vector<long>{z.s.N, z.s.O, z.f.OH, z.f.OW}, "conv2d: y has another shape");
    return z;
}

using Bytes = const std::optional<In<uint8_t>>&;
using BytesOut = const std::optional<Out<uint8_t>>&;

void run_forward(const Sizes& z, FloatIn x, FloatIn weight, MaybeIn bias, FloatOut y, BytesOut passed, bool exact) {
    expect(!bias || count(*bias) == z.s.O, "conv2d: bias has another size");
    expect(!passed || sizes(*passed) == sizes(y), "conv2d: index has another shape than y");
    perform(&Kernels::conv2d_forward, z.s, z.f, exact, Input(x, IMAGE), Input(weight, ROW_MAJOR),
            Input(bias, ROW_MAJOR), output(y, IMAGE), output(passed, IMAGE));
}

void run_backward(const Sizes& z, FloatIn grad_y, Bytes passed, MaybeIn y_relu, FloatIn x, FloatIn weight,
                  MaybeOut grad_x, FloatOut grad_weight, MaybeOut grad_bias, bool exact) {
    expect(!passed || sizes(*passed) == sizes(grad_y), "conv2d: index has another shape than grad_y");
    expect(!y_relu || sizes(*y_relu) == sizes(grad_y), "conv2d: y has another shape than grad_y");
    expect(!grad_x || sizes(*grad_x) == sizes(x), "conv2d: grad_x has another shape than x");
    expect(sizes(grad_weight) == sizes(weight) && (!grad_bias || count(*grad_bias) == z.s.O),
           "conv2d: gradients do not fit");
    perform(&Kernels::conv2d_backward, z.s, z.f, exact, Input(grad_y, IMAGE), Input<uint8_t>(passed, IMAGE),
            Input(y_relu, IMAGE), Input(x, IMAGE), Input(weight, ROW_MAJOR), output(grad_x, IMAGE),
            output(grad_weight, ROW_MAJOR), output(grad_bias, ROW_MAJOR));
}

void conv2d_forward(FloatIn x, FloatIn weight, MaybeIn bias, FloatOut y, Pair stride, Sides padding, Pair dilation,
                    Whole groups, bool exact) {
    Sizes z = sizes_of(sizes(x), sizes(weight), sizes(y), stride, padding, dilation, groups, false, NO_POOL, {1, 1});
    run_forward(z, x, weight, bias, y, std::nullopt, exact);
}

void conv2d_backward(FloatIn grad_y, FloatIn x, FloatIn weight, MaybeOut grad_x, FloatOut grad_weight,
                     MaybeOut grad_bias, Pair stride, Sides padding, Pair dilation, Whole groups, bool exact) {
    Sizes z = sizes_of(sizes(x), sizes(weight), sizes(grad_y), stride, padding, dilation, groups, false, NO_POOL, {1, 1});
    run_backward(z, grad_y, std::nullopt, std::nullopt, x, weight, grad_x, grad_weight, grad_bias, exact);
}

void conv2d_relu_forward(FloatIn x, FloatIn weight, MaybeIn bias, FloatOut y, Pair stride, Sides padding, Pair dilation,
                         Whole groups, bool exact) {
    Sizes z = sizes_of(sizes(x), sizes(weight), sizes(y), stride, padding, dilation, groups, true, NO_POOL, {1, 1});
    run_forward(z, x, weight, bias, y, std::nullopt, exact);
}

void conv2d_relu_backward(FloatIn grad_y, FloatIn y, FloatIn x, FloatIn weight, MaybeOut grad_x, FloatOut grad_weight,
                          MaybeOut grad_bias, Pair stride, Sides padding, Pair dilation, Whole groups, bool exact) {
    Sizes z = sizes_of(sizes(x), sizes(weight), sizes(grad_y), stride, padding, dilation, groups, true, NO_POOL, {1, 1});
    run_backward(z, grad_y, std::nullopt, y, x, weight, grad_x, grad_weight, grad_bias, exact);
}

template <Pooling pooling>
void conv2d_relu_pool_forward(FloatIn x, FloatIn weight, MaybeIn bias, FloatOut y, const Out<uint8_t>& passed,
                              Pair window, Pair stride, Sides padding, Pair dilation, Whole groups, bool exact) {
    Sizes z = sizes_of(sizes(x), sizes(weight), sizes(y), stride, padding, dilation, groups, true, pooling, window);
    run_forward(z, x, weight, bias, y, passed, exact);
}

template <Pooling pooling>
void conv2d_relu_pool_backward(FloatIn grad_y, const In<uint8_t>& passed, FloatIn x, FloatIn weight, MaybeOut grad_x,
                               FloatOut grad_weight, MaybeOut grad_bias, Pair window, Pair stride, Sides padding,
                               Pair dilation, Whole groups, bool exact) {
    Sizes z = sizes_of(sizes(x), sizes(weight), sizes(grad_y), stride, padding, dilation, groups, true, pooling, window);
    run_backward(z, grad_y, passed, std::nullopt, x, weight, grad_x, grad_weight, grad_bias, exact);
}

template <Pooling pooling>
void bind_pooled(nb::module_& m, const char* forward, const char* backward) {
    m.def(forward, conv2d_relu_pool_forward<pooling>, "x"_a.noconvert(), "weight"_a.noconvert(),
          "bias"_a.noconvert().none(), "y"_a.noconvert(), "passed"_a.noconvert(), "window"_a, "stride"_a, "padding"_a,
          "dilation"_a, "groups"_a, "exact"_a, Released());
    m.def(backward, conv2d_relu_pool_backward<pooling>, "grad_y"_a.noconvert(), "passed"_a.noconvert(),
          "x"_a.noconvert(), "weight"_a.noconvert(), "grad_x"_a.noconvert().none(), "grad_weight"_a.noconvert(),
          "grad_bias"_a.noconvert().none(), "window"_a, "stride"_a, "padding"_a, "dilation"_a, "groups"_a,
          "exact"_a, Released());
}

}  // namespace

void bind_conv2d(nb::module_& m) {
    m.def("conv2d_forward", conv2d_forward, "x"_a.noconvert(), "weight"_a.noconvert(), "bias"_a.noconvert().none(),
          "y"_a.noconvert(), "stride"_a, "padding"_a, "dilation"_a, "groups"_a, "exact"_a, Released());
    m.def("conv2d_backward", conv2d_backward, "grad_y"_a.noconvert(), "x"_a.noconvert(), "weight"_a.noconvert(),
          "grad_x"_a.noconvert().none(), "grad_weight"_a.noconvert(), "grad_bias"_a.noconvert().none(), "stride"_a,
          "padding"_a, "dilation"_a, "groups"_a, "exact"_a, Released());
    m.def("conv2d_relu_forward", conv2d_relu_forward, "x"_a.noconvert(), "weight"_a.noconvert(),
          "bias"_a.noconvert().none(), "y"_a.noconvert(), "stride"_a, "padding"_a, "dilation"_a, "groups"_a, "exact"_a,
          Released());
    m.def("conv2d_relu_backward", conv2d_relu_backward, "grad_y"_a.noconvert(), "y"_a.noconvert(), "x"_a.noconvert(),
          "weight"_a.noconvert(), "grad_x"_a.noconvert().none(), "grad_weight"_a.noconvert(),
          "grad_bias"_a.noconvert().none(), "stride"_a, "padding"_a, "dilation"_a, "groups"_a, "exact"_a,
          Released());
    bind_pooled<MAX_POOL>(m, "conv2d_relu_max_pool2d_forward", "conv2d_relu_max_pool2d_backward");
    bind_pooled<AVG_POOL>(m, "conv2d_relu_avg_pool2d_forward", "conv2d_relu_avg_pool2d_backward");
}

}  // namespace pellucid
