// Twins of src/pellucid/optim: one pass over the flat vectors.  Products and sums are rounded one by one, in the order
// of the references, so both give the same parameters to the bit.
#include "elementwise.hpp"
#include "kernels.hpp"
#include "mathematics.hpp"

PELLUCID_OPEN

void sgd_update(const float* grad, float* data, float* velocity, float rate, float momentum, float fresh, float ahead,
                float decay, long n) {
    for_each(n, [=](Lanes at) {
        vf p = at.load(data), g = at.load(grad);
        if (decay != 0.0f) g = p * decay + g;
        if (!velocity) {
            at.store(data, p - g * rate);
            return;
        }
        vf v = at.load(velocity) * momentum + g * fresh;
        at.store(velocity, v);
        at.store(data, ahead != 0.0f ? p - g * rate - v * ahead : p - v * rate);
    });
}

void adam_update(const float* grad, float* data, float* m, float* v, float* largest, float beta1, float beta2,
                 float rest1, float rest2, float rate, float corrected, float eps, float decay, float kept, long n) {
    for_each(n, [=](Lanes at) {
        vf p = at.load(data), g = at.load(grad);
        if (decay != 0.0f) g = p * decay + g;
        p *= kept;
        vf mean = at.load(m) * beta1 + g * rest1, square = at.load(v) * beta2 + g * g * rest2;
        at.store(m, mean);
        at.store(v, square);
        if (largest) {
            vf most = at.load(largest);
            square = most >= square ? most : square;  // a nan in square passes
            at.store(largest, square);
        }
        at.store(data, p - mean / (root(square) * corrected + eps) * rate);
    });
}

void average_update(const float* values, float* average, float rate, long n) {
    for_each(n, [=](Lanes at) {
        vf mean = at.load(average);
        at.store(average, mean + (at.load(values) - mean) * rate);
    });
}

void clip_values(float* values, float largest, long n) {
    for_each(n, [=](Lanes at) {
        vf v = at.load(values);  // comparisons with nan are false, so it stays
        v = v > largest ? splat(largest) : v;
        at.store(values, v < -largest ? splat(-largest) : v);
    });
}

void rmsprop_update(const float* grad, float* data, float* square, float* mean, float* velocity, float alpha, float rest,
                    float rate, float momentum, float eps, float decay, long n) {
    for_each(n, [=](Lanes at) {
        vf p = at.load(data), g = at.load(grad);
        if (decay != 0.0f) g = p * decay + g;
        vf size = at.load(square) * alpha + g * g * rest;
        at.store(square, size);
        if (mean) {
            vf middle = at.load(mean) * alpha + g * rest;
            at.store(mean, middle);
            size = size - middle * middle;
            size = size < 0.0f ? splat(0.0f) : size;
        }
        vf step = g / (root(size) + eps);
        if (velocity) {
            step = at.load(velocity) * momentum + step;
            at.store(velocity, step);
        }
        at.store(data, p - step * rate);
    });
}

void adagrad_update(const float* grad, float* data, float* total, float rate, float eps, float decay, long n) {
    for_each(n, [=](Lanes at) {
        vf p = at.load(data), g = at.load(grad);
        if (decay != 0.0f) g = p * decay + g;
        vf sum = at.load(total) + g * g;
        at.store(total, sum);
        at.store(data, p - g / (root(sum) + eps) * rate);
    });
}

void scale(float* values, float factor, long n) {
    for_each(n, [=](Lanes at) { at.store(values, at.load(values) * factor); });
}

namespace {

constexpr long BLOCK = 4096, CHAINS = 16, HALF = WIDTH / 2;

typedef float vf_half __attribute__((vector_size(HALF * 4)));
typedef double vd __attribute__((vector_size(HALF * 8)));

// In sixteen chains whatever the width of a vector, which are added in pairs.  A product of two floats is exact here.
INLINE double squares_of_block(const float* values, long count) {
    vd sums[CHAINS / HALF] = {};
    for (long i = 0; i < count; i += CHAINS)
        for (long part = 0; part < CHAINS; part += HALF) {
            vf_half some = {};
            const long there = min(HALF, count - i - part);
            if (there == HALF) memcpy(&some, values + i + part, sizeof some);
            else if (there > 0) memcpy(&some, values + i + part, there * sizeof(float));
            vd value = __builtin_convertvector(some, vd);
            sums[part / HALF] += value * value;
        }
    double chains[CHAINS];
    memcpy(chains, sums, sizeof chains);
    for (long half = CHAINS / 2; half; half /= 2)
        for (long i = 0; i < half; i++) chains[i] += chains[i + half];
    return chains[0];
}

}  // namespace

void sum_of_squares(const float* values, double* sum, long n) {
    const long blocks = (n + BLOCK - 1) / BLOCK;
    double* sums = (double*)scratch(SHARDS, 2 * blocks);
    constexpr long at_once = PIECE / BLOCK;
    parallel_for((blocks + at_once - 1) / at_once, [=](long piece) {
        for (long b = piece * at_once; b < min(blocks, (piece + 1) * at_once); b++)
            sums[b] = squares_of_block(values + b * BLOCK, min(BLOCK, n - b * BLOCK));
    });
    *sum = 0;
    for (long b = 0; b < blocks; b++) *sum += sums[b];
}

// A number minus itself is 0, and nan of what is not finite.
void not_finite(const float* values, double* found, long n) {
    const long pieces = (n + PIECE - 1) / PIECE;
    float* sums = scratch(SHARDS, pieces);
    parallel_for(pieces, [=](long i) {
        vf sum = zero();
        for_each_in(i * n / pieces, (i + 1) * n / pieces, [&](Lanes at) {
            vf v = at.load(values);
            sum += v - v;
        });
        float lanes[WIDTH], total = 0.0f;
        store(lanes, sum);
        for (float lane : lanes) total += lane;
        sums[i] = total;
    });
    *found = 0;
    for (long i = 0; i < pieces; i++)
        if (sums[i] != 0.0f) *found = 1;  // as nan is
}

PELLUCID_CLOSE
