// Twins of ops/softmax.py.
#include "softmax.hpp"

#include "kernels.hpp"

PELLUCID_OPEN

void softmax_forward(const float* x, float* y, long N, long K) {
    for_columns(N, K, [=](long n, long count, Columns p, Columns) {
        p.read(x + n * K, count);
        const vf top = largest(p);
        const vf sum = sum_columns(K, [=](long k) {
            vf power = exp(p[k] - top);
            p.set(k, power);
            return power;
        });
        for (long k = 0; k < K; k++) p.set(k, p[k] / sum);
        p.write(y + n * K, count);
    });
}

void softmax_backward(const float* grad_y, const float* y, float* grad_x, long N, long K) {
    for_columns(N, K, [=](long n, long count, Columns p, Columns g) {
        p.read(y + n * K, count);
        g.read(grad_y + n * K, count);
        const vf sum = sum_columns(K, [=](long k) { return g[k] * p[k]; });
        for (long k = 0; k < K; k++) g.set(k, p[k] * (g[k] - sum));
        g.write(grad_x + n * K, count);
    });
}

void log_softmax_forward(const float* x, float* y, long N, long K) {
    for_columns(N, K, [=](long n, long count, Columns log_p, Columns) {
        log_p.read(x + n * K, count);
        log_softmax_columns(log_p);
        log_p.write(y + n * K, count);
    });
}

void log_softmax_backward(const float* grad_y, const float* y, float* grad_x, long N, long K) {
    for_columns(N, K, [=](long n, long count, Columns log_p, Columns g) {
        log_p.read(y + n * K, count);
        g.read(grad_y + n * K, count);
        const vf sum = sum_columns(K, [=](long k) { return g[k]; });
        for (long k = 0; k < K; k++) g.set(k, g[k] - exp(log_p[k]) * sum);
        g.write(grad_x + n * K, count);
    });
}

PELLUCID_CLOSE
