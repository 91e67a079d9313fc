#include "arrays.hpp"

namespace pellucid {
namespace {

// The flat vectors are long: none of them is copied, so each must lie as kernels read it.
const float* vector(FloatIn array) {
    expect(in_order(array, ROW_MAJOR), "optim: a vector is not contiguous");
    return array.data();
}

template <class... Slots>
void alike(FloatIn grad, const Slots&... slots) {
    for (long n : {slots...}) expect(n == count(grad), "optim: vectors of different lengths");
}

long count_if(MaybeOut slot, FloatIn grad) { return slot ? count(*slot) : count(grad); }

void sgd_update(FloatIn grad, FloatOut data, MaybeOut velocity, double rate, double momentum, double fresh, double ahead,
                double decay) {
    alike(grad, count(data), count_if(velocity, grad));
    perform(&Kernels::sgd_update, vector(grad), output(data, ROW_MAJOR), output(velocity, ROW_MAJOR), (float)rate,
            (float)momentum, (float)fresh, (float)ahead, (float)decay, count(data));
}

void adam_update(FloatIn grad, FloatOut data, FloatOut m, FloatOut v, MaybeOut largest, double beta1, double beta2,
                 double rate, double corrected, double eps, double decay, double kept) {
    alike(grad, count(data), count(m), count(v), count_if(largest, grad));
    perform(&Kernels::adam_update, vector(grad), output(data, ROW_MAJOR), output(m, ROW_MAJOR), output(v, ROW_MAJOR),
            output(largest, ROW_MAJOR), (float)beta1, (float)beta2, (float)(1 - beta1), (float)(1 - beta2), (float)rate,
            (float)corrected, (float)eps, (float)decay, (float)kept, count(data));
}

void rmsprop_update(FloatIn grad, FloatOut data, FloatOut square, MaybeOut mean, MaybeOut velocity, double alpha,
                    double rate, double momentum, double eps, double decay) {
    alike(grad, count(data), count(square), count_if(mean, grad), count_if(velocity, grad));
    perform(&Kernels::rmsprop_update, vector(grad), output(data, ROW_MAJOR), output(square, ROW_MAJOR),
            output(mean, ROW_MAJOR), output(velocity, ROW_MAJOR), (float)alpha, (float)(1 - alpha), (float)rate,
            (float)momentum, (float)eps, (float)decay, count(data));
}

void adagrad_update(FloatIn grad, FloatOut data, FloatOut total, double rate, double eps, double decay) {
    alike(grad, count(data), count(total));
    perform(&Kernels::adagrad_update, vector(grad), output(data, ROW_MAJOR), output(total, ROW_MAJOR), (float)rate,
            (float)eps, (float)decay, count(data));
}

void average_update(FloatIn values, FloatOut average, double rate) {
    expect(count(values) == count(average), "average_update: vectors of different lengths");
    perform(&Kernels::average_update, vector(values), output(average, ROW_MAJOR), (float)rate, count(average));
}

void clip_values(FloatOut values, double largest) {
    perform(&Kernels::clip_values, output(values, ROW_MAJOR), (float)largest, count(values));
}

void scale(FloatOut values, double factor) {
    perform(&Kernels::scale, output(values, ROW_MAJOR), (float)factor, count(values));
}

void sum_of_squares(FloatIn values, const Out<double>& sum) {
    expect(count(sum) == 1, "sum_of_squares: one number comes out");
    perform(&Kernels::sum_of_squares, vector(values), sum.data(), count(values));
}

void not_finite(FloatIn values, const Out<double>& found) {
    expect(count(found) == 1, "not_finite: one number comes out");
    perform(&Kernels::not_finite, vector(values), found.data(), count(values));
}

}  // namespace

void bind_optim(nb::module_& m) {
    m.def("sgd_update", sgd_update, "grad"_a.noconvert(), "data"_a.noconvert(), "velocity"_a.noconvert().none(), "rate"_a,
          "momentum"_a, "fresh"_a, "ahead"_a, "decay"_a, Released());
    m.def("adam_update", adam_update, "grad"_a.noconvert(), "data"_a.noconvert(), "m"_a.noconvert(), "v"_a.noconvert(),
          "largest"_a.noconvert().none(), "beta1"_a, "beta2"_a, "rate"_a, "corrected"_a, "eps"_a, "decay"_a, "kept"_a,
          Released());
    m.def("rmsprop_update", rmsprop_update, "grad"_a.noconvert(), "data"_a.noconvert(), "square"_a.noconvert(),
          "mean"_a.noconvert().none(), "velocity"_a.noconvert().none(), "alpha"_a, "rate"_a, "momentum"_a, "eps"_a,
          "decay"_a, Released());
    m.def("adagrad_update", adagrad_update, "grad"_a.noconvert(), "data"_a.noconvert(), "total"_a.noconvert(), "rate"_a,
          "eps"_a, "decay"_a, Released());
    m.def("average_update", average_update, "values"_a.noconvert(), "average"_a.noconvert(), "rate"_a, Released());
    m.def("clip_values", clip_values, "values"_a.noconvert(), "largest"_a, Released());
    m.def("scale", scale, "values"_a.noconvert(), "factor"_a, Released());
    m.def("sum_of_squares", sum_of_squares, "values"_a.noconvert(), "sum"_a.noconvert(), Released());
    m.def("not_finite", not_finite, "values"_a.noconvert(), "found"_a.noconvert(), Released());
}

}  // namespace pellucid
