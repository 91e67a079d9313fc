// Twins of ops/bce_with_logits.py.
#include "kernels.hpp"
#include "mathematics.hpp"
#include "sums.hpp"

PELLUCID_OPEN

namespace {

// A sample's entries of pos_weight lie where those of sample 0 would.
struct Weights {
    const float* pos_weight;
    long before;

    INLINE_MEMBER vf of(Lanes at) const {
        return pos_weight ? Lanes{at.first - before, at.count}.load(pos_weight) : splat(1.0f);
    }
};

}  // namespace

void bce_with_logits_forward(const float* logits, const float* targets, const float* pos_weight, float* y, long N,
                             long M) {
    for_each_row(N, M, [=](long n) {
        const Weights weights{pos_weight, n * M};
        y[n] = (float)(sum_of(n * M, (n + 1) * M, [=](Lanes at) {
            const vf x = at.load(logits), t = at.load(targets), rest = log1p(exp(-magnitude(x)));
            const vf below = x > 0.0f ? zero() : x, above = x < 0.0f ? zero() : x;
            return t * weights.of(at) * (rest - below) + (1.0f - t) * (rest + above);
        }) / (double)M);
    });
}

void bce_with_logits_backward(const float* grad_y, const float* logits, const float* targets, const float* pos_weight,
                              float* grad_logits, long N, long M) {
    for_each_row(N, M, [=](long n) {
        const Weights weights{pos_weight, n * M};
        const float share = grad_y[n] / (float)M;
        for_each_in(n * M, (n + 1) * M, [=](Lanes at) {
            const vf x = at.load(logits), t = at.load(targets);
            const vf yes = t * weights.of(at) * logistic(-x), no = (1.0f - t) * logistic(x);
            at.store(grad_logits, (no - yes) * share);
        });
    });
}

PELLUCID_CLOSE
