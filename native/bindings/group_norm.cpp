#include "arrays.hpp"

namespace pellucid {
namespace {

using Statistics = const In<double>&;
using StatisticsOut = const Out<double>&;

struct Sizes {
    long N, C, P, G;
    bool planes;  // else pixels of channels
};

template <class S>
Sizes checked(FloatIn x, const S& statistics, MaybeIn weight) {
    expect(x.ndim() >= 2 && statistics.ndim() == 3 && in_order(statistics, ROW_MAJOR), "group_norm: sizes do not fit");
    const long N = (long)x.shape(0), C = (long)x.shape(1), G = (long)statistics.shape(1);
    expect((long)statistics.shape(0) == N && statistics.shape(2) == 2 && G >= 1 && C >= 1 && C % G == 0,
           "group_norm: the statistics do not fit");
    expect(!weight || count(*weight) == C, "group_norm: the weights do not fit");
    return {N, C, N ? count(x) / (N * C) : 0, G, x.ndim() != 4};
}

void group_norm_forward(FloatIn x, MaybeIn weight, MaybeIn bias, FloatOut y, StatisticsOut statistics, double eps) {
    auto [N, C, P, G, planes] = checked(x, statistics, weight);
    expect(sizes(y) == sizes(x) && (!bias || count(*bias) == C), "group_norm: y or bias does not fit");
    perform(&Kernels::group_norm_forward, Input(x, IMAGE), Input(weight, ROW_MAJOR), Input(bias, ROW_MAJOR),
            output(y, IMAGE), statistics.data(), eps, N, C, P, G, planes);
}

void group_norm_backward(FloatIn grad_y, FloatIn x, MaybeIn weight, Statistics statistics, MaybeOut grad_x,
                         MaybeOut grad_weight, MaybeOut grad_bias) {
    auto [N, C, P, G, planes] = checked(x, statistics, weight);
    expect(sizes(grad_y) == sizes(x) && (!grad_x || sizes(*grad_x) == sizes(x)) &&
               (!grad_weight || count(*grad_weight) == C) && (!grad_bias || count(*grad_bias) == C),
           "group_norm: gradients do not fit");
    perform(&Kernels::group_norm_backward, Input(grad_y, IMAGE), Input(x, IMAGE), Input(weight, ROW_MAJOR),
            statistics.data(), output(grad_x, IMAGE), output(grad_weight, ROW_MAJOR), output(grad_bias, ROW_MAJOR), N, C,
            P, G, planes);
}

}  // namespace

void bind_group_norm(nb::module_& m) {
    m.def("group_norm_forward", group_norm_forward, "x"_a.noconvert(), "weight"_a.noconvert().none(),
          "bias"_a.noconvert().none(), "y"_a.noconvert(), "statistics"_a.noconvert(), "eps"_a, Released());
    m.def("group_norm_backward", group_norm_backward, "grad_y"_a.noconvert(), "x"_a.noconvert(),
          "weight"_a.noconvert().none(), "statistics"_a.noconvert(), "grad_x"_a.noconvert().none(),
          "grad_weight"_a.noconvert().none(), "grad_bias"_a.noconvert().none(), Released());
}

}  // namespace pellucid
