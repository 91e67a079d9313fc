// Twins of ops/loss.py.
#include "kernels.hpp"
#include "softmax.hpp"

PELLUCID_OPEN

void cross_entropy_forward(const float* logits, const int64_t* labels, const float* targets, float* log_p, float* y,
                           long N, long K) {
    for_rows(N, K, [=](long begin, long end) {
        for (long n = begin; n < end; n++) {
            float* row = log_p + n * K;
            log_softmax_row(logits + n * K, row, K);
            if (labels) {
                y[n] = -row[labels[n]];
                continue;
            }
            const float* target = targets + n * K;
            y[n] = -sum_row(K, [=](Lanes at) {
                vf share = at.load(target);
                return share == 0.0f ? zero() : share * at.load(row);
            });
        }
    });
}

void cross_entropy_backward(const float* grad_y, const float* log_p, const int64_t* labels, const float* targets,
                            float* grad_logits, long N, long K) {
    for_rows(N, K, [=](long begin, long end) {
        for (long n = begin; n < end; n++) {
            const float *row = log_p + n * K, g = grad_y[n];
            float* grad = grad_logits + n * K;
            if (labels) {
                const long label = labels[n];
                for_each_in(0, K, [=](Lanes at) {
                    at.store(grad, (exp(at.load(row)) - (at.is(label) ? splat(1.0f) : zero())) * g);
                });
                continue;
            }
            const float* target = targets + n * K;
            const float sum = sum_row(K, [=](Lanes at) { return at.load(target); });
            for_each_in(0, K, [=](Lanes at) { at.store(grad, (exp(at.load(row)) * sum - at.load(target)) * g); });
        }
    });
}

PELLUCID_CLOSE
