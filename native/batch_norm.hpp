// What the kernels of batch-norm share: sums of each channel, and what they make of its values.
//
// Lanes are channels.  Rows go in blocks of 64: within a block sums are float, in four chains (row 0, 4, ...; row 1, 5,
// ...), and blocks are added up in double.  So the rounding is that of 16 numbers, whatever the size of the batch.
#pragma once
#include "kernels.hpp"
#include "parallel.hpp"
#include "simd.hpp"

PELLUCID_OPEN

constexpr long NORM_BLOCK = 64;  // rows

// Two sums for each lane, each in four chains.
struct Pairs {
    vf first[4], second[4];

    INLINE_MEMBER void clear() {
        for (int i = 0; i < 4; i++) first[i] = second[i] = zero();
    }
    INLINE_MEMBER vf first_sum() const { return (first[0] + first[1]) + (first[2] + first[3]); }
    INLINE_MEMBER vf second_sum() const { return (second[0] + second[1]) + (second[2] + second[3]); }
};

// Four rows at a time, so that the chains are in registers: f(row, chain).
template <class F>
INLINE void for_chains(long rows, F f) {
    long r = 0;
    for (; r + 4 <= rows; r += 4) {
        f(r, 0);
        f(r + 1, 1);
        f(r + 2, 2);
        f(r + 3, 3);
    }
    if (r < rows) f(r, 0);
    if (r + 1 < rows) f(r + 1, 1);
    if (r + 2 < rows) f(r + 2, 2);
}

// Adds the sums and the sums of squares of `rows` rows of C channels, `step` apart, to those of each channel.
// Within a block they are taken of the distance from its first row: what is large and common does not round.
INLINE void add_moments(const float* x, long rows, long C, long step, double* sums, double* squares) {
    for (long begin = 0; begin < rows; begin += NORM_BLOCK) {
        const long count = min(NORM_BLOCK, rows - begin);
        for (long c = 0; c < C; c += WIDTH) {
            const long lanes = min(WIDTH, C - c);
            const float* at = x + begin * step + c;
            const vf origin = load_lanes(at, lanes);
            Pairs pairs;
            pairs.clear();
            for_chains(count, [&](long r, int chain) {
                const vf away = load_lanes(at + r * step, lanes) - origin;
                pairs.first[chain] += away;
                pairs.second[chain] = madd(away, away, pairs.second[chain]);
            });
            const vf sum = pairs.first_sum(), square = pairs.second_sum();
            for (long i = 0; i < lanes; i++) {
                const double k = origin[i], s = sum[i];
                sums[c + i] += (double)count * k + s;
                squares[c + i] += (double)square[i] + 2 * k * s + (double)count * (k * k);
            }
        }
    }
}

// What a channel's values become.  centre is the mean, and what is lost when it becomes a float goes into the rest:
//     y = (x - centre) * scale + shift           grad_x = g * scale + (x - centre) * slope + level
struct Normal {
    float *centre, *scale, *shift, *slope, *level;

    static INLINE_MEMBER Normal in(Scratch which, long C) {
        const long step = round_up(C, 16);
        float* memory = scratch(which, 5 * step);
        return {memory, memory + step, memory + 2 * step, memory + 3 * step, memory + 4 * step};
    }
    INLINE_MEMBER void set(long C, const double* statistics, const float* weight, const float* bias, double eps) const {
        for (long c = 0; c < C; c++) {
            const double mean = statistics[c];
            const double factor = (weight ? weight[c] : 1.0) / __builtin_sqrt(statistics[C + c] + eps);
            centre[c] = (float)mean;
            scale[c] = (float)factor;
            shift[c] = (float)((bias ? bias[c] : 0.0) - (mean - (double)centre[c]) * factor);
        }
    }
    // From the sums of g and of g * (x - centre) over `count` values; also the gradients of weight and bias.
    INLINE_MEMBER void set_gradient(long C, const double* statistics, const float* weight, double eps, double count,
                                    bool given, const double* sum_g, const double* sum_gx, float* grad_weight,
                                    float* grad_bias) const {
        for (long c = 0; c < C; c++) {
            const double mean = statistics[c], off = mean - (double)(float)mean;
            const double inverse = 1.0 / __builtin_sqrt(statistics[C + c] + eps);
            const double factor = (weight ? weight[c] : 1.0) * inverse;
            const double of_weight = (sum_gx[c] - off * sum_g[c]) * inverse;
            if (grad_weight) grad_weight[c] = (float)of_weight;
            if (grad_bias) grad_bias[c] = (float)sum_g[c];
            const double steep = given ? 0.0 : -factor * inverse * of_weight / count;
            slope[c] = (float)steep;
            level[c] = given ? 0.0f : (float)(-factor * sum_g[c] / count - steep * off);
        }
    }
};

// Sums over the batch run over min(N, 8) shards of samples, which are added in order.
constexpr long NORM_SHARDS = 8;
INLINE long norm_shards(long N) { return min(N, NORM_SHARDS); }

// `vectors` vectors of C doubles of each shard become those of the first.
INLINE void add_double_shards(double* sums, long shards, long floats) {
    for (long shard = 1; shard < shards; shard++)
        for (long i = 0; i < floats; i++) sums[i] += sums[shard * floats + i];
}

// The statistics of `count` values from their sums.
INLINE void settle_statistics(const double* sums, const double* squares, long C, double count, double* statistics) {
    for (long c = 0; c < C; c++) {
        const double mean = sums[c] / count, var = squares[c] / count - mean * mean;
        statistics[c] = mean;
        statistics[C + c] = var < 0 ? 0.0 : var;  // nan stays
    }
}

PELLUCID_CLOSE
