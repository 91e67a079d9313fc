// Twins of ops/softmax.py.
#include "softmax.hpp"

#include "kernels.hpp"

PELLUCID_OPEN

void softmax_forward(const float* all_x, float* all_y, long N, long K) {
    for_rows(N, K, [=](long begin, long end) {
        for (long n = begin; n < end; n++) {
            const float* x = all_x + n * K;
            float* y = all_y + n * K;
            const float top = largest(x, K);
            const float sum = sum_row(K, [=](Lanes at) {
                vf power = exp_inside(at, at.load(x) - top);
                at.store(y, power);
                return power;
            });
            for_each_in(0, K, [=](Lanes at) { at.store(y, at.load(y) / sum); });
        }
    });
}

void softmax_backward(const float* all_grad_y, const float* all_y, float* all_grad_x, long N, long K) {
    for_rows(N, K, [=](long begin, long end) {
        for (long n = begin; n < end; n++) {
            const float *grad_y = all_grad_y + n * K, *y = all_y + n * K;
            float* grad_x = all_grad_x + n * K;
            const float sum = sum_row(K, [=](Lanes at) { return at.load(grad_y) * at.load(y); });
            for_each_in(0, K, [=](Lanes at) { at.store(grad_x, at.load(y) * (at.load(grad_y) - sum)); });
        }
    });
}

void log_softmax_forward(const float* x, float* y, long N, long K) {
    for_rows(N, K, [=](long begin, long end) {
        for (long n = begin; n < end; n++) log_softmax_row(x + n * K, y + n * K, K);
    });
}

void log_softmax_backward(const float* all_grad_y, const float* all_y, float* all_grad_x, long N, long K) {
    for_rows(N, K, [=](long begin, long end) {
        for (long n = begin; n < end; n++) {
            const float *grad_y = all_grad_y + n * K, *y = all_y + n * K;
            float* grad_x = all_grad_x + n * K;
            const float sum = sum_row(K, [=](Lanes at) { return at.load(grad_y); });
            for_each_in(0, K, [=](Lanes at) { at.store(grad_x, at.load(grad_y) - exp(at.load(y)) * sum); });
        }
    });
}

PELLUCID_CLOSE
