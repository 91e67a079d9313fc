// Twins of ops/loss.py.
#include "kernels.hpp"
#include "softmax.hpp"

PELLUCID_OPEN

void cross_entropy_forward(const float* logits, const int64_t* labels, const float* targets, float* log_p, float* y,
                           long N, long K) {
    for_columns(N, K, [=](long n, long count, Columns p, Columns t) {
        p.read(logits + n * K, count);
        log_softmax_columns(p);
        p.write(log_p + n * K, count);
        if (labels) {
            for (long i = 0; i < count; i++) y[n + i] = -p.data[labels[n + i] * WIDTH + i];
            return;
        }
        t.read(targets + n * K, count);
        // A target of 0 says nothing, even where log p is -inf.
        store_part(y + n, -sum_columns(K, [=](long k) { return t[k] == 0.0f ? zero() : t[k] * p[k]; }), count);
    });
}

void cross_entropy_backward(const float* grad_y, const float* log_p, const int64_t* labels, const float* targets,
                            float* grad_logits, long N, long K) {
    for_columns(N, K, [=](long n, long count, Columns p, Columns t) {
        const vf g = load_part(grad_y + n, count);
        p.read(log_p + n * K, count);
        for (long k = 0; k < K; k++) p.set(k, exp(p[k]));
        if (labels) {
            for (long i = 0; i < count; i++) p.data[labels[n + i] * WIDTH + i] -= 1.0f;
            for (long k = 0; k < K; k++) p.set(k, p[k] * g);
        } else {
            t.read(targets + n * K, count);
            const vf sum = sum_columns(K, [=](long k) { return t[k]; });
            for (long k = 0; k < K; k++) p.set(k, (p[k] * sum - t[k]) * g);
        }
        p.write(grad_logits + n * K, count);
    });
}

PELLUCID_CLOSE
