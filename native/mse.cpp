// Twins of ops/mse.py.
#include "kernels.hpp"
#include "sums.hpp"

PELLUCID_OPEN

void mse_forward(const float* x, const float* targets, float* y, long N, long M) {
    for_each_row(N, M, [=](long n) {
        y[n] = (float)(sum_of(n * M, (n + 1) * M, [=](Lanes at) {
            const vf d = at.load(x) - at.load(targets);
            return d * d;
        }) / (double)M);
    });
}

void mse_backward(const float* grad_y, const float* x, const float* targets, float* grad_x, long N, long M) {
    for_each_row(N, M, [=](long n) {
        const float share = 2.0f * (grad_y[n] / (float)M);
        for_each_in(n * M, (n + 1) * M, [=](Lanes at) { at.store(grad_x, (at.load(x) - at.load(targets)) * share); });
    });
}

PELLUCID_CLOSE
