// Twins of ops/layer_norm.py: rows of M numbers.
#include "kernels.hpp"
#include "sums.hpp"

PELLUCID_OPEN

namespace {

constexpr long COLUMNS = 64;  // whose gradients a thread sums together

// Where a row's weights lie, as if it were row 0.
INLINE vf weights_at(const float* weights, Lanes at, long before, float without) {
    return weights ? Lanes{at.first - before, at.count}.load(weights) : splat(without);
}

// grad_weight and grad_bias: each column sums its rows in order.
void sum_columns_of(const float* grad_y, const float* x, const double* statistics, float* grad_weight,
                    float* grad_bias, long N, long M) {
    const long blocks = (M + COLUMNS - 1) / COLUMNS;
    parallel_for(blocks, [=](long block) {
        const long begin = block * COLUMNS, end = min(M, begin + COLUMNS);
        double products[COLUMNS] = {}, sums[COLUMNS] = {};
        for (long n = 0; n < N; n++) {
            const Twofold mean(statistics[2 * n]);
            const float scale = (float)statistics[2 * n + 1];
            for_each_in(n * M + begin, n * M + end, [&](Lanes at) {
                const vf g = at.load(grad_y), value = mean.from(at.load(x)) * scale;
                const long column = at.first - n * M - begin;
                // Lanes behind the last column hold no more than they did: there g is 0.
                add_lanes(products + column, at.count == WIDTH ? g * value : first_lanes_of(g * value, at.count));
                add_lanes(sums + column, g);
            });
        }
        for (long column = begin; column < end; column++) {
            if (grad_weight) grad_weight[column] = (float)products[column - begin];
            if (grad_bias) grad_bias[column] = (float)sums[column - begin];
        }
    });
}

}  // namespace

void layer_norm_forward(const float* x, const float* weight, const float* bias, float* y, double* statistics, double eps,
                        long N, long M) {
    for_each_row(N, M, [=](long n) {
        const long begin = n * M, end = begin + M;
        const double average = sum_of(begin, end, [=](Lanes at) { return at.load(x); }) / (double)M;
        const Twofold mean(average);
        const double variance = sum_of(begin, end, [=](Lanes at) {
            const vf d = mean.from(at.load(x));
            return d * d;
        }) / (double)M;
        statistics[2 * n] = average;
        statistics[2 * n + 1] = 1.0 / __builtin_sqrt(variance + eps);
        const float scale = (float)statistics[2 * n + 1];
        for_each_in(begin, end, [=](Lanes at) {
            const vf value = mean.from(at.load(x)) * scale;
            at.store(y, value * weights_at(weight, at, begin, 1.0f) + weights_at(bias, at, begin, 0.0f));
        });
    });
}

void layer_norm_backward(const float* grad_y, const float* x, const float* weight, const double* statistics,
                         float* grad_x, float* grad_weight, float* grad_bias, long N, long M) {
    if (grad_weight || grad_bias) sum_columns_of(grad_y, x, statistics, grad_weight, grad_bias, N, M);
    if (!grad_x) return;
    for_each_row(N, M, [=](long n) {
        const long begin = n * M, end = begin + M;
        const Twofold mean(statistics[2 * n]);
        const float scale = (float)statistics[2 * n + 1];
        auto weighted = [=](Lanes at) { return at.load(grad_y) * weights_at(weight, at, begin, 1.0f); };
        auto value = [=](Lanes at) { return mean.from(at.load(x)) * scale; };
        const float level = (float)(sum_of(begin, end, weighted) / (double)M);
        const float slope = (float)(sum_of(begin, end, [=](Lanes at) { return weighted(at) * value(at); }) / (double)M);
        for_each_in(begin, end, [=](Lanes at) { at.store(grad_x, (weighted(at) - level - value(at) * slope) * scale); });
    });
}

PELLUCID_CLOSE
