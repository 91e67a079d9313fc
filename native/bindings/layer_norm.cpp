#include "arrays.hpp"

namespace pellucid {
namespace {

using Statistics = const In<double>&;
using StatisticsOut = const Out<double>&;

// Rows of M numbers: as many as there are means.
template <class S>
std::pair<long, long> rows(FloatIn x, const S& statistics, MaybeIn weight) {
    const long N = count(statistics) / 2, M = N ? count(x) / N : 0;
    expect(count(statistics) == 2 * N && N * M == count(x) && in_order(statistics, ROW_MAJOR),
           "layer_norm: the statistics do not fit");
    expect(!weight || !N || count(*weight) == M, "layer_norm: the weights do not fit");
    return {N, M};
}

void layer_norm_forward(FloatIn x, MaybeIn weight, MaybeIn bias, FloatOut y, StatisticsOut statistics, double eps) {
    auto [N, M] = rows(x, statistics, weight);
    expect(sizes(y) == sizes(x) && (!bias || !N || count(*bias) == M), "layer_norm: y or bias does not fit");
    perform(&Kernels::layer_norm_forward, Input(x, ROW_MAJOR), Input(weight, ROW_MAJOR), Input(bias, ROW_MAJOR),
            output(y, ROW_MAJOR), statistics.data(), eps, N, M);
}

void layer_norm_backward(FloatIn grad_y, FloatIn x, MaybeIn weight, Statistics statistics, MaybeOut grad_x,
                         MaybeOut grad_weight, MaybeOut grad_bias) {
    auto [N, M] = rows(x, statistics, weight);
    expect(sizes(grad_y) == sizes(x) && (!grad_x || sizes(*grad_x) == sizes(x)) &&
               (!grad_weight || !N || count(*grad_weight) == M) && (!grad_bias || !N || count(*grad_bias) == M),
           "layer_norm: gradients do not fit");
    perform(&Kernels::layer_norm_backward, Input(grad_y, ROW_MAJOR), Input(x, ROW_MAJOR), Input(weight, ROW_MAJOR),
            statistics.data(), output(grad_x, ROW_MAJOR), output(grad_weight, ROW_MAJOR), output(grad_bias, ROW_MAJOR),
            N, M);
}

}  // namespace

void bind_layer_norm(nb::module_& m) {
    m.def("layer_norm_forward", layer_norm_forward, "x"_a.noconvert(), "weight"_a.noconvert().none(),
          "bias"_a.noconvert().none(), "y"_a.noconvert(), "statistics"_a.noconvert(), "eps"_a, Released());
    m.def("layer_norm_backward", layer_norm_backward, "grad_y"_a.noconvert(), "x"_a.noconvert(),
          "weight"_a.noconvert().none(), "statistics"_a.noconvert(), "grad_x"_a.noconvert().none(),
          "grad_weight"_a.noconvert().none(), "grad_bias"_a.noconvert().none(), Released());
}

}  // namespace pellucid
