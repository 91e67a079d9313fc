#include "arrays.hpp"

namespace pellucid {
namespace {

Channels channels_of(FloatIn x) {
    expect(x.ndim() >= 2 && x.ndim() <= 4, "batch_norm: two, three or four axes are needed");
    long P = 1;
    for (size_t i = 2; i < x.ndim(); i++) P *= (long)x.shape(i);
    return {(long)x.shape(0), (long)x.shape(1), P, x.ndim() == 3};
}

using Doubles = const In<double>&;

void expect_fits(const Channels& s, MaybeIn weight, MaybeIn bias, long statistics) {
    expect((!weight || count(*weight) == s.C) && (!bias || count(*bias) == s.C) && statistics == 2 * s.C,
           "batch_norm: weight, bias or statistics have another size");
}

void statistics(FloatIn x, const Out<double>& statistics) {
    const Channels s = channels_of(x);
    expect(s.N * s.P >= 1, "batch_norm: no values");
    expect_fits(s, std::nullopt, std::nullopt, count(statistics));
    perform(&Kernels::batch_norm_statistics, s, Input(x, IMAGE), output(statistics, ROW_MAJOR));
}

void given(FloatIn mean, FloatIn var, const Out<double>& statistics) {
    expect(count(mean) == count(var) && count(statistics) == 2 * count(mean), "batch_norm: mean and var do not fit");
    perform(&Kernels::batch_norm_given, Input(mean, ROW_MAJOR), Input(var, ROW_MAJOR), output(statistics, ROW_MAJOR),
            count(mean));
}

void forward(FloatIn x, MaybeIn weight, MaybeIn bias, Doubles statistics, FloatOut y, double eps, bool relu) {
    const Channels s = channels_of(x);
    expect(sizes(x) == sizes(y), "batch_norm: y needs the shape of x");
    expect_fits(s, weight, bias, count(statistics));
    perform(&Kernels::batch_norm_forward, s, Input(x, IMAGE), Input(weight, ROW_MAJOR), Input(bias, ROW_MAJOR),
            Input<double>(statistics, ROW_MAJOR), output(y, IMAGE), eps, relu);
}

void backward(FloatIn grad_y, MaybeIn y_relu, FloatIn x, MaybeIn weight, Doubles statistics, MaybeOut grad_x,
              MaybeOut grad_weight, MaybeOut grad_bias, double eps, bool given) {
    const Channels s = channels_of(x);
    expect(sizes(grad_y) == sizes(x) && (!y_relu || sizes(*y_relu) == sizes(x)) && (!grad_x || sizes(*grad_x) == sizes(x)),
           "batch_norm: gradients need the shape of x");
    expect_fits(s, weight, std::nullopt, count(statistics));
    expect((!grad_weight || count(*grad_weight) == s.C) && (!grad_bias || count(*grad_bias) == s.C),
           "batch_norm: gradients do not fit");
    perform(&Kernels::batch_norm_backward, s, Input(grad_y, IMAGE), Input(y_relu, IMAGE), Input(x, IMAGE),
            Input(weight, ROW_MAJOR), Input<double>(statistics, ROW_MAJOR), output(grad_x, IMAGE),
            output(grad_weight, ROW_MAJOR), output(grad_bias, ROW_MAJOR), eps, given);
}

void track(FloatOut running_mean, FloatOut running_var, const Out<int64_t>& steps, Doubles statistics, long values,
           std::optional<double> momentum) {
    const long C = count(running_mean);
    expect(count(running_var) == C && count(statistics) == 2 * C && count(steps) == 1,
           "track_batch_norm: sizes do not fit");
    perform(&Kernels::track_batch_norm, Input<double>(statistics, ROW_MAJOR), output(running_mean, ROW_MAJOR),
            output(running_var, ROW_MAJOR), output(steps, ROW_MAJOR), C, (double)values, momentum.value_or(-1.0));
}

void fold(FloatIn weight, MaybeIn bias, MaybeIn norm_weight, MaybeIn norm_bias, FloatIn mean, FloatIn var,
          FloatOut folded_weight, FloatOut folded_bias, double eps) {
    const long O = count(mean), I = O ? count(weight) / O : 0;
    expect(count(weight) == O * I && sizes(folded_weight) == sizes(weight) && count(var) == O && count(folded_bias) == O &&
               (!bias || count(*bias) == O) && (!norm_weight || count(*norm_weight) == O) &&
               (!norm_bias || count(*norm_bias) == O),
           "fold_batch_norm: sizes do not fit");
    perform(&Kernels::fold_batch_norm, Input(weight, ROW_MAJOR), Input(bias, ROW_MAJOR), Input(norm_weight, ROW_MAJOR),
            Input(norm_bias, ROW_MAJOR), Input(mean, ROW_MAJOR), Input(var, ROW_MAJOR), output(folded_weight, ROW_MAJOR),
            output(folded_bias, ROW_MAJOR), eps, O, I);
}

}  // namespace

void bind_batch_norm(nb::module_& m) {
    m.def("batch_norm_statistics", statistics, "x"_a.noconvert(), "statistics"_a.noconvert(), Released());
    m.def("batch_norm_given", given, "mean"_a.noconvert(), "var"_a.noconvert(), "statistics"_a.noconvert(), Released());
    m.def("batch_norm_forward", forward, "x"_a.noconvert(), "weight"_a.noconvert().none(), "bias"_a.noconvert().none(),
          "statistics"_a.noconvert(), "y"_a.noconvert(), "eps"_a, "relu"_a, Released());
    m.def("batch_norm_backward", backward, "grad_y"_a.noconvert(), "y_relu"_a.noconvert().none(), "x"_a.noconvert(),
          "weight"_a.noconvert().none(), "statistics"_a.noconvert(), "grad_x"_a.noconvert().none(),
          "grad_weight"_a.noconvert().none(), "grad_bias"_a.noconvert().none(), "eps"_a, "given"_a, Released());
    m.def("fold_batch_norm", fold, "weight"_a.noconvert(), "bias"_a.noconvert().none(),
          "norm_weight"_a.noconvert().none(), "norm_bias"_a.noconvert().none(), "mean"_a.noconvert(),
          "var"_a.noconvert(), "folded_weight"_a.noconvert(), "folded_bias"_a.noconvert(), "eps"_a, Released());
    m.def("track_batch_norm", track, "running_mean"_a.noconvert(), "running_var"_a.noconvert(), "steps"_a.noconvert(),
          "statistics"_a.noconvert(), "values"_a, "momentum"_a.none(), Released());
}

}  // namespace pellucid
