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

}  // namespace

void bind_loss(nb::module_& m) {
    m.def("cross_entropy_forward", cross_entropy_forward, "logits"_a.noconvert(), "labels"_a.noconvert().none(),
          "targets"_a.noconvert().none(), "log_p"_a.noconvert(), "y"_a.noconvert(), Released());
    m.def("cross_entropy_backward", cross_entropy_backward, "grad_y"_a.noconvert(), "log_p"_a.noconvert(),
          "labels"_a.noconvert().none(), "targets"_a.noconvert().none(), "grad_logits"_a.noconvert(), Released());
}

}  // namespace pellucid
