#include "arrays.hpp"

namespace pellucid {
namespace {

using MaybeLabels = const std::optional<In<int64_t>>&;

struct Sizes {
    long N, K;
};

Sizes checked(FloatIn logits, MaybeLabels labels, MaybeIn targets) {
    expect(logits.ndim() == 2 && labels.has_value() != targets.has_value(), "cross_entropy: sizes do not fit");
    long N = (long)logits.shape(0), K = (long)logits.shape(1);
    if (targets) expect(sizes(*targets) == sizes(logits), "cross_entropy: targets need the shape of the logits");
    if (!labels) return {N, K};
    expect(count(*labels) == N && in_order(*labels, ROW_MAJOR), "cross_entropy: one label for each row is needed");
    for (long n = 0; n < N; n++)
        expect(labels->data()[n] >= 0 && labels->data()[n] < K, "cross_entropy: a label is out of range");
    return {N, K};
}

void cross_entropy_forward(FloatIn logits, MaybeLabels labels, MaybeIn targets, FloatOut log_p, FloatOut y) {
    auto [N, K] = checked(logits, labels, targets);
    expect(sizes(log_p) == sizes(logits) && count(y) == N && K > 0, "cross_entropy: outputs do not fit");
    perform(&Kernels::cross_entropy_forward, Input(logits, ROW_MAJOR), labels ? labels->data() : nullptr,
            Input(targets, ROW_MAJOR), output(log_p, ROW_MAJOR), output(y, ROW_MAJOR), N, K);
}

void cross_entropy_backward(FloatIn grad_y, FloatIn log_p, MaybeLabels labels, MaybeIn targets, FloatOut grad_logits) {
    auto [N, K] = checked(log_p, labels, targets);
    expect(count(grad_y) == N && sizes(grad_logits) == sizes(log_p), "cross_entropy: gradients do not fit");
    perform(&Kernels::cross_entropy_backward, Input(grad_y, ROW_MAJOR), Input(log_p, ROW_MAJOR),
            labels ? labels->data() : nullptr, Input(targets, ROW_MAJOR), output(grad_logits, ROW_MAJOR), N, K);
}

// Losses whose targets have the shape of the outputs: N samples of M entries.
struct Entries {
    long N, M;
};

Entries entries(FloatIn x, FloatIn targets, long losses) {
    expect(x.ndim() >= 1 && sizes(x) == sizes(targets), "loss: targets need the shape of the outputs");
    const long N = (long)x.shape(0);
    expect(losses == N && (!N || count(x)), "loss: one number for each sample is needed");
    return {N, N ? count(x) / N : 0};
}

void mse_forward(FloatIn x, FloatIn targets, FloatOut y) {
    auto [N, M] = entries(x, targets, count(y));
    perform(&Kernels::mse_forward, Input(x, IMAGE), Input(targets, IMAGE), output(y, ROW_MAJOR), N, M);
}

void mse_backward(FloatIn grad_y, FloatIn x, FloatIn targets, FloatOut grad_x) {
    auto [N, M] = entries(x, targets, count(grad_y));
    expect(sizes(grad_x) == sizes(x), "mse: gradients do not fit");
    perform(&Kernels::mse_backward, Input(grad_y, ROW_MAJOR), Input(x, IMAGE), Input(targets, IMAGE),
            output(grad_x, IMAGE), N, M);
}

void huber_forward(FloatIn x, FloatIn targets, FloatOut y, double delta) {
    auto [N, M] = entries(x, targets, count(y));
    perform(&Kernels::huber_forward, Input(x, IMAGE), Input(targets, IMAGE), output(y, ROW_MAJOR), (float)delta, N, M);
}

void huber_backward(FloatIn grad_y, FloatIn x, FloatIn targets, FloatOut grad_x, double delta) {
    auto [N, M] = entries(x, targets, count(grad_y));
    expect(sizes(grad_x) == sizes(x), "huber: gradients do not fit");
    perform(&Kernels::huber_backward, Input(grad_y, ROW_MAJOR), Input(x, IMAGE), Input(targets, IMAGE),
            output(grad_x, IMAGE), (float)delta, N, M);
}

void bce_with_logits_forward(FloatIn logits, FloatIn targets, MaybeIn pos_weight, FloatOut y) {
    auto [N, M] = entries(logits, targets, count(y));
    expect(!pos_weight || !N || count(*pos_weight) == M, "bce_with_logits: pos_weight does not fit");
    perform(&Kernels::bce_with_logits_forward, Input(logits, IMAGE), Input(targets, IMAGE), Input(pos_weight, IMAGE),
            output(y, ROW_MAJOR), N, M);
}

void bce_with_logits_backward(FloatIn grad_y, FloatIn logits, FloatIn targets, MaybeIn pos_weight,
                              FloatOut grad_logits) {
    auto [N, M] = entries(logits, targets, count(grad_y));
    expect((!pos_weight || !N || count(*pos_weight) == M) && sizes(grad_logits) == sizes(logits),
           "bce_with_logits: gradients do not fit");
    perform(&Kernels::bce_with_logits_backward, Input(grad_y, ROW_MAJOR), Input(logits, IMAGE), Input(targets, IMAGE),
            Input(pos_weight, IMAGE), output(grad_logits, IMAGE), N, M);
}

}  // namespace

void bind_loss(nb::module_& m) {
    m.def("cross_entropy_forward", cross_entropy_forward, "logits"_a.noconvert(), "labels"_a.noconvert().none(),
          "targets"_a.noconvert().none(), "log_p"_a.noconvert(), "y"_a.noconvert(), Released());
    m.def("cross_entropy_backward", cross_entropy_backward, "grad_y"_a.noconvert(), "log_p"_a.noconvert(),
          "labels"_a.noconvert().none(), "targets"_a.noconvert().none(), "grad_logits"_a.noconvert(), Released());
    m.def("mse_forward", mse_forward, "x"_a.noconvert(), "targets"_a.noconvert(), "y"_a.noconvert(), Released());
    m.def("mse_backward", mse_backward, "grad_y"_a.noconvert(), "x"_a.noconvert(), "targets"_a.noconvert(),
          "grad_x"_a.noconvert(), Released());
    m.def("huber_forward", huber_forward, "x"_a.noconvert(), "targets"_a.noconvert(), "y"_a.noconvert(), "delta"_a,
          Released());
    m.def("huber_backward", huber_backward, "grad_y"_a.noconvert(), "x"_a.noconvert(), "targets"_a.noconvert(),
          "grad_x"_a.noconvert(), "delta"_a, Released());
    m.def("bce_with_logits_forward", bce_with_logits_forward, "logits"_a.noconvert(), "targets"_a.noconvert(),
          "pos_weight"_a.noconvert().none(), "y"_a.noconvert(), Released());
    m.def("bce_with_logits_backward", bce_with_logits_backward, "grad_y"_a.noconvert(), "logits"_a.noconvert(),
          "targets"_a.noconvert(), "pos_weight"_a.noconvert().none(), "grad_logits"_a.noconvert(), Released());
}

}  // namespace pellucid
