// Twins of ops/huber.py.  Comparisons with nan are false: it passes.
#include "kernels.hpp"
#include "mathematics.hpp"
#include "sums.hpp"

PELLUCID_OPEN

void huber_forward(const float* x, const float* targets, float* y, float delta, long N, long M) {
    for_each_row(N, M, [=](long n) {
        y[n] = (float)(sum_of(n * M, (n + 1) * M, [=](Lanes at) {
            const vf size = magnitude(at.load(x) - at.load(targets)), near = size > delta ? splat(delta) : size;
            return near * (size - 0.5f * near);
        }) / (double)M);
    });
}

void huber_backward(const float* grad_y, const float* x, const float* targets, float* grad_x, float delta, long N, long M) {
    for_each_row(N, M, [=](long n) {
        const float share = grad_y[n] / (float)M;
        for_each_in(n * M, (n + 1) * M, [=](Lanes at) {
            vf d = at.load(x) - at.load(targets);
            d = d > delta ? splat(delta) : d;
            d = d < -delta ? splat(-delta) : d;
            at.store(grad_x, d * share);
        });
    });
}

PELLUCID_CLOSE
